// The model: what the encoder says of an image, and what the decoder makes of codes.
import { network, weightCount } from "../engine/network.js";

/**
 * `inputs` numbers an image, `code` numbers a code; variational: the encoder says mean and log variance of each.
 * @typedef {{encoder: import("../engine/network.js").Layer[], decoder: import("../engine/network.js").Layer[],
 *   inputs: number, code: number, variational: boolean}} Plan
 */

/** @param {Plan} plan @param {Float32Array} weights @param {number} most: codes that are decoded at a time */
export function model({ encoder, decoder, inputs, code, variational }, weights, most) {
  const first = weightCount(encoder);
  const f = network(encoder, inputs, weights.subarray(0, first));
  const g = network(decoder, code, weights.subarray(first), most);
  return {
    /** The code of an image, and how sure the encoder is of it. @param {Float64Array} input */
    encode(input) {
      const answer = f.forward(input);
      const deviations = variational ? answer.slice(code, 2 * code).map((v) => Math.exp(v / 2)) : null;
      return { code: answer.slice(0, code), deviations };
    },
    /** [n, code] -> [n, pixels] @param {Float64Array} codes @param {number} [n] */
    decode: (codes, n = 1) => g.forward(codes, n).slice(0, n * g.outputs),
  };
}
