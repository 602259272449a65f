// The error of one drawing among the errors of test images: a histogram, with a line where the drawing is.
import { frame, paper, within, write } from "../parts/paper.js";

const BINS = 30;

/** The errors come as their quantiles, from the lowest to the highest, at even steps. */
export function spread() {
  const { element, canvas, sheet } = paper("errors of test images, and the line of your drawing", "", 260, 130);
  return {
    element,
    /** @param {number} error @param {number[]} quantiles @param {string} words */
    draw(error, quantiles, words) {
      const page = sheet();
      const { context, width, height } = page;
      const most = 1.6 * quantiles[Math.round(0.99 * (quantiles.length - 1))] || 1;
      const counts = Array.from({ length: BINS }, (_, k) => share((most * (k + 1)) / BINS, quantiles) - share((most * k) / BINS, quantiles));
      const at = within(page, [0, most, 0, 1.35 * Math.max(...counts)], 1);
      context.fillStyle = page.blue;
      context.globalAlpha = 0.65;
      counts.forEach((count, k) => {
        const [left, right, top] = [at.x((most * k) / BINS), at.x((most * (k + 1)) / BINS), at.y(count)];
        context.fillRect(left, top, right - left - 1, height - top);
      });
      context.globalAlpha = 1;
      frame(page);
      const x = at.x(Math.min(error, most));
      context.strokeStyle = page.orange;
      context.lineWidth = 3;
      context.beginPath();
      context.moveTo(x, height);
      context.lineTo(x, 20);
      context.stroke();
      const text = error.toFixed(error < 10 ? 1 : 0);
      if (x > width - 60) write(page, error > most ? `${text} →` : text, width - 6, 11, "right");
      else write(page, text, Math.max(x, 16), 11);
      canvas.setAttribute("aria-label", words);
    },
  };
}

/** The share of test images whose error is below this one. @param {number} error @param {number[]} quantiles */
export function share(error, quantiles) {
  const above = quantiles.findIndex((quantile) => quantile >= error);
  if (above < 0) return 1;
  if (above === 0) return 0;
  const [low, high] = [quantiles[above - 1], quantiles[above]];
  return (above - 1 + (error - low) / (high - low)) / (quantiles.length - 1);
}

/** @param {number} error @param {number[]} quantiles */
export function said(error, quantiles) {
  const percent = Math.min(99, Math.max(1, Math.round(100 * share(error, quantiles))));
  const number = `squared error ${error.toFixed(1)}`;
  if (error > quantiles[quantiles.length - 1]) return `${number}: larger than that of every test image`;
  if (error < quantiles[0]) return `${number}: smaller than that of every test image`;
  return `${number}: larger than that of ${percent}% of the test images`;
}
