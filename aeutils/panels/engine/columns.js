// What a convolution's kernel sees at each of its places, as the columns of a matrix, and the way back.
//
// The kernel of `size` x `size` moves over the large map [channels, height, width] by `stride`, from -padding on, and
// meets the small map's places one after the other. A matrix of columns is [channels * size * size, small places].

/**
 * For every entry of the columns, where in the large map it is from; -1 outside of the map.
 * @param {{channels: number, size: number, stride: number, padding: number, large: number[], small: number[]}} moves
 */
export function meetings({ channels, size, stride, padding, large: [height, width], small: [rows, across] }) {
  const at = new Int32Array(channels * size * size * rows * across).fill(-1);
  for (let c = 0, k = 0; c < channels; c++) {
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < across; j++, k++) {
            const [row, column] = [i * stride - padding + a, j * stride - padding + b];
            const inside = row >= 0 && row < height && column >= 0 && column < width;
            if (inside) at[k] = (c * height + row) * width + column;
          }
        }
      }
    }
  }
  return at;
}

/** columns = what is seen. @param {Int32Array} at @param {Float64Array} map @param {Float64Array} columns */
export function gather(at, map, columns) {
  for (let k = 0; k < at.length; k++) columns[k] = at[k] < 0 ? 0 : map[at[k]];
}

/** map += what lies in the columns: gather's transpose. @param {Int32Array} at @param {Float64Array} columns @param {Float64Array} map */
export function scatter(at, columns, map) {
  for (let k = 0; k < at.length; k++) if (at[k] >= 0) map[at[k]] += columns[k];
}
