// Pixel shuffle (Shi et al. 2016): factor * factor maps laid out beside each other, [N, channels * factor^2, h, w] ->
// [N, channels, h * factor, w * factor].

/** @type {import("./network.js").Maker} */
export function shuffle({ channels, factor, from: [height, width] }, { batch }) {
  const length = channels * factor * factor * height * width;
  const source = sources(channels, factor, height, width);
  const y = new Float64Array(batch * length);
  const dx = new Float64Array(batch * length);
  return {
    size: length,
    forward(x, n) {
      for (let k = 0; k < n * length; k += length) for (let p = 0; p < length; p++) y[k + p] = x[k + source[p]];
      return y;
    },
    backward(dy, n) {
      for (let k = 0; k < n * length; k += length) for (let p = 0; p < length; p++) dx[k + source[p]] = dy[k + p];
      return dx;
    },
  };
}

/**
 * For every number that comes out, which one that goes in.
 * @param {number} channels @param {number} factor @param {number} height @param {number} width
 */
function sources(channels, factor, height, width) {
  const found = [];
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < height * factor; row++) {
      for (let column = 0; column < width * factor; column++) {
        const map = (c * factor + (row % factor)) * factor + (column % factor);
        found.push((map * height + Math.floor(row / factor)) * width + Math.floor(column / factor));
      }
    }
  }
  return found;
}
