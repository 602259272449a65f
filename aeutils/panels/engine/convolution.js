// Convolution and transposed convolution, [channels, height, width] a sample, by matrices of columns. The one's way
// forward is the other's way back: they share kernels, columns and products.
import { gather, meetings, scatter } from "./columns.js";
import { multiply } from "./multiply.js";

/** @param {number[]} sides */
const area = ([height, width]) => height * width;

/** @param {Float64Array} map @param {number} k @param {number} length */
const sample = (map, k, length) => map.subarray(k * length, (k + 1) * length);

/** @type {import("./network.js").Maker} */
export function convolution(layer, { batch, weights: [weight, bias] }) {
  const { inputs, outputs, size, stride, padding, from, to } = layer;
  const at = meetings({ channels: inputs, size, stride, padding, large: from, small: to });
  const [lines, places, length] = [inputs * size * size, area(to), inputs * area(from)];
  const columns = new Float64Array(lines * places);
  const y = new Float64Array(batch * outputs * places);
  const dx = new Float64Array(batch * length);
  /** @type {Float64Array} */
  let x;
  return {
    size: outputs * places,
    forward(input, n) {
      x = input;
      fill(y, bias.values, places, n);
      for (let k = 0; k < n; k++) {
        gather(at, sample(x, k, length), columns);
        const answer = sample(y, k, outputs * places);
        multiply(outputs, places, lines, weight.values, lines, 1, columns, places, 1, answer, places);
      }
      return y;
    },
    backward(dy, n, further) {
      sum(dy, bias.gradients, places, n);
      dx.fill(0);
      for (let k = 0; k < n; k++) {
        const wanted = sample(dy, k, outputs * places);
        gather(at, sample(x, k, length), columns);
        multiply(outputs, lines, places, wanted, places, 1, columns, 1, places, weight.gradients, lines);
        if (!further) continue;
        columns.fill(0);
        multiply(lines, places, outputs, weight.values, 1, lines, wanted, places, 1, columns, places);
        scatter(at, columns, sample(dx, k, length));
      }
      return dx;
    },
  };
}

/** @type {import("./network.js").Maker} */
export function transposed(layer, { batch, weights: [weight, bias] }) {
  const { inputs, outputs, size, stride, padding, from, to } = layer;
  const at = meetings({ channels: outputs, size, stride, padding, large: to, small: from });
  const [lines, places, length] = [outputs * size * size, area(from), outputs * area(to)];
  const columns = new Float64Array(lines * places);
  const y = new Float64Array(batch * length);
  const dx = new Float64Array(batch * inputs * places);
  /** @type {Float64Array} */
  let x;
  return {
    size: length,
    forward(input, n) {
      x = input;
      fill(y, bias.values, area(to), n);
      for (let k = 0; k < n; k++) {
        columns.fill(0);
        const seen = sample(x, k, inputs * places);
        multiply(lines, places, inputs, weight.values, 1, lines, seen, places, 1, columns, places);
        scatter(at, columns, sample(y, k, length));
      }
      return y;
    },
    backward(dy, n, further) {
      sum(dy, bias.gradients, area(to), n);
      dx.fill(0);
      for (let k = 0; k < n; k++) {
        gather(at, sample(dy, k, length), columns);
        const seen = sample(x, k, inputs * places);
        multiply(inputs, lines, places, seen, places, 1, columns, 1, places, weight.gradients, lines);
        if (!further) continue;
        const wanted = sample(dx, k, inputs * places);
        multiply(inputs, places, lines, weight.values, lines, 1, columns, places, 1, wanted, places);
      }
      return dx;
    },
  };
}

/**
 * Every place of a channel gets the channel's bias.
 * @param {Float64Array} y @param {Float64Array} bias @param {number} places @param {number} n
 */
function fill(y, bias, places, n) {
  for (let line = 0; line < n * bias.length; line++) y.fill(bias[line % bias.length], line * places, (line + 1) * places);
}

/**
 * A bias's gradient: the sum over the places of its channel.
 * @param {Float64Array} dy @param {Float64Array} gradients @param {number} places @param {number} n
 */
function sum(dy, gradients, places, n) {
  for (let line = 0, p = 0; line < n * gradients.length; line++) {
    for (let k = 0; k < places; k++, p++) gradients[line % gradients.length] += dy[p];
  }
}
