// Random numbers from a seed, the same on every machine: sfc32 (Doty-Humphrey, PractRand), normal ones by Box and Muller.

/** @param {number} seed */
export function random(seed) {
  let [a, b, c, counter] = [0, seed | 0, 0, 1];
  /** A number in [0, 1). */
  const uniform = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  let spare = NaN; // they come in pairs
  /** A number from N(0, 1). */
  const normal = () => {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = NaN;
      return kept;
    }
    const length = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = length * Math.sin(angle);
    return length * Math.cos(angle);
  };
  /** Puts numbers into a random order (Fisher and Yates). @param {Int32Array} numbers */
  const shuffle = (numbers) => {
    for (let k = numbers.length - 1; k > 0; k--) {
      const other = Math.floor(uniform() * (k + 1));
      [numbers[k], numbers[other]] = [numbers[other], numbers[k]];
    }
  };
  for (let k = 0; k < 15; k++) uniform(); // until the seed has spread
  return { uniform, normal, shuffle };
}
