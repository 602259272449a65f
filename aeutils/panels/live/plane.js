// The plane: data, their reconstructions, the decoder's curve, the denoiser's arrows.
import { frame, paper, within } from "../parts/paper.js";

/** @param {{box: number[], code: number}} plan @param {Float64Array} test @param {{colour: Function}} map */
export function plane({ box, code }, test, map) {
  const words = "test points, coloured by their code; lines to their reconstructions";
  const { element, sheet } = paper(words, words, 340, 340);
  return {
    element,
    /** @param {{codes: Float64Array, given: Float64Array, reconstructed: Float64Array, curve: Float64Array | null, arrows: Float64Array | null}} view */
    draw({ codes, given, reconstructed, curve, arrows }) {
      const page = sheet();
      const { context } = page;
      const at = within(page, box);
      frame(page);
      for (let k = 0; k < codes.length / code; k++) {
        context.fillStyle = map.colour(page, codes, k);
        context.globalAlpha = 0.6;
        context.beginPath();
        context.arc(at.x(test[2 * k]), at.y(test[2 * k + 1]), 2.5, 0, 7);
        context.fill();
      }
      context.globalAlpha = 1;
      context.strokeStyle = page.blue;
      context.lineWidth = 1;
      context.beginPath();
      for (let k = 0; !arrows && k < given.length; k += 2) {
        context.moveTo(at.x(given[k]), at.y(given[k + 1]));
        context.lineTo(at.x(reconstructed[k]), at.y(reconstructed[k + 1]));
      }
      context.stroke();
      if (arrows) for (let k = 0; k < arrows.length; k += 4) arrow(page, at, arrows.subarray(k, k + 4));
      if (!curve) return;
      context.strokeStyle = page.orange;
      context.lineWidth = 3;
      context.beginPath();
      for (let k = 0; k < curve.length; k += 2) context.lineTo(at.x(curve[k]), at.y(curve[k + 1]));
      context.stroke();
    },
  };
}

/** @param {import("../parts/paper.js").Sheet} page @param {ReturnType<typeof within>} at @param {Float64Array} ends */
function arrow({ context, blue }, at, [x, y, toX, toY]) {
  const [px, py, qx, qy] = [at.x(x), at.y(y), at.x(toX), at.y(toY)];
  const angle = Math.atan2(qy - py, qx - px);
  const head = Math.min(6, Math.hypot(qx - px, qy - py) / 2);
  context.strokeStyle = blue;
  context.lineWidth = 1.2;
  context.beginPath();
  context.moveTo(px, py);
  context.lineTo(qx, qy);
  for (const side of [-0.5, 0.5]) {
    context.moveTo(qx, qy);
    context.lineTo(qx - head * Math.cos(angle + side), qy - head * Math.sin(angle + side));
  }
  context.stroke();
}
