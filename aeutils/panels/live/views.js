// What is seen of a network in training, computed beside it: codes, reconstructions, and in the plane the decoder's curve
// and the arrows from a grid of points to their reconstructions.

const SHOWN = 60; // segments and ellipses
const CURVE = 160; // points along the decoder's curve
const GRID = 13; // arrows along a side

/**
 * @param {ReturnType<typeof import("./trainer.js").trainer>} net
 * @param {{inputs: number, code: number, variational: boolean, plane: boolean, box: number[]}} plan
 * @param {Float64Array} test @param {Float64Array} noise  of the images that are shown noisy
 */
export function views(net, plan, test, noise) {
  const { inputs, plane } = plan;
  const answers = net.encode(test);
  const codes = net.codes(answers);
  const shown = test.slice(0, (plane ? SHOWN : 8) * inputs);
  const given = plane ? shown : shown.map((value, k) => value + net.settings.noise * noise[k]);
  return {
    codes,
    answers: plan.variational ? answers : null,
    given,
    reconstructed: net.decode(net.codes(net.encode(given))),
    curve: plane && net.settings.bottleneck === 1 ? curve(net, plan, codes) : null,
    arrows: plane && net.settings.noise > 0 ? arrows(net, plan) : null,
  };
}

/** @typedef {Parameters<typeof views>} Given */

/** g(h) from the lowest code to the highest, [CURVE, 2]. @param {Given[0]} net @param {Given[1]} plan @param {Float64Array} codes */
function curve(net, { code }, codes) {
  const first = codes.filter((_, k) => k % code === 0);
  const [low, high] = [Math.min(...first), Math.max(...first)];
  const along = new Float64Array(CURVE * code);
  for (let k = 0; k < CURVE; k++) along[k * code] = low + ((high - low) * k) / (CURVE - 1);
  return net.decode(along);
}

/** From points of a grid to where the denoiser takes them, [GRID * GRID, 4]. @param {Given[0]} net @param {Given[1]} plan */
function arrows(net, { box: [left, right, low, high] }) {
  const points = new Float64Array(2 * GRID * GRID);
  for (let k = 0; k < GRID * GRID; k++) {
    points[2 * k] = left + ((right - left) * ((k % GRID) + 0.5)) / GRID;
    points[2 * k + 1] = low + ((high - low) * (Math.floor(k / GRID) + 0.5)) / GRID;
  }
  const to = net.decode(net.codes(net.encode(points)));
  return Float64Array.from({ length: 4 * GRID * GRID }, (_, k) => (k % 4 < 2 ? points : to)[2 * Math.floor(k / 4) + (k % 2)]);
}
