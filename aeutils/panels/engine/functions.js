// Elementwise functions: y = f(x), and dx = f'(x) dy. The derivative is made of x and y.

/** @param {number} x */
const sigma = (x) => 1 / (1 + Math.exp(-x));

/** Twice as fast as Math.tanh, and off by less than 1e-15. @param {number} x */
const tanh = (x) => {
  const e = Math.exp(-2 * Math.abs(x));
  return x < 0 ? (e - 1) / (1 + e) : (1 - e) / (1 + e);
};

/** The standard normal's distribution function; Abramowitz and Stegun (1964), 7.1.26, off by 1e-7. @param {number} x */
const normal = (x) => {
  const v = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * v);
  const sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const tail = (sum * Math.exp(-v * v)) / 2;
  return x < 0 ? tail : 1 - tail;
};

/** @param {number} x */
const density = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

export const relu = elementwise(
  (x) => (x > 0 ? x : 0),
  (x) => (x > 0 ? 1 : 0),
);
export const sigmoid = elementwise(sigma, (_x, y) => y * (1 - y));
export const hyperbolic = elementwise(tanh, (_x, y) => 1 - y * y);
export const silu = elementwise(
  (x) => x * sigma(x),
  (x, y) => sigma(x) + y * (1 - sigma(x)),
);
export const gelu = elementwise(
  (x) => x * normal(x),
  (x) => normal(x) + x * density(x),
);

/**
 * @param {(x: number) => number} f
 * @param {(x: number, y: number) => number} slope
 * @returns {import("./network.js").Maker}
 */
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
        for (let k = 0; k < n * inputs; k++) y[k] = f(x[k]);
        return y;
      },
      backward(dy, n) {
        for (let k = 0; k < n * inputs; k++) dx[k] = dy[k] * slope(x[k], y[k]);
        return dx;
      },
    };
  };
}
