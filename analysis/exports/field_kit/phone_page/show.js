// What every view is made of: elements, words, buttons.

function words(key, values = {}) {
  const text = turf.words[settings.language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
const count = (key, one, n) => (n === 1 ? words(one) : words(key, { n }));

// Texts reach the page as text nodes only: streets come from files.
function element(tag, attributes, ...children) {
  const made = tag === "svg" || SHAPES.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}
const SHAPES = new Set(["g", "path", "circle", "rect", "text"]);

// A button; `key` finds it again after the view is drawn anew, so that the keyboard stays there.
function button(key, label, tapped, attributes = {}) {
  return element("button", { type: "button", "data-key": key, onclick: tapped, ...attributes }, label);
}

// Buttons of which one is pressed.
function choice(name, options, chosen, choose) {
  const buttons = options.map(([value, label, attributes]) =>
    button(`${name}:${value}`, label, () => choose(value), { "aria-pressed": String(value === chosen), ...attributes }));
  return element("div", { class: "choice", role: "group", "aria-label": name }, buttons);
}

const SIGNS = { no_answer: "–", refused: "×", conversation: "✓", moved: "→", no_access: "!", do_not_disturb: "⊘" };
const outcomeLabel = (outcome) => [element("span", { class: `sign ${outcome}`, "aria-hidden": "true" }, SIGNS[outcome]), " ", words(outcome)];

function doorName(stop, from, to = from) {
  if (doorsIn(stop) === 1 && stop.from === 1) return stop.label;
  return from === to ? words("door", { n: from }) : words("doors_range", { a: from, b: to });
}

let toastTimer = 0;
function toast(text) {
  const bar = document.getElementById("toast");
  bar.textContent = text;
  bar.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => bar.classList.remove("shown"), 2500);
}

function stopSign(n, done, all) {
  const state = done >= all ? "full" : done ? "half" : "empty";
  return element("span", { class: `stop ${state}`, "aria-hidden": "true" }, String(n));
}
