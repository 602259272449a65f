// Weights to start from, as models/layers.py draws them: He et al. (2015) where a ReLU follows, Glorot and Bengio (2010)
// elsewhere; biases are 0. For layers that are linear or without weights.
import { weightCount } from "./network.js";

/** @param {import("./network.js").Layer[]} layers @param {ReturnType<typeof import("./random.js").random>} draw */
export function initialize(layers, draw) {
  const weights = new Float64Array(weightCount(layers));
  let at = 0;
  layers.forEach(({ kind, inputs, outputs }, k) => {
    if (kind !== "linear") return;
    const [he, glorot] = [Math.sqrt(2 / inputs), Math.sqrt(6 / (inputs + outputs))];
    const one = layers[k + 1]?.kind === "relu" ? () => he * draw.normal() : () => glorot * (2 * draw.uniform() - 1);
    for (const end = at + inputs * outputs; at < end; at++) weights[at] = one();
    at += outputs;
  });
  return weights;
}
