// A building that no file knows: a street of this turf, a number, how many doors. No room for words.

let building = { open: false, street: 0, number: "", suffix: "", doors: "" };
const SUFFIXES = ["", "bis", "ter", "quater", "A", "B", "C", "D"];
const MOST = { number: 9999, doors: 500 };

// Street → an address of it, by which the office knows which street is meant.
function streetsHere() {
  const found = new Map();
  for (const stop of turf.stops) if (stop.street && !found.has(stop.street)) found.set(stop.street, stop.id);
  return [...found];
}

function missingEntry() {
  const streets = streetsHere(), told = missing.filter((one) => !one.gone);
  if (!streets.length) return null;
  const whole = (name, head) => element("label", {}, head, element("input", { type: "number", inputmode: "numeric", min: 1, max: MOST[name], value: building[name],
    "data-key": `missing:${name}`, oninput: (event) => { building[name] = event.target.value; } }));
  const listed = (name, head, options) => element("label", {}, head, element("select", { "data-key": `missing:${name}`,
    onchange: (event) => { building[name] = event.target.value; } },
    options.map(([value, label]) => element("option", { value, selected: String(value) === String(building[name]) }, label))));
  return element("details", { class: "missing", open: building.open, ontoggle: (event) => { building.open = event.target.open; } },
    element("summary", {}, told.length ? `${words("missing")} (${told.length})` : words("missing")),
    element("p", { class: "soft" }, words("missing_help")),
    listed("street", words("missing_street"), streets.map(([street], n) => [n, street])),
    element("div", { class: "row" }, whole("number", words("missing_number")), listed("suffix", words("missing_suffix"), SUFFIXES.map((one) => [one, one || "–"])), whole("doors", words("missing_doors_head"))),
    button("missing:add", words("missing_add"), addMissing, { class: "wide" }),
    element("ul", {}, told.map((one) => element("li", { class: "row" }, element("span", { class: "where" }, `${one.name} · ${count("missing_doors", "missing_door", one.doors)}`),
      one.sent ? element("span", { class: "soft" }, words("missing_sent")) : button(`missing:${one.report_id}`, words("undo"), () => { one.gone = true; save(); draw(); })))));
}

function addMissing() {
  const number = Number(building.number), doors = Number(building.doors);
  const isCount = (value, most) => Number.isInteger(value) && value >= 1 && value <= most;
  if (!isCount(number, MOST.number) || !isCount(doors, MOST.doors)) { toast(words("missing_wrong")); return; }
  const [street, address_id] = streetsHere()[Number(building.street)];
  const name = `${[number, building.suffix].filter(Boolean).join(" ")} ${street}`;
  const known = [...turf.stops.map((stop) => stop.label), ...missing.filter((one) => !one.gone).map((one) => one.name)];
  if (known.includes(name)) { toast(words("missing_known", { name })); return; }
  missing.push({ report_id: uuid(), address_id, at: instant(new Date()), number, suffix: building.suffix, doors, name });
  building = { ...building, number: "", suffix: "", doors: "" };
  save();
  toast(words("missing_noted", { name }));
  draw();
}
