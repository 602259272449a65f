// Training in the page: play, pause, step, start again, at any speed, with settings that act meanwhile; what the network
// makes of the data moves along. `spec` is written by train.py, `data` (deflated) are training samples, test samples and
// the test samples' labels. A worker trains, so that the page never stalls.
//
// In JupyterLab anywidget calls `render`. A page without a kernel (an exported notebook) calls `mount` itself.
import { codeMap } from "./live/codes.js";
import { lossCurve } from "./live/curve.js";
import { digits } from "./live/digits.js";
import { plane } from "./live/plane.js";
import { inflate } from "./parts/bytes.js";
import { button, slider } from "./parts/controls.js";
import { h } from "./parts/dom.js";

export default { render };

/** @param {{model: any, el: HTMLElement}} widget */
function render({ model, el }) {
  const panel = mount(el, { spec: model.get("spec"), data: model.get("data") });
  return () => panel.then((end) => end());
}

/** Builds the panel inside `root`; the function that ends it. @param {HTMLElement} root @param {{spec: any, data: Uint8Array}} state */
export async function mount(root, { spec, data }) {
  const { train, test, labels } = samples(spec, await inflate(data));
  const worker = begin(spec.worker);
  const map = codeMap(spec.plan, labels);
  const picture = spec.plan.plane ? plane(spec.plan, test, map) : digits(spec.plan);
  const curve = lossCurve(spec.unit);
  const status = h("output", { class: "progress" });

  let values = spec.controls.map((/** @type {any} */ control) => control.start);
  const settings = () => Object.fromEntries(spec.controls.map((/** @type {any} */ { key, stops }, /** @type {number} */ k) => [key, stops ? stops[values[k]] : values[k]]));
  const send = (/** @type {string} */ act, more = {}) => worker.postMessage({ act, ...more });
  const tell = () => {
    const { speed, ...others } = settings();
    send("set", { settings: others, speed });
  };
  const sliders = spec.controls.map((/** @type {any} */ control, /** @type {number} */ k) => {
    const set = (/** @type {Record<number, number>} */ changes) => {
      values = values.map((/** @type {number} */ value, /** @type {number} */ j) => changes[j] ?? value);
      one.show(values);
      tell();
    };
    const one = slider(control, k, set, () => {});
    one.show(values);
    return one.element;
  });

  let playing = false;
  const play = button("Play", () => turn(!playing));
  const turn = (/** @type {boolean} */ on) => {
    playing = on;
    play.textContent = on ? "Pause" : "Play";
    send(on ? "play" : "pause");
  };
  const step = button("Step", () => {
    if (playing) turn(false);
    send("step");
  });
  const again = button("Start again", () => send("reset"));

  /** @type {any} */
  let view = null;
  const draw = () => {
    if (!view) return;
    curve.draw();
    picture.draw(view);
    map.draw(view.codes, view.answers, settings().bottleneck);
  };
  worker.onmessage = (/** @type {any} */ { data: news }) => {
    if (news.restarted) curve.clear();
    curve.add(news.losses);
    view = news.view;
    requestAnimationFrame(() => {
      draw();
      status.textContent = progress(news, curve.last(), spec);
      root.dataset.steps = news.steps;
      root.dataset.perSecond = Math.round(news.perSecond).toString();
      send("seen");
    });
  };

  root.classList.add("aeutils-panel", "train");
  root.replaceChildren(
    h("div", { class: "title" }, spec.title),
    h("div", { class: "buttons" }, [play, step, again, status]),
    h("div", { class: "sliders" }, sliders),
    h("div", { class: "stage" }, [picture.element, map.element, curve.element]),
  );
  worker.onerror = (/** @type {any} */ { message }) => {
    status.textContent = `Training has stopped: ${message || "this page lets no worker run"}`;
  };
  const theme = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("change", draw);
  const { speed, ...others } = settings();
  send("start", { plan: spec.plan, train, test, settings: others });
  tell();
  return () => {
    theme.removeEventListener("change", draw);
    worker.terminate();
  };
}

/** A worker of this script; where the page may have none, the same in the page. @param {string} source @returns {any} */
function begin(source) {
  try {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return new Worker(address);
  } catch {
    /** @type {any} */
    const inner = { postMessage: (/** @type {any} */ data) => outer.onmessage({ data }) };
    /** @type {any} */
    const outer = { postMessage: (/** @type {any} */ data) => setTimeout(() => inner.onmessage({ data })), terminate() {} };
    new Function("self", source)(inner);
    return outer;
  }
}

/** @param {any} spec @param {Uint8Array} bytes */
function samples({ plan: { inputs, plane }, counts: [trained, tested] }, bytes) {
  const width = plane ? 4 : 1;
  const part = (/** @type {number} */ from, /** @type {number} */ count) => bytes.slice(from * inputs * width, (from + count) * inputs * width);
  const numbers = (/** @type {Uint8Array} */ some) => (plane ? Float64Array.from(new Float32Array(some.buffer)) : Float64Array.from(some, (v) => v / 255));
  return {
    train: numbers(part(0, trained)),
    test: numbers(part(trained, tested)),
    labels: bytes.slice((trained + tested) * inputs * width),
  };
}

/** @param {any} news @param {number | undefined} error @param {any} spec */
function progress({ steps, epoch, perSecond }, error, { samples }) {
  const parts = [`step ${steps.toLocaleString("en")}`, `epoch ${epoch.toFixed(1)}`];
  if (error !== undefined) parts.push(`error ${Number(error.toPrecision(3))}`);
  if (perSecond) parts.push(`${Number(perSecond.toPrecision(2)).toLocaleString("en")} ${samples} a second`);
  return parts.join(" · ");
}
