// Training on request, in a worker: the page says play, pause, step, reset, or turns a setting; what is seen of the network
// comes back, at most one picture ahead of what the page has drawn.
import { random } from "../engine/random.js";
import { trainer } from "./trainer.js";
import { views } from "./views.js";

const TICK = 30; // milliseconds of training between two looks at the messages

/** @param {{postMessage: (message: any) => void, onmessage: ((event: any) => void) | null}} port */
export function serve(port) {
  /** @type {any} */
  let given;
  /** @type {ReturnType<typeof trainer>} */
  let net;
  let [playing, waiting, fresh, allowed, last] = [false, false, false, 0, 0];
  /** @type {number[][]} */
  let losses = [];
  let [samples, since] = [0, 0]; // how fast it goes
  let speed = 0;

  const start = () => {
    net = trainer(given.plan, given.train, given.settings);
    losses = [];
    show(true);
  };
  const step = () => {
    const { loss, reconstruction, n } = net.step();
    losses.push([net.steps(), loss, reconstruction]);
    samples += n;
    fresh = true;
  };
  /** @param {boolean} [restarted] */
  const show = (restarted = false) => {
    const now = performance.now();
    const view = views(net, given.plan, given.test, given.noise);
    const perSecond = playing && now > since ? (1000 * samples) / (now - since) : 0;
    if (now - since > 500) [samples, since] = [0, now];
    port.postMessage({ view, losses, restarted, steps: net.steps(), epoch: net.epoch(), perSecond });
    losses = [];
    [waiting, fresh] = [true, false];
  };
  const tick = () => {
    if (!playing) return;
    const now = performance.now();
    allowed = Math.min(allowed + (speed * (now - last)) / 1000, Math.max(1, speed / 10)); // a sleeping page owes nothing
    last = now;
    while (allowed >= 1 && performance.now() - now < TICK) {
      step();
      allowed--;
    }
    if (fresh && !waiting) show();
    setTimeout(tick, allowed >= 1 ? 0 : 8);
  };

  /** @type {Record<string, (message: any) => void>} */
  const actions = {
    start(message) {
      const draw = random(message.plan.seed + 1);
      given = { ...message, noise: Float64Array.from({ length: message.plan.inputs * 8 }, draw.normal) };
      start();
    },
    set(message) {
      speed = message.speed;
      Object.assign(given.settings, message.settings);
      if (playing) fresh = true;
      else show();
    },
    play() {
      if (playing) return;
      [playing, last, samples, since] = [true, performance.now(), 0, performance.now()];
      tick();
    },
    pause() {
      playing = false;
      show();
    },
    step() {
      step();
      show();
    },
    reset: start,
    seen() {
      waiting = false;
    },
  };
  port.onmessage = ({ data }) => actions[data.act](data);
}
