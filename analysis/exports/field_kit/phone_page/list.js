// The list of buildings, and one building with its doors.

let brush = "no_answer";
let rangeText = null;

function listView(totals) {
  const finished = totals.done >= allDoors();
  return element("main", { class: "list" },
    element("details", { class: "about" }, element("summary", {}, words("goal")),
      element("p", {}, turf.texts[settings.language].goal),
      element("p", {}, element("strong", {}, words("notice"))), element("p", {}, turf.texts[settings.language].notice)),
    saying(false),
    finished && element("p", { class: "good" }, words("finished")),
    element("ol", {}, turf.stops.map((stop) => listItem(stop, totals.doneAt(stop)))),
    missingEntry());
}

function listItem(stop, done) {
  const all = doorsIn(stop), next = nextDoor(stop);
  const nobody = next === null ? null : button(`nobody:${stop.n}`, all === 1 ? words("nobody") : words("nobody_next", { door: next }), () => {
    note(stop, next, next, "no_answer");
    toast(`${stop.label} · ${doorName(stop, next)} · ${words("no_answer")}`);
    draw();
  }, { class: "main" });
  return element("li", { class: "card" },
    button(`open:${stop.n}`, [stopSign(stop.n, done, all), element("span", { class: "where" }, element("strong", {}, stop.label),
      aloneText(stop), element("span", { class: "soft" }, stop.split ? `${words("doors_range", { a: stop.from, b: lastDoor(stop) })} · ` : "", words("done_here", { done, all })))],
      () => go(`s=${stop.n}`), { class: "open" }),
    nobody && element("div", { class: "row" }, nobody, button(`other:${stop.n}`, words("other"), () => go(`s=${stop.n}`))));
}

// Doors of earlier outings that asked not to be visited again: they are not counted here.
function aloneText(stop) {
  if (!stop.alone) return null;
  const floors = stop.alone.floors.map((n) => (n === "0" ? words("ground") : words("floor", { n })));
  return element("span", { class: "bad" }, `⊘ ${words("alone", { n: stop.alone.n })}`, floors.length ? ` (${floors.join(", ")})` : "");
}

let brushStop = null;

function buildingView(stop, totals) {
  // What was chosen for one building would be a trap in the next.
  if (brushStop !== stop) { brushStop = stop; brush = "no_answer"; }
  const done = totals.doneAt(stop), all = doorsIn(stop);
  const next = turf.stops.find((other) => other.n > stop.n && nextDoor(other) !== null);
  return element("main", { class: "building" },
    element("h2", { tabindex: "-1" }, stopSign(stop.n, done, all), " ", stop.label),
    element("p", { class: "soft" }, words("done_here", { done, all })),
    aloneText(stop),
    // Known by heart after the first door.
    saying(!records.length),
    element("p", { class: "label" }, words("brush")),
    choice(words("brush"), turf.outcomes.map((name) => [name, outcomeLabel(name), { class: name }]), brush, (name) => { brush = name; draw(); }),
    doorGrid(stop),
    all > 1 && rangeEntry(stop),
    all > 1 && layoutEntry(stop),
    next && button("next", words("next_stop"), () => go(`s=${next.n}`), { class: "wide" }));
}

function doorGrid(stop) {
  const known = doorsOf(stop), rows = [], wide = perFloor(stop) || doorsIn(stop);
  for (let door = stop.from; door <= lastDoor(stop); door++) {
    const floor = Math.floor((door - 1) / wide);
    if (!rows.length || rows[rows.length - 1].floor !== floor) rows.push({ floor, cells: [] });
    rows[rows.length - 1].cells.push(doorCell(stop, door, known.get(door)));
  }
  return element("div", { class: "doors" }, rows.reverse().map((row) => element("div", { class: "floor" },
    perFloor(stop) ? element("span", { class: "soft level" }, row.floor ? words("floor", { n: row.floor }) : words("ground")) : null,
    element("div", { class: "cells" }, row.cells))));
}

function doorCell(stop, door, record) {
  const outcome = record ? record.outcome : "";
  const label = words("cell_label", { n: door, outcome: outcome ? words(outcome) : words("cell_todo") });
  return button(`door:${door}`, [element("span", {}, String(door)), outcome && element("span", { class: "sign" }, SIGNS[outcome])], () => {
    if (record) { go(`d=${single(record, door).attempt_id}`); return; }
    const made = note(stop, door, door, brush).record;
    // A conversation is noted one at a time, its details at once; the next door is a new one.
    if (brush === "conversation") { brush = "no_answer"; go(`d=${made.attempt_id}`); }
    else { toast(`${doorName(stop, door)} · ${words(brush)}`); draw(); }
  }, { class: `cell ${outcome || "todo"}`, "aria-label": label });
}

function rangeEntry(stop) {
  const next = nextDoor(stop);
  if (next === null || brush === "conversation") return null;
  if (!rangeText || rangeText.stop !== stop) rangeText = { stop, from: String(next), to: String(lastDoor(stop)) };
  const field = (name, label) => element("label", {}, words(label), element("input", { type: "number", inputmode: "numeric", min: stop.from, max: lastDoor(stop),
    value: rangeText[name], "data-key": `range:${name}`, oninput: (event) => { rangeText[name] = event.target.value; } }));
  return element("fieldset", {}, element("legend", {}, words("range")),
    element("div", { class: "row" }, field("from", "range_from"), field("to", "range_to")),
    button("range:apply", words("range_apply", { outcome: words(brush) }), () => applyRange(stop), { class: "wide" }));
}

function applyRange(stop) {
  const [a, b] = [Number(rangeText.from), Number(rangeText.to)];
  if (!Number.isInteger(a) || !Number.isInteger(b) || a < stop.from || b > lastDoor(stop) || a > b) {
    toast(words("range_wrong", { n: lastDoor(stop) }));
    return;
  }
  const { noted, skipped } = note(stop, a, b, brush);
  rangeText = null;
  toast(words("range_done", { a, b, n: noted, skipped }));
  draw();
}

function layoutEntry(stop) {
  const set = (changes) => {
    settings.layouts[stop.id] = { ...settings.layouts[stop.id], ...changes };
    save();
    draw();
  };
  const step = (key, label, value, least, most, store) => element("div", { class: "stepper" }, element("span", {}, label),
    button(`${key}-`, "−", () => value > least && set({ [store]: value - 1 }), { "aria-label": `${label} −` }),
    element("output", {}, String(value)),
    button(`${key}+`, "+", () => value < most && set({ [store]: value + 1 }), { "aria-label": `${label} +` }));
  const noted = Math.max(stop.from, ...doorsOf(stop).keys());
  return element("div", { class: "row" },
    step("per", words("per_floor"), perFloor(stop) || doorsIn(stop), 1, 30, "perFloor"),
    !stop.split && step("all", words("doors_count"), doorsIn(stop), noted - stop.from + 1, 500, "doors"));
}
