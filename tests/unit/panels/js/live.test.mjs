import assert from "node:assert/strict";
import { test } from "node:test";

import { random } from "../../../../aeutils/panels/engine/random.js";
import { serve } from "../../../../aeutils/panels/live/serve.js";
import { trainer } from "../../../../aeutils/panels/live/trainer.js";

const linear = (inputs, outputs) => ({ kind: "linear", inputs, outputs });
const plan = { encoder: [linear(2, 8), { kind: "tanh" }, linear(8, 2)], decoder: [linear(2, 8), { kind: "tanh" }, linear(8, 2)] };
Object.assign(plan, { inputs: 2, code: 2, variational: false, logits: false, batch: 16, seed: 5, plane: true, box: [-2, 2, -2, 2] });
const settings = { bottleneck: 1, noise: 0.1, sparsity: 0, beta: 0, rate: 0.01 };
const draw = random(1);
const line = Float64Array.from({ length: 200 }, draw.normal).map((v, k, all) => (k % 2 ? 0.5 * all[k - 1] : v));
const start = (changes = {}) => trainer({ ...plan, ...changes }, line, { ...settings });
const steps = (net, count) => Array.from({ length: count }, () => net.step().loss);

test("numbers are uniform and normal, and the seed's alone", () => {
  const [a, b, other] = [random(7), random(7), random(8)];
  const first = Array.from({ length: 20_000 }, a.uniform);
  assert.deepEqual(Array.from({ length: 20_000 }, b.uniform), first);
  assert.notEqual(other.uniform(), first[0]);
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  assert.ok(first.every((v) => v >= 0 && v < 1) && Math.abs(mean(first) - 0.5) < 0.01);
  const normal = Array.from({ length: 20_000 }, a.normal);
  assert.ok(Math.abs(mean(normal)) < 0.03 && Math.abs(mean(normal.map((v) => v * v)) - 1) < 0.05);
  const order = Int32Array.from({ length: 50 }, (_, k) => k);
  a.shuffle(order);
  assert.notDeepEqual([...order], [...order].sort((x, y) => x - y));
  assert.deepEqual([...new Set(order)].length, 50);
});

test("the same seed is the same run, another seed another one", () => {
  assert.deepEqual(steps(start(), 40), steps(start(), 40));
  assert.notDeepEqual(steps(start(), 5), steps(start({ seed: 6 }), 5));
});

test("it learns: points on a line need one number", () => {
  const net = start();
  const losses = steps(net, 800);
  assert.ok(losses.at(-1) < 0.1 * losses[0], `${losses[0]} -> ${losses.at(-1)}`);
  const back = net.decode(net.codes(net.encode(line)));
  const error = line.reduce((sum, v, k) => sum + (v - back[k]) ** 2, 0) / 100;
  assert.ok(error < 0.1, String(error));
  assert.ok(net.encode(line).every((v, k) => k % 2 === 0 || v === 0)); // the closed unit
});

test("a setting acts at the next step", () => {
  const [plain, turned] = [start(), start()];
  steps(plain, 3);
  steps(turned, 3);
  turned.settings.sparsity = 5;
  assert.ok(turned.step().loss > plain.step().loss);
});

function server() {
  const heard = [];
  const port = { postMessage: (message) => heard.push(message), onmessage: null };
  serve(port);
  const say = (act, more = {}) => port.onmessage({ data: { act, ...more } });
  say("start", { plan, train: line, test: line, settings: { ...settings } });
  say("set", { speed: 1e9, settings });
  return { heard, say };
}

test("step, start again, and the same again", () => {
  const { heard, say } = server();
  say("step");
  say("step");
  const before = heard.at(-1);
  assert.equal(before.steps, 2);
  say("reset");
  assert.deepEqual([heard.at(-1).steps, heard.at(-1).restarted], [0, true]);
  say("step");
  say("step");
  assert.deepEqual(heard.at(-1).view.codes, before.view.codes);
});

test("playing never sends a picture before the last one was drawn, and pauses", async () => {
  const { heard, say } = server();
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  say("seen");
  const before = heard.length;
  say("play");
  await wait(120);
  assert.equal(heard.length, before + 1);
  say("seen");
  await wait(80);
  assert.equal(heard.length, before + 2);
  say("pause");
  const { steps } = heard.at(-1);
  assert.ok(steps > 20);
  await wait(50);
  say("step");
  assert.equal(heard.at(-1).steps, steps + 1);
});
