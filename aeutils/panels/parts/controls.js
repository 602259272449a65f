// Controls. Each has an element, and shows the values it is told.
import { OURS, h, written } from "./dom.js";

export function slider({ name, low, high, step, names }, k, set, release) {
  const input = h("input", { type: "range", min: low, max: high, step, "aria-label": name, ...OURS });
  const output = h("output");
  input.addEventListener("input", () => set({ [k]: input.valueAsNumber }));
  input.addEventListener("change", release);
  const show = (values) => {
    const text = names?.[values[k]] ?? written(values[k], step);
    input.value = values[k];
    input.setAttribute("aria-valuetext", text);
    output.value = text;
  };
  return { element: h("label", { class: "slider" }, [h("span", {}, name), input, output]), show };
}

export function pad({ pad: { dims, box, label }, controls }, backdrop, set, release) {
  const [x, y] = dims.map((k) => controls[k]);
  const mark = h("div", { class: "mark" });
  const area = h("div", { class: "area", role: "slider", tabindex: 0, "aria-label": label, ...OURS }, mark);
  area.setAttribute("aria-roledescription", "two-dimensional slider");
  ["left", "top", "width", "height"].forEach((side, k) => (area.style[side] = `${100 * box[k]}%`));
  let values;

  const at = (event) => {
    const { left, top, width, height } = area.getBoundingClientRect();
    const [right, up] = [(event.clientX - left) / width, 1 - (event.clientY - top) / height];
    set({ [dims[0]]: x.low + right * (x.high - x.low), [dims[1]]: y.low + up * (y.high - y.low) });
  };
  area.addEventListener("pointerdown", (event) => {
    area.setPointerCapture(event.pointerId);
    at(event);
  });
  area.addEventListener("pointermove", (event) => area.hasPointerCapture(event.pointerId) && at(event));
  area.addEventListener("lostpointercapture", release);
  area.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault(); // the page is not to move, too
    const far = event.shiftKey ? 10 : 1;
    set({ [dims[0]]: values[dims[0]] + far * move[0] * x.step, [dims[1]]: values[dims[1]] + far * move[1] * y.step });
  });
  area.addEventListener("keyup", release);

  const show = (now) => {
    values = now;
    const [right, up] = [x, y].map((c, k) => (100 * (values[dims[k]] - c.low)) / (c.high - c.low));
    mark.style.left = `${right}%`;
    mark.style.bottom = `${up}%`;
    area.setAttribute("aria-valuetext", dims.map((k) => `${controls[k].name} ${written(values[k], controls[k].step)}`).join(", "));
  };
  const image = h("img", { src: backdrop, alt: label, draggable: false });
  return { element: h("div", { class: "pad" }, [image, area]), show };
}

export function button(name, act) {
  const element = h("button", { type: "button", ...OURS }, name);
  element.addEventListener("click", act);
  return element;
}
