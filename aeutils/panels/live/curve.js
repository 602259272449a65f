// The loss while training: a line over the steps, on a logarithmic scale.
import { frame, paper, within, write } from "../parts/paper.js";

const POINTS = 400; // the line has no more: neighbours become their mean

/** @param {string} unit: what an error is */
export function lossCurve(unit) {
  const { element, canvas, sheet } = paper(`error (${unit}) over steps, logarithmic`, "the error over the steps: nothing yet", 260, 200);
  /** @type {number[][]} [step, error, how many steps] */
  let points = [];
  let each = 1;
  return {
    element,
    clear: () => [points, each] = [[], 1],
    /** @param {number[][]} losses: [step, loss, reconstruction] */
    add(losses) {
      for (const [step, , error] of losses) {
        const last = points.at(-1);
        if (last && last[2] < each) points[points.length - 1] = [step, last[1] + (error - last[1]) / (last[2] + 1), last[2] + 1];
        else points.push([step, error, 1]);
        if (points.length < POINTS) continue;
        each *= 2;
        points = Array.from({ length: POINTS / 2 }, (_, k) => joined(points[2 * k], points[2 * k + 1]));
      }
    },
    last: () => points.at(-1)?.[1],
    draw() {
      const page = sheet();
      const { context, height } = page;
      frame(page);
      if (points.length < 2) return;
      const errors = points.map(([, error]) => error);
      const [low, high] = [Math.min(...errors) * 0.9, Math.max(...errors) * 1.1].map(Math.log10);
      const at = within(page, [0, points[points.length - 1][0], low, high]);
      context.strokeStyle = page.text;
      for (const tick of ticks(low, high)) {
        const y = at.y(Math.log10(tick));
        context.globalAlpha = 0.2;
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(0, y);
        context.lineTo(page.width, y);
        context.stroke();
        context.globalAlpha = 1;
      }
      context.strokeStyle = page.blue;
      context.lineWidth = 2;
      context.beginPath();
      for (const [step, error] of points) context.lineTo(at.x(step), at.y(Math.log10(error)));
      context.stroke();
      for (const tick of ticks(low, high)) write(page, String(tick), 6, at.y(Math.log10(tick)), "left");
      write(page, `step ${points[points.length - 1][0].toLocaleString("en")}`, page.width - 8, height - 12, "right");
      const words = [errors[0], errors[errors.length - 1]].map((error) => String(Number(error.toPrecision(2))));
      canvas.setAttribute("aria-label", `the error over the steps: from ${words.join(" to ")}`);
    },
  };
}

/** @param {number[]} a @param {number[]} b */
function joined(a, b) {
  const count = a[2] + b[2];
  return [b[0], (a[1] * a[2] + b[1] * b[2]) / count, count];
}

/** 1, 2, 5, 10, ... between two logarithms, at most five of them. @param {number} low @param {number} high */
function ticks(low, high) {
  const all = [];
  for (let power = Math.floor(low); power <= high; power++) for (const first of [1, 2, 5]) all.push(Number((first * 10 ** power).toPrecision(2)));
  const inside = all.filter((tick) => Math.log10(tick) > low && Math.log10(tick) < high);
  return inside.length > 5 ? inside.filter((tick) => /^0?\.?0*1/.test(String(tick))) : inside;
}
