// A drawing in the form of the data, as MNIST was made (LeCun et al. 1998): the ink fitted into a box with its proportions
// kept, grey where a pixel is covered in part, then moved by whole pixels so that its centre of mass is in the middle, which
// in MNIST is the middle of pixel 14, counted from 0.

const TIE = 1e-6; // what is symmetric is not to be moved to one side or the other by errors of rounding

/**
 * Ink [height, width], shares from 0 to 1 -> values [side, side]. `box` pixels are the longer side of the ink: 20 of 28 for
 * MNIST. No ink leaves the picture, however far from the middle most of it is. No ink at all: all values 0.
 * @param {Float32Array} ink @param {number} width @param {{side: number, box: number}} form
 */
export function normalize(ink, width, { side, box }) {
  const values = new Float64Array(side * side);
  const ends = bounds(ink, width);
  if (!ends) return values;
  const scale = box / Math.max(ends.right - ends.left, ends.bottom - ends.top);
  const columns = shares(ends.left, ends.right, scale);
  const rows = shares(ends.top, ends.bottom, scale);
  const small = resample(ink, width, columns, rows);
  const [x, y] = centre(small, columns.length);
  const place = (/** @type {number} */ at, /** @type {number} */ size) => Math.max(0, Math.min(side - size, Math.round(side / 2 - at - TIE)));
  const [left, top] = [place(x, columns.length), place(y, rows.length)];
  rows.forEach((_, row) => values.set(small.subarray(row * columns.length, (row + 1) * columns.length), (top + row) * side + left));
  return values;
}

/** The rows and columns in which there is ink; right and bottom are the first without. @param {Float32Array} ink @param {number} width */
function bounds(ink, width) {
  let [left, right, top, bottom] = [width, 0, -1, 0];
  for (let p = 0, y = 0; p < ink.length; y++) {
    for (let x = 0; x < width; x++, p++) {
      if (!ink[p]) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (top < 0) top = y;
      bottom = y + 1;
    }
  }
  return right ? { left, right, top, bottom } : null;
}

/**
 * Along one side: which of the ink's pixels each new one covers, and with what shares, which sum to 1 where it lies wholly
 * between the ends.
 * @param {number} from @param {number} to @param {number} scale
 * @returns {{first: number, shares: number[]}[]}
 */
function shares(from, to, scale) {
  const count = Math.ceil((to - from) * scale - 1e-9);
  return Array.from({ length: count }, (_, k) => {
    const [start, end] = [k, k + 1].map((edge) => Math.min(to, from + edge / scale));
    const first = Math.floor(start);
    const covered = [];
    for (let at = first; at < end; at++) covered.push((Math.min(end, at + 1) - Math.max(start, at)) * scale);
    return { first, shares: covered };
  });
}

/** Means over the areas of the new pixels: along the rows, then along the columns. @param {Float32Array} ink @param {number} width @param {ReturnType<typeof shares>} columns @param {ReturnType<typeof shares>} rows */
function resample(ink, width, columns, rows) {
  const small = new Float64Array(rows.length * columns.length);
  rows.forEach((row, y) =>
    row.shares.forEach((weight, j) => {
      const line = (row.first + j) * width;
      columns.forEach((column, x) => {
        let sum = 0;
        for (let k = 0; k < column.shares.length; k++) sum += column.shares[k] * ink[line + column.first + k];
        small[y * columns.length + x] += weight * sum;
      });
    }),
  );
  return small;
}

/** The centre of mass, in pixels from the middle of the first one. @param {Float64Array} values @param {number} width */
function centre(values, width) {
  let [mass, x, y] = [0, 0, 0];
  for (let p = 0; p < values.length; p++) {
    mass += values[p];
    x += values[p] * (p % width);
    y += values[p] * Math.floor(p / width);
  }
  return [x / mass, y / mass];
}
