// PReLU (He et al. 2015): max(x, 0) + slope min(x, 0), a slope for each channel, [N, channels, places].

/** @type {import("./network.js").Maker} */
export function prelu({ channels, places }, { batch, weights: [slope] }) {
  const length = channels * places;
  const y = new Float64Array(batch * length);
  const dx = new Float64Array(batch * length);
  /** @type {Float64Array} */
  let x;
  /** @param {number} k */
  const channel = (k) => Math.floor(k / places) % channels;
  return {
    size: length,
    forward(input, n) {
      x = input;
      for (let k = 0; k < n * length; k++) y[k] = x[k] > 0 ? x[k] : x[k] * slope.values[channel(k)];
      return y;
    },
    backward(dy, n) {
      for (let k = 0; k < n * length; k++) {
        dx[k] = x[k] > 0 ? dy[k] : dy[k] * slope.values[channel(k)];
        if (x[k] <= 0) slope.gradients[channel(k)] += x[k] * dy[k];
      }
      return dx;
    },
  };
}
