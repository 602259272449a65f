// An autoencoder in training: batches, noise, the loss and its gradients, one step of Adam after the other.
import { adam } from "../engine/adam.js";
import { initialize } from "../engine/initialize.js";
import { network } from "../engine/network.js";
import { random } from "../engine/random.js";

/**
 * What is trained. `code` units, of which `bottleneck` (a setting) are open; variational: the encoder says the mean and
 * log variance of each; logits: the decoder's output goes through a sigmoid inside of the cross-entropy.
 * @typedef {{encoder: import("../engine/network.js").Layer[], decoder: import("../engine/network.js").Layer[],
 *   inputs: number, code: number, variational: boolean, logits: boolean, batch: number, seed: number}} Plan
 * What a learner may change at any time.
 * @typedef {{bottleneck: number, noise: number, sparsity: number, beta: number, rate: number}} Settings
 * Sums over the values of a sample, means over samples.
 * @typedef {{loss: number, reconstruction: number}} Losses
 */

/** @param {Plan} plan @param {Float64Array} data @param {Settings} settings [samples, inputs] */
export function trainer(plan, data, settings) {
  const { inputs, code, variational, batch } = plan;
  const draw = random(plan.seed);
  const encoder = network(plan.encoder, inputs, initialize(plan.encoder, draw), batch);
  const decoder = network(plan.decoder, code, initialize(plan.decoder, draw), batch);
  const nets = [encoder, decoder];
  const optimisers = nets.map(({ weights }) => adam(weights.length));
  const order = Int32Array.from({ length: data.length / inputs }, (_, k) => k);
  let [next, steps] = [order.length, 0]; // an epoch begins

  const [x, noisy, dy] = [0, 0, 0].map(() => new Float64Array(batch * inputs));
  const [h, epsilon] = [0, 0].map(() => new Float64Array(batch * code));
  const dcode = new Float64Array(batch * code * (variational ? 2 : 1));

  /** The next samples in x, with noise in noisy; how many they are. */
  function batchOfData() {
    if (next >= order.length) {
      draw.shuffle(order);
      next = 0;
    }
    const n = Math.min(batch, order.length - next);
    for (let k = 0; k < n; k++, next++) x.set(data.subarray(order[next] * inputs, (order[next] + 1) * inputs), k * inputs);
    noisy.set(x);
    if (settings.noise > 0) for (let k = 0; k < n * inputs; k++) noisy[k] += settings.noise * draw.normal();
    return n;
  }

  /**
   * The loss of n samples, and the gradients of all weights: noisy goes in, x is to come out, epsilon makes the sample of
   * q(z|x).
   * @param {Float64Array} noisy @param {Float64Array} x @param {Float64Array} epsilon @param {number} n
   * @returns {Losses}
   */
  function compute(noisy, x, epsilon, n) {
    for (const { gradients } of nets) gradients.fill(0);
    const answer = encoder.forward(noisy, n);
    const price = variational ? sample(answer, epsilon, n) : take(answer, n);
    const reconstruction = (plan.logits ? crossEntropy : squaredError)(decoder.forward(h, n), x, dy, n * inputs, n);
    const dh = decoder.backward(dy, n);
    if (variational) backToPosterior(answer, dh, epsilon, n);
    else backToCode(dh, n);
    encoder.backward(dcode, n, false);
    return { loss: reconstruction + price, reconstruction };
  }

  /** h = the code, of which some units are closed; its price. @param {Float64Array} answer @param {number} n */
  function take(answer, n) {
    let sum = 0;
    for (let k = 0; k < n * code; k++) {
      h[k] = k % code < settings.bottleneck ? answer[k] : 0;
      sum += Math.abs(h[k]);
    }
    return (settings.sparsity * sum) / n;
  }

  /** @param {Float64Array} dh @param {number} n */
  function backToCode(dh, n) {
    for (let k = 0; k < n * code; k++) {
      dcode[k] = k % code < settings.bottleneck ? dh[k] + (settings.sparsity * Math.sign(h[k])) / n : 0;
    }
  }

  /** h = mean + deviation * epsilon; beta * KL. @param {Float64Array} answer @param {Float64Array} epsilon @param {number} n */
  function sample(answer, epsilon, n) {
    let kl = 0;
    for (let k = 0; k < n * code; k++) {
      const at = 2 * code * Math.floor(k / code) + (k % code);
      const [mean, logVariance] = [answer[at], answer[at + code]];
      const open = k % code < settings.bottleneck;
      h[k] = open ? mean + Math.exp(logVariance / 2) * epsilon[k] : 0;
      if (open) kl += (mean * mean + Math.exp(logVariance) - logVariance - 1) / 2;
    }
    return (settings.beta * kl) / n;
  }

  /** @param {Float64Array} answer @param {Float64Array} dh @param {Float64Array} epsilon @param {number} n */
  function backToPosterior(answer, dh, epsilon, n) {
    const { beta, bottleneck } = settings;
    for (let k = 0; k < n * code; k++) {
      const at = 2 * code * Math.floor(k / code) + (k % code);
      const open = k % code < bottleneck;
      const [mean, deviation] = [answer[at], Math.exp(answer[at + code] / 2)];
      dcode[at] = open ? dh[k] + (beta * mean) / n : 0;
      dcode[at + code] = open ? (dh[k] * deviation * epsilon[k]) / 2 + (beta * (deviation * deviation - 1)) / (2 * n) : 0;
    }
  }

  /** Calls `see` with batches of x, [count, inputs]. @param {Float64Array} all @param {number} width @param {(part: Float64Array, n: number, from: number) => void} see */
  function inBatches(all, width, see) {
    const count = all.length / width;
    for (let from = 0; from < count; from += batch) {
      const n = Math.min(batch, count - from);
      see(all.subarray(from * width, (from + n) * width), n, from);
    }
  }

  /** What the encoder says: the code, closed units 0, of a VAE mean and log variance. @param {Float64Array} all */
  function encode(all) {
    const width = encoder.outputs;
    const found = new Float64Array((all.length / inputs) * width);
    inBatches(all, inputs, (part, n, from) => found.set(encoder.forward(part, n).subarray(0, n * width), from * width));
    for (let k = 0; k < found.length; k++) if (k % code >= settings.bottleneck) found[k] = 0;
    return found;
  }

  /** [count, code] -> [count, inputs] @param {Float64Array} codes */
  function decode(codes) {
    const found = new Float64Array((codes.length / code) * inputs);
    inBatches(codes, code, (part, n, from) => found.set(decoder.forward(part, n).subarray(0, n * inputs), from * inputs));
    if (plan.logits) for (let k = 0; k < found.length; k++) found[k] = 1 / (1 + Math.exp(-found[k]));
    return found;
  }

  return {
    settings,
    encoder,
    decoder,
    compute,
    encode,
    decode,
    /** The codes alone: of a VAE, the means. @param {Float64Array} answers */
    codes: (answers) => (variational ? answers.filter((_, k) => k % (2 * code) < code) : answers),
    epoch: () => (steps * batch) / order.length,
    steps: () => steps,
    /** One batch: the losses before the step, and how many samples there were. */
    step() {
      const n = batchOfData();
      if (variational) for (let k = 0; k < n * code; k++) epsilon[k] = draw.normal();
      const losses = compute(noisy, x, epsilon, n);
      nets.forEach(({ weights, gradients }, k) => optimisers[k](weights, gradients, settings.rate));
      steps++;
      return { ...losses, n };
    },
  };
}

/**
 * Both: the loss, and its gradient in dy.
 * @param {Float64Array} y @param {Float64Array} x @param {Float64Array} dy @param {number} count @param {number} n
 */
function squaredError(y, x, dy, count, n) {
  let sum = 0;
  for (let k = 0; k < count; k++) {
    const d = y[k] - x[k];
    sum += d * d;
    dy[k] = (2 * d) / n;
  }
  return sum / n;
}

/** @type {typeof squaredError} */
function crossEntropy(y, x, dy, count, n) {
  let sum = 0;
  for (let k = 0; k < count; k++) {
    const small = Math.exp(-Math.abs(y[k]));
    sum += Math.max(y[k], 0) - y[k] * x[k] + Math.log1p(small);
    dy[k] = ((y[k] > 0 ? 1 : small) / (1 + small) - x[k]) / n;
  }
  return sum / n;
}
