// Draw your own: the drawing in the form of the data, its code on the map, its reconstruction and the error among those of
// test images, all computed here while the learner draws. `spec` is written by draw.py; `data` (deflated) are the weights,
// the points of the map with their labels, and the test images to choose from.
//
// In JupyterLab anywidget calls `render`. A page without a kernel (an exported notebook) calls `mount` itself.
import { DAMAGE } from "./pad/damage.js";
import { WIDE, board } from "./pad/board.js";
import { model } from "./pad/model.js";
import { normalize } from "./pad/normalize.js";
import { placeOnMap } from "./pad/place.js";
import { said, spread } from "./pad/spread.js";
import { inflate, unpack } from "./parts/bytes.js";
import { button, slider } from "./parts/controls.js";
import { h } from "./parts/dom.js";
import { picture, toPixels } from "./parts/pictures.js";

const BETWEEN = 7; // pictures from the drawing that was kept to the one on the board
const TURN = 15; // degrees
const BOARD = 0; // the control that says what is on the board: 0 the learner's own, then the test images

export default { render };

/** @param {{model: any, el: HTMLElement}} widget */
function render({ model, el }) {
  const panel = mount(el, { spec: model.get("spec"), data: model.get("data") });
  return () => panel.then((end) => end());
}

/** Builds the panel inside `root`; the function that ends it. @param {HTMLElement} root @param {{spec: any, data: Uint8Array}} state */
export async function mount(root, { spec, data }) {
  const { side } = spec.form;
  const { weights, points, labels, images } = parts(spec, await inflate(data));
  const net = model(spec.plan, weights, BETWEEN);
  const damage = DAMAGE[spec.damage](side);
  const map = spec.map && placeOnMap(spec.map, points, labels, spec.plan.variational);
  const errors = spread();
  const sheets = spec.pictures.map((/** @type {string} */ caption) => picture(caption, { size: [side, side, 1], scale: 140 / side }));
  const row = picture("from the drawing that you kept to this one", { size: [side, side * BETWEEN, 1], scale: 60 / side });
  const verdict = h("output", { class: "verdict" });

  let values = spec.controls.map((/** @type {any} */ control) => control.start);
  const settings = () => Object.fromEntries(spec.controls.map((/** @type {any} */ { key }, /** @type {number} */ k) => [key, values[k]]));
  /** @type {Float64Array | null} */
  let kept = null;
  let [waiting, drawings] = [0, 0];

  const look = () => {
    waiting = 0;
    const x = drawn();
    const { input, shown, answer } = damage(x, settings());
    const { code, deviations } = net.encode(input);
    const y = answer(net.decode(code));
    const error = y.reduce((sum, value, k) => sum + (value - x[k]) ** 2, 0);
    const quantiles = spec.errors[spec.damage === "noise" ? Math.round(settings().noise * (spec.errors.length - 1)) : 0];
    [shown, y].forEach((values, k) => sheets[k].paint(toPixels(values, [side, side, 1]), 0));
    verdict.textContent = said(error, quantiles);
    errors.draw(error, quantiles, verdict.textContent);
    map?.draw(code, deviations, kept);
    if (kept) row.paint(toPixels(between(net.decode(way(kept, code), BETWEEN), side), [side, side * BETWEEN, 1]), 0);
    root.dataset.drawings = String(++drawings);
  };
  const later = () => {
    waiting ||= requestAnimationFrame(look);
  };

  const pad = board(side, later);
  const drawn = () => pad.image() ?? normalize(pad.ink(), WIDE, spec.form);
  const set = (/** @type {Record<number, number>} */ changes) => {
    values = values.map((/** @type {number} */ value, /** @type {number} */ k) => changes[k] ?? value);
    for (const one of sliders) one.show(values);
    if (BOARD in changes) choose(changes[BOARD]);
    later();
  };
  const sliders = spec.controls.map((/** @type {any} */ control, /** @type {number} */ k) => slider(control, k, set, () => {}));
  const choose = (/** @type {number} */ k) => (k ? pad.put(images[k - 1]) : pad.clear());
  const eraser = button("Eraser", () => {
    const on = eraser.getAttribute("aria-pressed") !== "true";
    eraser.setAttribute("aria-pressed", String(on));
    pad.erase(on);
  });
  eraser.setAttribute("aria-pressed", "false");
  const keep = button("Keep", () => {
    kept = net.encode(damage(drawn(), settings()).input).code;
    row.element.hidden = false;
    later();
  });
  keep.title = "keeps this drawing, to see the pictures between it and the next one";
  row.element.hidden = true;
  const tools = [button("Clear", () => set({ [BOARD]: 0 })), button("Undo", pad.undo), eraser, button("Turn", () => pad.turn(TURN)), button("Mirror", pad.mirror)];

  root.classList.add("aeutils-panel", "draw");
  root.replaceChildren(
    h("div", { class: "title" }, spec.title),
    h("div", { class: "buttons" }, spec.map ? [...tools, keep] : tools),
    h("div", { class: "sliders" }, sliders.map((/** @type {any} */ one) => one.element)),
    h("div", { class: "stage" }, [
      pad.element,
      h("div", { class: "answers" }, [h("div", { class: "pictures" }, sheets.map((/** @type {any} */ one) => one.element)), verdict, errors.element]),
      map?.element ?? "",
    ]),
    row.element,
  );
  const theme = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("change", later);
  set({ [BOARD]: values[BOARD] });
  return () => {
    theme.removeEventListener("change", later);
    cancelAnimationFrame(waiting);
  };
}

/** The parts of the data. @param {any} spec @param {Uint8Array} bytes */
function parts({ runs, counts: [points, images], form: { side } }, bytes) {
  const { values, used } = unpack(bytes, runs);
  let at = used;
  const take = (/** @type {number} */ count) => bytes.subarray(at, (at += count));
  return {
    weights: values,
    points: take(2 * points),
    labels: take(points),
    images: Array.from({ length: images }, () => Float64Array.from(take(side * side), (v) => v / 255)),
  };
}

/** Codes on the straight way from one to the other. @param {Float64Array} from @param {Float64Array} to */
function way(from, to) {
  const codes = new Float64Array(BETWEEN * from.length);
  for (let k = 0; k < BETWEEN; k++) codes.set(from.map((v, j) => v + ((to[j] - v) * k) / (BETWEEN - 1)), k * from.length);
  return codes;
}

/** Images one after the other -> beside each other. @param {Float64Array} images @param {number} side */
function between(images, side) {
  const wide = side * BETWEEN;
  return images.map((_, p) => images[Math.floor((p % wide) / side) * side * side + Math.floor(p / wide) * side + (p % side)]);
}
