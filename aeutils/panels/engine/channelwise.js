// Fully connected within each channel: y_c = W_c x_c + b_c, x [N, channels, places], W [channels, to, from].
import { multiply } from "./multiply.js";

/** @type {import("./network.js").Maker} */
export function channelwise({ channels, places }, { batch, weights: [weight, bias] }) {
  const length = channels * places;
  const y = new Float64Array(batch * length);
  const dx = new Float64Array(batch * length);
  /** @type {Float64Array} */
  let x;
  /** @param {Float64Array} numbers @param {number} c: from channel c on, samples are `length` apart */
  const channel = (numbers, c) => numbers.subarray(c * places);
  /** @param {Float64Array} numbers @param {number} c */
  const matrix = (numbers, c) => numbers.subarray(c * places * places, (c + 1) * places * places);
  return {
    size: length,
    forward(input, n) {
      x = input;
      for (let k = 0; k < n; k++) y.set(bias.values, k * length);
      for (let c = 0; c < channels; c++) {
        const w = matrix(weight.values, c);
        multiply(n, places, places, channel(x, c), length, 1, w, 1, places, channel(y, c), length);
      }
      return y;
    },
    backward(dy, n) {
      for (let k = 0, p = 0; k < n; k++) for (let o = 0; o < length; o++, p++) bias.gradients[o] += dy[p];
      dx.fill(0);
      for (let c = 0; c < channels; c++) {
        const [w, dw] = [matrix(weight.values, c), matrix(weight.gradients, c)];
        multiply(places, places, n, channel(dy, c), 1, length, channel(x, c), length, 1, dw, places);
        multiply(n, places, places, channel(dy, c), length, 1, w, places, 1, channel(dx, c), length);
      }
      return dx;
    },
  };
}
