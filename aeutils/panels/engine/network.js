// A network of any layers of the table: forward, and backward for the gradients of weights and input.
//
// A layer is described by its kind and sizes, as layers.js says; all weights lie one after the other in one array. Every
// layer owns what it returns: read it before the next call.
import { channelwise } from "./channelwise.js";
import { convolution, transposed } from "./convolution.js";
import { gelu, hyperbolic, relu, sigmoid, silu } from "./functions.js";
import { keep } from "./keep.js";
import { LAYERS } from "./layers.js";
import { linear } from "./linear.js";
import { prelu } from "./prelu.js";
import { shuffle } from "./shuffle.js";

/**
 * @typedef {{kind: string, [size: string]: any}} Layer
 * @typedef {{values: Float64Array, gradients: Float64Array}} Weight
 * @typedef {{batch: number, inputs: number, weights: Weight[], chain: (layers: Layer[]) => Step}} Room
 * @typedef {{
 *   size: number,
 *   forward: (x: Float64Array, n: number) => Float64Array,
 *   backward: (dy: Float64Array, n: number, further: boolean) => Float64Array,
 * }} Step  what a layer does with n samples; `further`: is the gradient of its input wanted, too?
 * @typedef {(layer: Layer, room: Room) => Step} Maker
 */

/** @type {Record<string, Maker>} */
const MAKERS = { linear, convolution, transposed, channelwise, shuffle, sum, keep, prelu };
Object.assign(MAKERS, { relu, sigmoid, tanh: hyperbolic, silu, gelu });

/**
 * The network that takes `inputs` numbers a sample, for up to `batch` samples at a time. Gradients add up until they are
 * filled with 0.
 * @param {Layer[]} layers @param {number} inputs @param {ArrayLike<number>} weights @param {number} [batch]
 */
export function network(layers, inputs, weights, batch = 1) {
  const values = Float64Array.from(weights);
  const gradients = new Float64Array(values.length);
  let at = 0;
  /** @param {number} count @returns {Weight} */
  const take = (count) => {
    const [from, to] = [at, (at += count)];
    if (to > values.length) throw new Error(`the network needs more than its ${values.length} weights`);
    return { values: values.subarray(from, to), gradients: gradients.subarray(from, to) };
  };
  const step = chain(layers, inputs, batch, take);
  if (at !== values.length) throw new Error(`the network has ${at} weights; got ${values.length}`);
  return {
    weights: values,
    gradients,
    outputs: step.size,
    /** [n, inputs] -> [n, outputs] @param {Float64Array} x @param {number} [n] */
    forward: (x, n = 1) => step.forward(x, n),
    /** After forward: the gradient of the output -> that of the input. @param {Float64Array} dy @param {number} [n] */
    backward: (dy, n = 1, further = true) => step.backward(dy, n, further),
  };
}

/** How many weights a network of these layers has. @param {Layer[]} layers @returns {number} */
export function weightCount(layers) {
  return layers.reduce((sum, layer) => sum + counts(layer).reduce((a, b) => a + b, weightCount(layer.layers ?? [])), 0);
}

/** The number of weights of each kind that a layer has, without the layers inside it. @param {Layer} layer */
function counts(layer) {
  const { sizes, weights } = entry(layer);
  for (const size of sizes) if (!(size in layer)) throw new Error(`a ${layer.kind} layer needs ${size}`);
  return Object.values(weights).map((shape) => shape.reduce((product, size) => product * layer[size], 1));
}

/** @param {Layer} layer @returns {{sizes: string[], weights: Record<string, string[]>}} */
function entry({ kind }) {
  const table = /** @type {Record<string, any>} */ (LAYERS);
  if (!(kind in table)) throw new Error(`there is no layer ${kind}; expected one of ${Object.keys(table).join(", ")}`);
  return table[kind];
}

/**
 * One layer after the other.
 * @param {Layer[]} layers @param {number} inputs @param {number} batch @param {(count: number) => Weight} take
 * @returns {Step}
 */
function chain(layers, inputs, batch, take) {
  let size = inputs;
  const steps = layers.map((layer) => {
    const weights = counts(layer).map(take);
    const inside = size;
    const step = MAKERS[layer.kind](layer, {
      batch,
      inputs: size,
      weights,
      chain: (inner) => chain(inner, inside, batch, take),
    });
    size = step.size;
    return step;
  });
  return {
    size,
    forward: (x, n) => steps.reduce((value, step) => step.forward(value, n), x),
    backward: (dy, n, further) =>
      steps.reduceRight((value, step, k) => step.backward(value, n, further || k > 0), dy),
  };
}

/** A residual sum: y = x + scale * layers(x). @type {Maker} */
function sum({ scale, layers }, { batch, inputs, chain }) {
  const inner = chain(layers);
  if (inner.size !== inputs) throw new Error(`${inputs} numbers come into a sum, and ${inner.size} out of its layers`);
  const [y, scaled, dx] = [0, 0, 0].map(() => new Float64Array(batch * inputs));
  return {
    size: inputs,
    forward(x, n) {
      const change = inner.forward(x, n);
      for (let k = 0; k < n * inputs; k++) y[k] = x[k] + scale * change[k];
      return y;
    },
    backward(dy, n) {
      for (let k = 0; k < n * inputs; k++) scaled[k] = scale * dy[k];
      const change = inner.backward(scaled, n, true);
      for (let k = 0; k < n * inputs; k++) dx[k] = dy[k] + change[k];
      return dx;
    },
  };
}
