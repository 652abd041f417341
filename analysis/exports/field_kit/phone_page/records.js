"use strict";
// What was noted, and how it may change. Nothing here touches the screen.

const turf = JSON.parse(document.getElementById("turf").textContent);
const stopOf = new Map(turf.stops.map((stop) => [stop.id, stop]));

// A building may have more or fewer doors than was known: what was counted on the spot holds.
const doorsIn = (stop) => settings.layouts[stop.id]?.doors || stop.doors;
const lastDoor = (stop) => stop.from + doorsIn(stop) - 1;
const perFloor = (stop) => settings.layouts[stop.id]?.perFloor || (stop.doors <= 4 ? 0 : stop.doors <= 40 ? 4 : 6);
const floorOf = (stop, door) => perFloor(stop) ? String(Math.floor((door - 1) / perFloor(stop))) : "";
const allDoors = () => turf.stops.reduce((sum, stop) => sum + doorsIn(stop), 0);

// A record is an attempt as it is exported, and what only this phone knows of it:
// `from` and `to`, its doors; `batch`, the tap that made it; `tick`, when, in milliseconds;
// `rev`, how often it was changed; `sent`, whether a file held it; `gone`, dropped before.
let records = [];
// Contacts of people, each shut: id, when, content that nobody here can read; `gone`, thrown away.
let boxes = [];
// Buildings that no file knows, found on the way: what is exported, and `name`, `sent`, `gone`.
let missing = [];

function uuid() {
  // crypto.randomUUID is missing where a page is no "secure context", as some phones open files.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// An instant with its offset from UTC, in whole seconds: 2027-03-06T18:31:05+01:00.
function instant(date) {
  const two = (n) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  const ahead = -date.getTimezoneOffset();
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day}T${time}${ahead < 0 ? "-" : "+"}${two(ahead / 60)}:${two(ahead % 60)}`;
}

function newRecord(stop, from, to, outcome, batch) {
  return { attempt_id: uuid(), address_id: stop.id, at: instant(new Date()), outcome, from, to, batch,
    floor: from === to ? floorOf(stop, from) : "", tick: Date.now(), rev: 1 };
}

// Attempts as they now stand: each first attempt with its latest correction; none that is undone.
function standing() {
  const latest = new Map();
  for (const record of records) {
    if (record.gone) continue;
    const root = record.corrects || record.attempt_id;
    const seen = latest.get(root);
    if (!seen || (record.corrects && (!seen.corrects || Date.parse(record.at) >= Date.parse(seen.at)))) latest.set(root, record);
  }
  return [...latest.values()].filter((record) => record.outcome !== "undone");
}

// What stands at each door of a stop: door → its latest record.
function doorsOf(stop) {
  const found = new Map();
  for (const record of standing()) {
    if (record.address_id !== stop.id) continue;
    for (let door = record.from; door <= record.to; door++) found.set(door, record);
  }
  return found;
}

function counts() {
  const done = new Map(turf.stops.map((stop) => [stop.id, new Set()]));
  const outcomes = Object.fromEntries(turf.outcomes.map((name) => [name, 0]));
  for (const record of standing()) {
    outcomes[record.outcome] += record.to - record.from + 1;
    for (let door = record.from; door <= record.to; door++) done.get(record.address_id)?.add(door);
  }
  const doneAt = (stop) => [...done.get(stop.id)].filter((door) => door >= stop.from && door <= lastDoor(stop)).length;
  const attempts = Object.values(outcomes).reduce((sum, n) => sum + n, 0);
  const unsent = records.filter((record) => !record.gone && !record.sent).length;
  return { doneAt, outcomes, attempts, unsent, done: turf.stops.reduce((sum, stop) => sum + doneAt(stop), 0) };
}

function nextDoor(stop) {
  const done = doorsOf(stop);
  for (let door = stop.from; door <= lastDoor(stop); door++) if (!done.has(door)) return door;
  return null;
}

// Note one outcome at the doors `from` to `to` that have none yet, a record for each run of them.
function note(stop, from, to, outcome) {
  const done = doorsOf(stop), batch = uuid(), made = [];
  let noted = 0;
  for (let door = from; door <= to; door++) {
    if (done.has(door)) continue;
    const last = made[made.length - 1];
    if (last && last.to === door - 1) { last.to = door; last.floor = ""; }
    else made.push(newRecord(stop, door, door, outcome, batch));
    noted++;
  }
  records.push(...made);
  save();
  return { noted, skipped: to - from + 1 - noted, record: made[0] };
}

// Change a record: in place before a file has held it, else by a correction of the first attempt.
function change(record, changes) {
  if (!record.sent) {
    Object.assign(record, changes, { rev: record.rev + 1 });
    save();
    return record;
  }
  const root = record.corrects || record.attempt_id;
  const now = new Date();
  // The latest correction counts, and instants have whole seconds: never the same one twice.
  const after = new Date(Math.max(now, Date.parse(record.at) + 1000));
  const made = { ...record, ...changes, attempt_id: uuid(), corrects: root, at: instant(after), tick: Date.now(), sent: false, rev: 1 };
  records.push(made);
  save();
  return made;
}

function remove(record) {
  if (record.sent) change(record, { outcome: "undone", to: record.from, quality: null, opponent: false, themes: [], come_back_on: "", come_back_slot: "", note: "" });
  else if (record.corrects) change(record, { outcome: "undone", to: record.from });
  else change(record, { gone: true });
}

// Take one door out of a run, so that it can be told apart; the others stay as they were.
function single(record, door) {
  if (record.from === record.to) return record;
  const stop = stopOf.get(record.address_id), { from, to } = record;
  const copy = (a, b) => {
    const made = { ...record, attempt_id: uuid(), corrects: undefined, from: a, to: b, sent: false, rev: 1, floor: a === b ? floorOf(stop, a) : "" };
    records.push(made);
    return made;
  };
  if (door > from && door < to) copy(door + 1, to);
  const [a, b] = door === from ? [from + 1, to] : [from, door - 1];
  change(record, { from: a, to: b, floor: a === b ? floorOf(stop, a) : "" });
  const made = Object.assign(copy(door, door), { batch: uuid(), tick: Date.now() });
  save();
  return made;
}

// Undo the last tap; return what it had noted, or nothing.
function undo() {
  const left = standing();
  if (!left.length) return null;
  const { batch } = left.reduce((last, record) => (record.tick >= last.tick ? record : last));
  const taken = left.filter((record) => record.batch === batch);
  taken.forEach(remove);
  return taken[0];
}

// One phone may hold the page twice, and keep it in two places: what was changed last counts.
function merge(others) {
  const byId = new Map(records.map((record) => [record.attempt_id, record]));
  for (const other of others) {
    const mine = byId.get(other.attempt_id);
    if (!mine) records.push(other);
    else if (other.rev > mine.rev || (other.rev === mine.rev && other.sent && !mine.sent)) Object.assign(mine, other);
  }
  records.sort((a, b) => a.tick - b.tick);
}

function mergeMissing(others = []) {
  const byId = new Map(missing.map((one) => [one.report_id, one]));
  for (const other of others) {
    const mine = byId.get(other.report_id);
    if (!mine) missing.push(other);
    else if (other.gone || (other.sent && !mine.gone)) Object.assign(mine, other);
  }
}

function mergeBoxes(others = []) {
  const byId = new Map(boxes.map((one) => [one.box, one]));
  for (const other of others) {
    const mine = byId.get(other.box);
    if (!mine) boxes.push(other);
    else if (other.gone || (other.sent && !mine.gone)) Object.assign(mine, other);
  }
}

// As analysis/fieldwork/privacy.py reads a text: the two must find the same.
const personal = Object.fromEntries(["invisible", "places", "shops"].map((name) => [name, new RegExp(turf.personal[name], "gu")]));
const personalRules = turf.personal.rules.map(([pattern, of]) => [new RegExp(pattern, "u"), of]);
function plainText(text) {
  return text.normalize("NFKC").replace(personal.invisible, "").normalize("NFD").replace(/\p{M}/gu, "")
    .replace(/\u0153/g, "oe").replace(/\u0152/g, "Oe").replace(/\u2019/g, "'")
    .replace(/\p{Nd}/gu, (digit) => (digit >= "0" && digit <= "9" ? digit : "0")).replace(/\s+/gu, " ");
}
function isPersonal(text, remark = true) {
  const all = plainText(text);
  const written = all.replace(personal.places, " ");
  const seen = { all: all.toLowerCase(), written, bare: remark ? written : "", small: written.toLowerCase().replace(personal.shops, " ") };
  return personalRules.some(([pattern, of]) => pattern.test(seen[of]));
}
