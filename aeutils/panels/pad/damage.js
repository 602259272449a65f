// What happens to a drawing before the encoder sees it, and how the answer is read: nothing, noise, or a hole.
import { random } from "../engine/random.js";

const GREY = 0.5; // a hole, as it is shown

/**
 * input: what the encoder is given; shown: that as a picture; answer: what comes out -> the picture
 * @typedef {{input: Float64Array, shown: Float64Array, answer: (decoded: Float64Array) => Float64Array}} Damaged
 * @typedef {Record<string, number>} Settings
 */

/** @type {Record<string, (side: number) => (x: Float64Array, settings: Settings) => Damaged>} */
export const DAMAGE = {
  none: () => (x) => ({ input: x, shown: x, answer: (decoded) => decoded }),

  // The same noise at every moment: a picture that flickers could not be compared.
  noise: (side) => {
    const epsilon = Float64Array.from({ length: side * side }, random(1).normal);
    return (x, { noise }) => {
      const input = x.map((value, k) => value + noise * epsilon[k]);
      return { input, shown: input, answer: (decoded) => decoded };
    };
  },

  // The encoder sees black where the hole is, and on a second channel where that is. It may reach over the border.
  hole: (side) => (x, { row, column, size }) => {
    const inside = (/** @type {number} */ at, /** @type {number} */ middle) => {
      const from = middle - Math.floor(size / 2);
      return at >= from && at < from + size;
    };
    const mask = x.map((_, p) => Number(inside(Math.floor(p / side), row) && inside(p % side, column)));
    const input = new Float64Array(2 * x.length);
    input.set(x.map((value, p) => (mask[p] ? 0 : value)));
    input.set(mask, x.length);
    return {
      input,
      shown: x.map((value, p) => (mask[p] ? GREY : value)),
      answer: (decoded) => x.map((value, p) => (mask[p] ? decoded[p] : value)),
    };
  },
};
