// Elementwise functions: y = f(x), and dx = f'(x) dy. Each has loops of its own: a loop that calls one of many functions
// takes four times as long.

/**
 * @typedef {(x: Float64Array, y: Float64Array, count: number) => void} Forward
 * @typedef {(x: Float64Array, y: Float64Array, dy: Float64Array, dx: Float64Array, count: number) => void} Backward
 */

export const relu = elementwise(
  (x, y, count) => {
    for (let k = 0; k < count; k++) y[k] = x[k] > 0 ? x[k] : 0;
  },
  (x, _y, dy, dx, count) => {
    for (let k = 0; k < count; k++) dx[k] = x[k] > 0 ? dy[k] : 0;
  },
);

export const sigmoid = elementwise(
  (x, y, count) => {
    for (let k = 0; k < count; k++) y[k] = 1 / (1 + Math.exp(-x[k]));
  },
  (_x, y, dy, dx, count) => {
    for (let k = 0; k < count; k++) dx[k] = dy[k] * y[k] * (1 - y[k]);
  },
);

// Twice as fast as Math.tanh, and off by less than 1e-15.
export const hyperbolic = elementwise(
  (x, y, count) => {
    for (let k = 0; k < count; k++) {
      const e = Math.exp(-2 * Math.abs(x[k]));
      y[k] = (x[k] < 0 ? e - 1 : 1 - e) / (1 + e);
    }
  },
  (_x, y, dy, dx, count) => {
    for (let k = 0; k < count; k++) dx[k] = dy[k] * (1 - y[k] * y[k]);
  },
);

export const silu = elementwise(
  (x, y, count) => {
    for (let k = 0; k < count; k++) y[k] = x[k] / (1 + Math.exp(-x[k]));
  },
  (x, y, dy, dx, count) => {
    for (let k = 0; k < count; k++) {
      const share = 1 / (1 + Math.exp(-x[k]));
      dx[k] = dy[k] * (share + y[k] * (1 - share));
    }
  },
);

export const gelu = elementwise(
  (x, y, count) => {
    for (let k = 0; k < count; k++) y[k] = x[k] * normal(x[k]);
  },
  (x, _y, dy, dx, count) => {
    for (let k = 0; k < count; k++) {
      const density = Math.exp((-x[k] * x[k]) / 2) / Math.sqrt(2 * Math.PI);
      dx[k] = dy[k] * (normal(x[k]) + x[k] * density);
    }
  },
);

/** The standard normal's distribution function; Abramowitz and Stegun (1964), 7.1.26, off by 1e-7. @param {number} x */
function normal(x) {
  const v = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * v);
  const sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const tail = (sum * Math.exp(-v * v)) / 2;
  return x < 0 ? tail : 1 - tail;
}

/** @param {Forward} f @param {Backward} slope @returns {import("./network.js").Maker} */
function elementwise(f, slope) {
  return (_layer, { batch, inputs }) => {
    const y = new Float64Array(batch * inputs);
    const dx = new Float64Array(batch * inputs);
    /** @type {Float64Array} */
    let x;
    return {
      size: inputs,
      forward(input, n) {
        x = input;
        f(x, y, n * inputs);
        return y;
      },
      backward(dy, n) {
        slope(x, y, dy, dx, n * inputs);
        return dx;
      },
    };
  };
}
