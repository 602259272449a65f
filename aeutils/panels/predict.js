// A prediction: a question, what the learner expects, what came out.
//   spec        {question, choices, unit}: the texts to choose from, or null where a number is asked for
//   value       the result, a choice or a number; null until it is computed
//   prediction  what the learner expects, likewise
//   shown       is the result to be seen without a prediction?
// It is seen twice: where it is asked, and where the result is computed. Both views show the same.
//
// In JupyterLab anywidget calls `render`. A page without a kernel (an exported notebook) calls `mount` itself.

export default { render };

function render({ model, el }) {
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  el.classList.add("aeutils-predict");
  const draw = view(el, model.get("spec"), (name) => model.get(name), set);
  const events = ["change:value", "change:prediction", "change:shown"];
  events.forEach((event) => model.on(event, draw));
  return () => events.forEach((event) => model.off(event, draw));
}

// Every view of the question `key` on this page; the one where the result is computed brings the `value`.
export function mount(key, spec, value) {
  const questions = (globalThis.aeutilsPredictions ??= new Map());
  if (!questions.has(key)) questions.set(key, { state: { value: null, prediction: null, shown: false }, views: [] });
  const { state, views } = questions.get(key);
  state.value = value ?? state.value;
  const set = (name, to) => {
    state[name] = to;
    views.forEach((draw) => draw());
  };
  for (const root of document.querySelectorAll(`.aeutils-predict[data-key="${key}"]:not(.alive)`)) {
    root.classList.add("alive");
    views.push(view(root, spec, (name) => state[name], set));
  }
  views.forEach((draw) => draw());
}

// Builds a view inside `root`. Returns the function that brings it up to date.
function view(root, spec, get, set) {
  const act = (name, value) => {
    set(name, value);
    status.focus(); // it is what has changed, and Shift+Enter runs cells again
  };
  const ask = (spec.choices ? choices : number)(spec, (value) => act("prediction", value));
  const reveal = h("button", { type: "button", ...OURS }, "Show the result");
  reveal.addEventListener("click", () => act("shown", true));
  const answers = h("div", { class: "answers" });
  const note = h("span");
  const status = h("div", { class: "status", tabindex: -1 }, [answers, h("p", {}, [note, reveal])]);

  const draw = () => {
    const [value, prediction, shown] = ["value", "prediction", "shown"].map(get);
    const [known, predicted] = [value !== null, prediction !== null];
    const open = known && (predicted || shown);
    ask.element.hidden = open;
    ask.show(prediction);
    reveal.hidden = !known || open;
    answers.hidden = !open;
    const entries = [predicted && ["Your prediction", prediction], ["Result", value]].filter(Boolean);
    answers.replaceChildren(...(open ? entries.map(([name, one]) => entry(name, written(one, spec.unit))) : []));
    if (open) note.textContent = predicted ? verdict(prediction, value, spec.unit) : "";
    else if (known) note.textContent = "The result is there. Predict first, or";
    else if (predicted) note.textContent = `You predict: ${written(prediction, spec.unit)}. Waiting for the cell below.`;
    else note.textContent = "Predict, then run the cell below.";
  };
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `Predict: ${spec.question}`);
  root.replaceChildren(h("p", { class: "question" }, spec.question), ask.element, status);
  draw();
  return draw;
}

// What a learner answers with. Each has an element, and shows a prediction.

const OURS = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab is to leave the keys to us

function choices({ choices }, answer) {
  const buttons = choices.map((choice) => h("button", { type: "button", ...OURS }, choice));
  buttons.forEach((button, k) => button.addEventListener("click", () => answer(choices[k])));
  const show = (prediction) => buttons.forEach((one, k) => one.setAttribute("aria-pressed", choices[k] === prediction));
  return { element: h("div", { class: "choices" }, buttons), show };
}

function number({ unit }, answer) {
  const input = h("input", { type: "number", step: "any", required: "", ...OURS });
  const label = h("label", {}, ["Your prediction", input, unit]);
  const form = h("form", {}, [label, h("button", OURS, "Predict")]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(input.valueAsNumber);
  });
  const show = (prediction) => {
    if (prediction !== null) input.value = prediction;
  };
  return { element: form, show };
}

// Prediction beside result, in words.
function verdict(prediction, value, unit) {
  if (typeof value === "string") {
    return prediction === value ? "✓ Right." : "Not what you predicted. What made the difference?";
  }
  if (written(prediction, unit) === written(value, unit)) return "✓ Exactly as you predicted.";
  const ratio = prediction / value;
  if (!(ratio > 0 && ratio < Infinity)) return `They differ by ${written(Math.abs(prediction - value), unit)}.`;
  if (ratio >= 2) return `Your prediction is ${short(ratio)} times the result.`;
  if (ratio <= 0.5) return `The result is ${short(1 / ratio)} times your prediction.`;
  return `Your prediction is ${short(100 * Math.abs(ratio - 1))} % ${ratio > 1 ? "above" : "below"} the result.`;
}

const rounded = (value, digits) => String(Number(value.toPrecision(digits)));
const short = (value) => rounded(value, 2);

// A choice as it is, a number in four digits with its unit.
function written(value, unit) {
  if (typeof value === "string") return value;
  return unit ? `${rounded(value, 4)}\u00a0${unit}` : rounded(value, 4);
}

const entry = (name, text) => h("div", {}, [h("span", { class: "name" }, name), h("span", { class: "answer" }, text)]);

// An element with attributes and children.
function h(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...[children].flat());
  return element;
}
