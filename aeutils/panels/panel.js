// The course's panels: controls that a learner drags, and pictures that follow.
//
// A panel is described by `spec`, written by panel.py:
//   title     above the panel
//   controls  [{name, low, high, step, names}]: one number each; `names` are the stops of a choice
//   pad       {dims: [i, j], box: [left, top, width, height], label} or null: controls i and j are one point, dragged
//             over the backdrop; the box is the draggable part of it, as fractions
//   source    where pictures come from: {kind: "decoder", layers, half} | {kind: "film"} | {kind: "kernel"}
//   pictures  the captions; each picture is [height, width, channels] = `size`, shown `scale` times as large
// and `data` (deflated): the decoder's weights, or the frames of the film.
//
// In JupyterLab anywidget calls `render`. A page without a kernel (an exported notebook) calls `mount` itself.

import { inflate } from "./parts/bytes.js";
import { pad, slider } from "./parts/controls.js";
import { h } from "./parts/dom.js";
import { picture } from "./parts/pictures.js";
import { SOURCES } from "./parts/sources.js";

export default { render };

function render({ model, el }) {
  const view = Math.random().toString(36); // several views of one widget share its messages
  const state = Object.fromEntries(["spec", "data", "values"].map((name) => [name, model.get(name)]));
  state.backdrop = URL.createObjectURL(new Blob([model.get("backdrop")]));
  const link = {
    ask: (values) => model.send({ view, values }),
    release: (values) => {
      model.set("values", values);
      model.save_changes();
    },
  };
  const panel = mount(el, state, link);
  const follow = async () => (await panel).move(model.get("values"));
  const answer = async (message, buffers) => {
    if (message.view === view) (await panel).answer(message, buffers);
  };
  model.on("change:values", follow);
  model.on("msg:custom", answer);
  return () => {
    model.off("change:values", follow);
    model.off("msg:custom", answer);
    URL.revokeObjectURL(state.backdrop);
  };
}

// Builds the panel inside `root`. `backdrop` is an address; `link` leads to the kernel, null where there is none.
export async function mount(root, { spec, data, backdrop, values }, link = null) {
  const bytes = await inflate(data);
  const pictures = spec.pictures.map((caption) => picture(caption, spec));
  const complaint = h("div", { class: "complaint", role: "status" });
  const paint = (pixels) => pictures.forEach((one, k) => one.paint(pixels, k));
  const source = SOURCES[spec.source.kind](spec, bytes, paint, link);

  const set = (changes) => {
    values = values.map((value, k) => {
      const { low, high } = spec.controls[k];
      return k in changes ? Math.min(high, Math.max(low, changes[k])) : value;
    });
    show();
  };
  const release = () => link?.release(values);
  const controls = spec.controls.map((control, k) => slider(control, k, set, release));
  if (spec.pad) {
    const [i, j] = spec.pad.dims;
    controls[i] = pad(spec, backdrop, set, release);
    controls[j] = null;
  }
  const show = () => {
    controls.forEach((control) => control?.show(values));
    source.draw(values);
  };

  const strip = h("div", { class: "sliders" });
  const stage = h("div", { class: "stage" });
  for (const control of controls) (control?.element.matches(".pad") ? stage : strip).append(control?.element ?? "");
  stage.append(h("div", { class: "pictures" }, pictures.map((one) => one.element)));
  root.classList.add("aeutils-panel");
  root.replaceChildren(
    h("div", { class: "title" }, spec.title),
    ...(spec.pad ? [stage, strip] : [strip, stage]),
    complaint,
  );
  show();

  return {
    move: (wanted) => {
      if (wanted.some((value, k) => value !== values[k])) set({ ...wanted });
    },
    answer: (message, buffers) => {
      complaint.textContent = message.error ?? "";
      source.answer(buffers);
    },
  };
}
