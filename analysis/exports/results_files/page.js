"use strict";
const told = JSON.parse(document.getElementById("content").textContent);
const by = (id) => document.getElementById(id);
const make = (tag, text) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  return made;
};
const heads = [...document.querySelectorAll("#heads th")].map((one) => one.textContent);
told.names.forEach((name, n) => {
  by("heads").append(make("th", name));
  const option = make("option", name);
  option.value = n;
  by("who").append(option);
});
const rows = told.rows.map((cells, n) => {
  const row = make("tr");
  row.tabIndex = 0;
  cells.forEach((cell) => row.append(make("td", cell)));
  row.addEventListener("click", () => show(n));
  row.addEventListener("keydown", (event) => { if (event.key === "Enter") show(n); });
  by("rows").append(row);
  return row;
});
const svg = by("map");
const paths = told.paths.drawn.map(([at, d]) => {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", d);
  if (at >= 0) {
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = told.rows[at][0];
    path.append(title);
    path.addEventListener("click", () => show(at));
  }
  svg.append(path);
  return [at, path];
});
if (paths.length) svg.setAttribute("viewBox", `0 0 1000 ${told.paths.high}`);
else document.querySelector(".map").hidden = true;

function colour() {
  const own = told.classes[Number(by("who").value)];
  const grade = (at) => (at < 0 ? 0 : own.index[at]);
  paths.forEach(([at, path]) => { path.style.fill = own.palette[grade(at)]; });
  by("grey").hidden = paths.every(([at]) => grade(at) > 0);
  by("legend").replaceChildren(make("span", told.legend));
  own.labels.slice(1).forEach((label, n) => {
    const entry = make("span");
    const box = make("i");
    box.style.background = own.palette[n + 1];
    entry.append(box, label);
    by("legend").append(entry);
  });
}

function card(cells) {
  const list = make("dl");
  [...heads.slice(1), ...told.names].forEach((name, n) => {
    list.append(make("dt", name), make("dd", cells[n + 1]));
  });
  by("one").replaceChildren(make("h2", cells[0]), list);
}

let shown = -1;
function show(at) {
  shown = at === shown ? -1 : at;
  rows.forEach((row, n) => row.classList.toggle("on", n === shown));
  paths.forEach(([own, path]) => {
    const on = shown >= 0 && own === shown;
    path.classList.toggle("on", on);
    if (on) svg.append(path);
  });
  card(shown < 0 ? told.whole : told.rows[shown]);
  // On a phone the card is above the list and below the map.
  by("one").scrollIntoView({block: "nearest"});
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const searched = told.rows.map((cells) => plain(cells[0]));
// « bureau 1 » is not bureau 12, nor « 5e » the 15e.
const digit = /\d/;
const holds = (text, word) => {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = digit.test(word[0]) && digit.test(text[at - 1] ?? "");
    const after = digit.test(word.at(-1)) && digit.test(text[at + word.length] ?? "");
    if (!before && !after) return true;
  }
  return false;
};
function search() {
  const words = plain(by("search").value).split(/\s+/).filter(Boolean);
  let count = 0;
  rows.forEach((row, n) => {
    const here = words.every((word) => holds(searched[n], word));
    row.hidden = !here;
    count += here;
  });
  const said = (number) => number.toLocaleString(document.documentElement.lang);
  by("found").textContent = told.found.replace("{}", said(count)).replace("{}", said(rows.length));
}

by("who").addEventListener("change", colour);
by("search").addEventListener("input", search);
colour();
search();
card(told.whole);
