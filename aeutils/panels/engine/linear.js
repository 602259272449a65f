// The fully connected layer: y = x W^T + b, x [N, inputs], W [outputs, inputs].
import { multiply } from "./multiply.js";

/** @type {import("./network.js").Maker} */
export function linear({ inputs, outputs }, { batch, weights: [weight, bias] }) {
  const y = new Float64Array(batch * outputs);
  const dx = new Float64Array(batch * inputs);
  /** @type {Float64Array} */
  let x;
  return {
    size: outputs,
    forward(input, n) {
      x = input;
      for (let k = 0; k < n; k++) y.set(bias.values, k * outputs);
      multiply(n, outputs, inputs, x, inputs, 1, weight.values, 1, inputs, y, outputs);
      return y;
    },
    backward(dy, n, further) {
      multiply(outputs, inputs, n, dy, 1, outputs, x, inputs, 1, weight.gradients, inputs);
      for (let k = 0, p = 0; k < n; k++) for (let o = 0; o < outputs; o++, p++) bias.gradients[o] += dy[p];
      if (!further) return dx;
      dx.fill(0, 0, n * inputs);
      multiply(n, inputs, outputs, dy, outputs, 1, weight.values, inputs, 1, dx, inputs);
      return dx;
    },
  };
}
