// The map of the codes of test images, with the drawing's place on it: of a VAE, q(z|x) as ellipses.
import { frame, paper, suited, within, write } from "../parts/paper.js";

const SIDE = 280;
const ROOM = 10; // around the box
const MARK = 8;

/**
 * project: the two directions that the map shows, [2][code], from `centre`; box: left, right, low, high of the map.
 * @typedef {{project: number[][], centre: number[], box: number[], names: [number, number, string][], axes: string,
 *   colours: string[]}} MapSpec
 */

/** @param {MapSpec} spec @param {Uint8Array} points [count, 2], 0 to 255 across the box @param {Uint8Array} labels */
export function placeOnMap({ project, centre, box, names, axes, colours }, points, labels, variational = false) {
  const caption = variational ? "codes of test images; q(z|x) of your drawing, one and two deviations" : "codes of test images, and your drawing's";
  const { element, sheet } = paper(caption, "map of the codes of test images, and the place of your drawing", SIDE, SIDE);
  const back = document.createElement("canvas");
  let drawn = "";

  /** All that stays the same, drawn once. @param {import("../parts/paper.js").Sheet} page */
  const background = (page) => {
    const now = `${page.text} ${page.context.canvas.width}`;
    if (now === drawn) return;
    drawn = now;
    [back.width, back.height] = [page.context.canvas.width, page.context.canvas.height];
    const context = /** @type {CanvasRenderingContext2D} */ (back.getContext("2d"));
    context.scale(back.width / SIDE, back.height / SIDE);
    const sheet = { ...page, context };
    frame(sheet);
    const at = within(sheet, [0, 255, 0, 255], ROOM);
    context.globalAlpha = 0.7;
    for (let k = 0; k < points.length / 2; k++) {
      context.fillStyle = colours.length ? suited(page, colours[labels[k] % colours.length]) : page.blue;
      context.beginPath();
      context.arc(at.x(points[2 * k]), at.y(points[2 * k + 1]), 2.2, 0, 7);
      context.fill();
    }
    context.globalAlpha = 1;
    context.font = `bold ${page.context.font}`;
    const inBox = within(sheet, box, ROOM);
    for (const [x, y, name] of names) write(sheet, name, inBox.x(x), inBox.y(y));
    context.font = page.context.font;
    write(sheet, axes, 8, page.height - 10, "left");
  };

  /** @param {Float64Array} code */
  const onPlane = (code) => project.map((direction) => direction.reduce((sum, v, k) => sum + v * (code[k] - centre[k]), 0));

  return {
    element,
    /** @param {Float64Array} code @param {Float64Array | null} deviations @param {Float64Array | null} from: the code of the drawing that was kept */
    draw(code, deviations, from) {
      const page = sheet();
      const { context } = page;
      background(page);
      context.drawImage(back, 0, 0, SIDE, SIDE);
      const at = within(page, box, ROOM);
      const inside = (/** @type {number} */ v) => Math.max(MARK, Math.min(SIDE - MARK, v));
      const spot = (/** @type {Float64Array} */ one) => onPlane(one).map((v, k) => inside(k ? at.y(v) : at.x(v)));
      const [x, y] = spot(code);
      context.strokeStyle = page.text;
      context.lineWidth = 2;
      if (deviations) ellipses(context, [x, y], covariance(project, deviations, at.x(1) - at.x(0), at.y(1) - at.y(0)));
      if (from) {
        const [x0, y0] = spot(from);
        context.lineWidth = 2;
        context.beginPath();
        context.moveTo(x0, y0);
        context.lineTo(x, y);
        context.stroke();
        ring(context, x0, y0, page.blue, MARK - 2);
      }
      ring(context, x, y, page.orange, deviations ? 1 : MARK - 2);
    },
  };
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {string} colour @param {number} radius */
function ring(context, x, y, colour, radius) {
  for (const [style, width] of /** @type {[string, number][]} */ ([["#fff", 6], [colour, 4]])) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.stroke();
  }
}

/** Of independent latents, on the map, in pixels: variance across, covariance, variance upwards. @param {number[][]} project @param {Float64Array} deviations @param {number} across @param {number} up */
function covariance([first, second], deviations, across, up) {
  const sum = (/** @type {number[]} */ a, /** @type {number[]} */ b) => a.reduce((total, v, k) => total + v * b[k] * deviations[k] ** 2, 0);
  return [sum(first, first) * across ** 2, sum(first, second) * across * up, sum(second, second) * up ** 2];
}

/** One and two deviations around a point. @param {CanvasRenderingContext2D} context @param {number[]} middle @param {number[]} covariance */
function ellipses(context, [x, y], [a, b, c]) {
  const [mean, half] = [(a + c) / 2, Math.hypot((a - c) / 2, b)];
  const axes = [mean + half, Math.max(0, mean - half)].map(Math.sqrt);
  for (const times of [1, 2]) {
    context.beginPath();
    context.ellipse(x, y, times * axes[0], times * axes[1], Math.atan2(2 * b, a - c) / 2, 0, 7);
    context.stroke();
  }
}
