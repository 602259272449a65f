// The map of the codes: a point for every test sample, coloured by its class or by its code, a VAE's q(z|x) as ellipses.
import { frame, paper, suited, within, write } from "../parts/paper.js";

const ELLIPSES = 40;

/**
 * @param {{code: number, variational: boolean, classes: string[], colours: string[]}} plan @param {Uint8Array} labels
 */
export function codeMap({ code, variational, classes, colours }, labels) {
  const words = variational ? "codes: means of q(z|x), ellipses of one deviation" : "map of the codes of test samples";
  const { element, sheet } = paper(words, words, 260, 260);
  return {
    element,
    /** @param {Float64Array} codes [count, code] @param {Float64Array | null} answers [count, 2 code] @param {number} open: units */
    draw(codes, answers, open) {
      const page = sheet();
      const { context } = page;
      const count = codes.length / code;
      const flat = open < 2;
      // One unit: the code to the right, and some height of its own to every point, so that they do not hide each other.
      const place = (/** @type {number} */ k) => [codes[k * code], flat ? ((k * 0.618) % 1) - 0.5 : codes[k * code + 1]];
      const [first, second] = [0, 1].map((side) => range(Array.from({ length: count }, (_, k) => place(k)[side])));
      const box = flat ? [...first, -1.5, 1.5] : square(first, second);
      const at = within(page, box, 14);
      frame(page);
      for (let k = 0; k < count; k++) {
        const [x, y] = place(k);
        context.fillStyle = suited(page, classes.length ? colours[labels[k]] : gradient(codes[k * code], first, colours));
        context.globalAlpha = 0.75;
        context.beginPath();
        context.arc(at.x(x), at.y(y), 2.5, 0, 7);
        context.fill();
      }
      context.globalAlpha = 1;
      if (answers && !flat) ellipses(page, at, answers, code);
      if (classes.length) names(page, at, place, labels, classes);
      write(page, flat ? "one unit: h₁ →" : variational ? "z₁ →, z₂ ↑" : "h₁ →, h₂ ↑", 8, page.height - 12, "left");
    },
    /** The colour of a sample. @param {import("../parts/paper.js").Sheet} page @param {Float64Array} codes @param {number} k */
    colour(page, codes, k) {
      const all = range(Array.from({ length: codes.length / code }, (_, j) => codes[j * code]));
      return suited(page, gradient(codes[k * code], all, colours));
    },
  };
}

/** Lowest and highest but for a few strays, with a margin. @param {number[]} values */
function range(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const strays = Math.floor(values.length / 100);
  const [low, high] = [sorted[strays], sorted[values.length - 1 - strays]];
  const room = Math.max((high - low) * 0.06, 1e-3);
  return [low - room, high + room];
}

/** A box of equal sides around both ranges, so that circles look like circles. @param {number[]} x @param {number[]} y */
function square(x, y) {
  const half = Math.max(x[1] - x[0], y[1] - y[0]) / 2;
  return [x, y].flatMap(([low, high]) => [(low + high) / 2 - half, (low + high) / 2 + half]);
}

/** One of the colours by where a value lies in a range. @param {number} value @param {number[]} range @param {string[]} colours */
function gradient(value, [low, high], colours) {
  const k = Math.floor(((value - low) / (high - low || 1)) * colours.length);
  return colours[Math.min(colours.length - 1, Math.max(0, k))];
}

/** @param {import("../parts/paper.js").Sheet} page @param {ReturnType<typeof within>} at @param {Float64Array} answers @param {number} code */
function ellipses(page, at, answers, code) {
  const { context } = page;
  context.strokeStyle = page.text;
  context.lineWidth = 1;
  for (let k = 0; k < Math.min(ELLIPSES, answers.length / (2 * code)); k++) {
    const [x, y, logX, logY] = [0, 1, code, code + 1].map((j) => answers[2 * code * k + j]);
    const [wide, tall] = [at.x(Math.exp(logX / 2)) - at.x(0), at.y(0) - at.y(Math.exp(logY / 2))];
    context.globalAlpha = 0.6;
    context.beginPath();
    context.ellipse(at.x(x), at.y(y), wide, tall, 0, 0, 7);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Each class's name at the median of its points. @param {import("../parts/paper.js").Sheet} page @param {ReturnType<typeof within>} at @param {(k: number) => number[]} place @param {Uint8Array} labels @param {string[]} classes */
function names(page, at, place, labels, classes) {
  page.context.font = `bold ${page.context.font}`;
  classes.forEach((name, label) => {
    const mine = Array.from(labels.keys()).filter((k) => labels[k] === label).map(place);
    if (!mine.length) return;
    const [x, y] = [0, 1].map((side) => mine.map((one) => one[side]).sort((a, b) => a - b)[mine.length >> 1]);
    write(page, name, at.x(x), at.y(y));
  });
  page.context.font = page.context.font.replace("bold ", "");
}
