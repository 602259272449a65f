import assert from "node:assert/strict";
import { test } from "node:test";

import { gather, meetings, scatter } from "../../../../aeutils/panels/engine/columns.js";
import { multiply } from "../../../../aeutils/panels/engine/multiply.js";
import { network, weightCount } from "../../../../aeutils/panels/engine/network.js";

const numbers = (count, seed = 1) => Float64Array.from({ length: count }, (_, k) => Math.sin(1000 * (k + seed)));
const dot = (a, b) => a.reduce((sum, v, k) => sum + v * b[k], 0);
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test("a product of any sizes and strides, added to what is there", () => {
  for (const [m, n, k] of [[1, 1, 1], [2, 4, 3], [5, 7, 6], [3, 9, 2], [4, 4, 1]]) {
    const [a, b] = [numbers(m * k), numbers(k * n, 7)];
    const turned = (x, rows, columns) => Float64Array.from(x, (_, p) => x[(p % rows) * columns + Math.floor(p / rows)]);
    const [plain, strided] = [new Float64Array(m * n).fill(2), new Float64Array(m * n).fill(2)];
    multiply(m, n, k, a, k, 1, b, n, 1, plain, n);
    multiply(m, n, k, turned(a, m, k), 1, m, turned(b, k, n), 1, k, strided, n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const expected = 2 + dot(a.subarray(i * k, (i + 1) * k), Array.from({ length: k }, (_, t) => b[t * n + j]));
        near(plain[i * n + j], expected);
        near(strided[i * n + j], expected);
      }
    }
  }
});

test("scatter is the transpose of gather", () => {
  const at = meetings({ channels: 2, size: 3, stride: 2, padding: 1, large: [5, 6], small: [3, 3] });
  const [map, columns] = [numbers(60), numbers(at.length, 5)];
  const [seen, back] = [new Float64Array(at.length), new Float64Array(60)];
  gather(at, map, seen);
  scatter(at, columns, back);
  near(dot(seen, columns), dot(map, back));
});

test("gradients add up, and every sample of a batch counts by itself", () => {
  const layers = [{ kind: "linear", inputs: 3, outputs: 2 }, { kind: "tanh" }];
  const weights = numbers(weightCount(layers));
  const [one, both] = [network(layers, 3, weights, 1), network(layers, 3, weights, 2)];
  const [x, dy] = [numbers(6), numbers(4)];
  for (const k of [0, 1]) {
    one.forward(x.subarray(3 * k, 3 * k + 3));
    one.backward(dy.subarray(2 * k, 2 * k + 2));
  }
  both.forward(x, 2);
  both.backward(dy, 2);
  one.gradients.forEach((value, k) => near(value, both.gradients[k]));
});

test("what does not fit is said", () => {
  const layers = [{ kind: "linear", inputs: 3, outputs: 2 }];
  assert.throws(() => network(layers, 3, numbers(7)), /more than its 7/);
  assert.throws(() => network(layers, 3, numbers(9)), /has 8 weights; got 9/);
  assert.throws(() => network([{ kind: "dense" }], 3, []), /no layer dense; expected one of linear/);
  assert.throws(() => network([{ kind: "linear", inputs: 3 }], 3, []), /a linear layer needs outputs/);
});
