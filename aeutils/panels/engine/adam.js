// Adam (Kingma and Ba 2015), with PyTorch's defaults.

/** @param {number} count: of weights */
export function adam(count) {
  const mean = new Float64Array(count);
  const square = new Float64Array(count);
  let [steps, decay1, decay2] = [0, 1, 1];
  /**
   * Moves the weights against their gradients.
   * @param {Float64Array} weights @param {Float64Array} gradients @param {number} rate
   */
  return (weights, gradients, rate) => {
    steps++;
    decay1 *= 0.9;
    decay2 *= 0.999;
    const length = rate / (1 - decay1);
    const root = Math.sqrt(1 - decay2);
    for (let k = 0; k < count; k++) {
      const g = gradients[k];
      mean[k] += 0.1 * (g - mean[k]);
      square[k] += 0.001 * (g * g - square[k]);
      weights[k] -= (length * mean[k]) / (Math.sqrt(square[k]) / root + 1e-8);
    }
    return steps;
  };
}
