// The course's panels: controls that a learner drags, and pictures that follow.
//
// A panel is described by `spec`, written by kit.py:
//   title     above the panel
//   controls  [{name, low, high, step, names}]: one number each; `names` are the stops of a choice
//   pad       {dims: [i, j], box: [left, top, width, height], label} or null: controls i and j are one point, dragged
//             over the backdrop; the box is the draggable part of it, as fractions
//   source    where pictures come from: {kind: "decoder", layers, half} | {kind: "film"} | {kind: "kernel"}
//   pictures  the captions; each picture is [height, width, channels] = `size`, shown `scale` times as large
// and `data` (deflated): the decoder's weights, or the frames of the film.
//
// In JupyterLab anywidget calls `render`. A page without a kernel (an exported notebook) calls `mount` itself.

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

// Controls. Each has an element, and shows the values it is told.

const OURS = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab is to leave the arrow keys to us

function slider({ name, low, high, step, names }, k, set, release) {
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

function pad({ pad: { dims, box, label }, controls }, backdrop, set, release) {
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

// Sources: draw(values) paints, now or when the kernel has answered.

const SOURCES = {
  decoder({ source: { layers, half }, size }, bytes, paint) {
    const decode = decoder(layers, half ? fromHalf(bytes) : new Float32Array(bytes.buffer));
    return { draw: (values) => paint(toPixels(decode(values), size)) };
  },
  film({ controls: [{ low, step }], pictures, size }, bytes, paint) {
    const length = pictures.length * product(size);
    const frame = ([value]) => Math.round((value - low) / step);
    return { draw: (values) => paint(bytes.subarray(frame(values) * length, (frame(values) + 1) * length)) };
  },
  // At most one question is out. When its answer comes, the latest position is asked for: never a queue of old ones.
  kernel(_spec, _bytes, paint, link) {
    let wanted = null;
    let waiting = false;
    const ask = () => {
      waiting = true;
      link.ask(wanted);
      wanted = null;
    };
    return {
      draw: (values) => {
        wanted = values;
        if (!waiting) ask();
      },
      answer: ([pixels]) => {
        waiting = false;
        // After an error there are none, and the last picture stays.
        if (pixels.byteLength) paint(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
        if (wanted) ask();
      },
    };
  },
};

// A canvas with a caption. The pixels of all pictures come one after the other, uint8 [height, width, channels].
function picture(caption, { size: [height, width, channels], scale }) {
  const canvas = h("canvas", { width, height, role: "img", "aria-label": caption });
  canvas.style.width = `${width * scale}px`;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  image.data.fill(255);
  const paint = (pixels, k) => {
    const start = k * height * width * channels;
    for (let p = 0; p < height * width; p++) {
      for (let c = 0; c < 3; c++) image.data[4 * p + c] = pixels[start + channels * p + (channels === 3 ? c : 0)];
    }
    context.putImageData(image, 0, 0);
  };
  return { element: h("figure", {}, [canvas, h("figcaption", {}, caption)]), paint };
}

// The decoder, layer by layer: code [q] -> values in [0, 1], [channels, height, width]. Every layer owns its output and
// is to be read before the next call.

export function decoder(layers, weights) {
  let at = 0;
  const take = (count) => weights.subarray(at, (at += count));
  const steps = layers.map((layer) => LAYERS[layer.kind](layer, take));
  return (code) => steps.reduce((x, step) => step(x), Float32Array.from(code));
}

const LAYERS = {
  linear({ inputs, outputs }, take) {
    const [weight, bias, y] = [take(inputs * outputs), take(outputs), new Float32Array(outputs)];
    return (x) => {
      for (let o = 0, w = 0; o < outputs; o++) {
        let sum = bias[o];
        for (let i = 0; i < inputs; i++) sum += weight[w++] * x[i];
        y[o] = sum;
      }
      return y;
    };
  },
  // Every input pixel adds its kernel, [inputs, outputs, size, size], to the output from `stride` * position - padding on.
  transposed({ inputs, outputs, size, stride, padding, from: [h0, w0], to: [h1, w1] }, take) {
    const [weight, bias, y] = [take(inputs * outputs * size * size), take(outputs), new Float32Array(outputs * h1 * w1)];
    return (x) => {
      for (let o = 0; o < outputs; o++) y.fill(bias[o], o * h1 * w1, (o + 1) * h1 * w1);
      for (let i = 0, p = 0; i < inputs; i++) {
        for (let row = 0; row < h0; row++) {
          for (let column = 0; column < w0; column++, p++) {
            if (x[p] === 0) continue; // after a ReLU, many are
            for (let o = 0, w = i * outputs * size * size; o < outputs; o++) {
              for (let a = 0; a < size; a++) {
                const r = row * stride - padding + a;
                for (let b = 0; b < size; b++, w++) {
                  const c = column * stride - padding + b;
                  if (r >= 0 && r < h1 && c >= 0 && c < w1) y[(o * h1 + r) * w1 + c] += x[p] * weight[w];
                }
              }
            }
          }
        }
      }
      return y;
    };
  },
  relu: () => each((v) => Math.max(v, 0)),
  sigmoid: () => each((v) => 1 / (1 + Math.exp(-v))),
  tanh: () => each(Math.tanh),
  silu: () => each((v) => v / (1 + Math.exp(-v))),
  gelu: () => each((v) => (v * (1 + erf(v / Math.SQRT2))) / 2),
};

const each = (f) => (x) => {
  for (let k = 0; k < x.length; k++) x[k] = f(x[k]);
  return x;
};

// Abramowitz and Stegun (1964), 7.1.26: off by less than 2e-7.
function erf(v) {
  const t = 1 / (1 + 0.3275911 * Math.abs(v));
  const sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(v) * (1 - sum * Math.exp(-v * v));
}

// Values in [0, 1], [channels, height, width] -> pixels, [height, width, channels].
function toPixels(values, [height, width, channels]) {
  const pixels = new Uint8ClampedArray(values.length); // rounds
  for (let p = 0, plane = height * width; p < plane; p++) {
    for (let c = 0; c < channels; c++) pixels[channels * p + c] = 255 * values[c * plane + p];
  }
  return pixels;
}

function fromHalf(bytes) {
  return Float32Array.from(new Uint16Array(bytes.buffer), (bits) => {
    const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
    const size = exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14;
    return bits & 0x8000 ? -size : size;
  });
}

async function inflate(data) {
  if (!data.byteLength) return new Uint8Array();
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const product = (sizes) => sizes.reduce((a, b) => a * b, 1);

// A number with as many decimals as its step has.
const written = (value, step) => value.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));

// An element with attributes and children.
function h(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...[children].flat());
  return element;
}
