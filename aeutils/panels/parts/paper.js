// A canvas that is drawn on in units of its own: sharp on every screen, in the colours of the page around it.
import { h } from "./dom.js";

/** Okabe and Ito's colours, which colour-blind eyes can tell apart. */
export const BLUE = "#0072b2";
export const ORANGE = "#d55e00";
const DARK_BLUE = "#56b4e9"; // on a dark page
const DARK_ORANGE = "#e69f00";

/**
 * @param {string} caption @param {string} label: the alternative text @param {number} width @param {number} height, on the page
 */
export function paper(caption, label, width, height) {
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { role: "img", "aria-label": label }));
  canvas.style.cssText = `width: ${width}px; aspect-ratio: ${width} / ${height}; height: auto; image-rendering: auto`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  return {
    element: h("figure", {}, [canvas, h("figcaption", {}, caption)]),
    canvas,
    /** A clean sheet. @returns {Sheet} */
    sheet() {
      const scale = globalThis.devicePixelRatio || 1;
      if (canvas.width !== Math.round(width * scale)) {
        [canvas.width, canvas.height] = [width, height].map((side) => Math.round(side * scale));
      }
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, height);
      const text = getComputedStyle(canvas).color;
      const dark = lightness(text) > 0.5; // light text
      context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
      return { context, width, height, text, dark, blue: dark ? DARK_BLUE : BLUE, orange: dark ? DARK_ORANGE : ORANGE };
    },
  };
}

/**
 * @typedef {{context: CanvasRenderingContext2D, width: number, height: number, text: string, dark: boolean, blue: string, orange: string}} Sheet
 */

/** From 0, black, to 1. @param {string} colour: rgb(...) */
function lightness(colour) {
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? ["0", "0", "0"]).map(Number);
  return (0.3 * r + 0.59 * g + 0.11 * b) / 255;
}

/** A class's colour on this sheet: lighter on a dark page. @param {Sheet} sheet @param {string} colour: #rrggbb */
export function suited({ dark }, colour) {
  if (!dark) return colour;
  const parts = [1, 3, 5].map((k) => Math.round(parseInt(colour.slice(k, k + 2), 16) * 0.55 + 255 * 0.45));
  return `rgb(${parts.join(" ")})`;
}

/**
 * From the numbers of a box to places on the sheet, with room for a frame around it.
 * @param {Sheet} sheet @param {number[]} box: left, right, low, high @param {number} [margin]
 */
export function within({ width, height }, [left, right, low, high], margin = 8) {
  return {
    x: (/** @type {number} */ v) => margin + ((v - left) / (right - left || 1)) * (width - 2 * margin),
    y: (/** @type {number} */ v) => height - margin - ((v - low) / (high - low || 1)) * (height - 2 * margin),
  };
}

/** A thin frame. @param {Sheet} sheet */
export function frame({ context, width, height, text }) {
  context.globalAlpha = 0.35;
  context.strokeStyle = text;
  context.lineWidth = 1;
  context.strokeRect(0.5, 0.5, width - 1, height - 1);
  context.globalAlpha = 1;
}

/** Writing with a halo, so that it is read on points. @param {Sheet} sheet @param {string} words @param {number} x @param {number} y @param {CanvasTextAlign} [align] */
export function write({ context, text, dark }, words, x, y, align = "center") {
  context.textAlign = align;
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = dark ? "#111" : "#fff";
  context.strokeText(words, x, y);
  context.fillStyle = text;
  context.fillText(words, x, y);
}
