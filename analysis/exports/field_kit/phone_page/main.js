// The frame around the views, and which of them is shown: the address after # says it, so the
// phone's own back button works and a reload comes back to the same door.

const QR_MOST = 1800; // characters; beyond, the squares are too small for a phone's camera
let qrShown = null;

function go(where, replace = false) {
  if (replace) { history.replaceState(null, "", `#${where}`); draw(); return; }
  if (location.hash.slice(1) === where) draw();
  else location.hash = where;
}

function currentView(totals) {
  const [name, value] = location.hash.slice(1).split("=");
  const stop = name === "s" && turf.stops.find((one) => String(one.n) === value);
  const record = name === "d" && standing().find((one) => one.attempt_id === value);
  if (stop) return buildingView(stop, totals);
  if (record) return detailsView(record);
  const talk = name === "c" && turf.contact && standing().find((one) => one.attempt_id === value);
  if (talk) return contactView(talk);
  if (name === "map") return mapView(totals);
  if (name === "send") return sendView(totals);
  return listView(totals);
}

function header(totals) {
  const all = allDoors();
  const [name] = location.hash.slice(1).split("=");
  const inside = name === "s" || name === "d" || name === "c";
  return element("header", {},
    element("div", { class: "row" },
      inside && button("back", "‹", back, { "aria-label": words("back"), class: "icon" }),
      element("h1", {}, words("title", { turf: turf.turf_id })),
      button("undo", `↶ ${words("undo")}`, () => {
        const gone = undo();
        toast(gone ? words("undone", { what: `${doorName(stopOf.get(gone.address_id), gone.from, gone.to)} · ${words(gone.outcome)}` }) : words("nothing_to_undo"));
        if (location.hash.startsWith("#d=")) back(); else draw();
      })),
    element("div", { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": all, "aria-valuenow": totals.done, "aria-label": words("progress", { done: totals.done, all }) },
      element("i", {})),
    element("p", { class: "soft" }, words("progress", { done: totals.done, all }), " · ", words("walk_minutes", { minutes: turf.minutes, walk: turf.walk_m }),
      turf.fictional && ` · ${words("fictional")}`),
    !kept.local && kept.indexed === false && element("p", { class: "bad", role: "alert" }, words("not_kept")));
}

function back() {
  const [name, value] = location.hash.slice(1).split("=");
  if (name === "c") { go(`d=${value}`); return; }
  const record = name === "d" && records.find((one) => one.attempt_id === value);
  go(record ? `s=${stopOf.get(record.address_id).n}` : "list");
}

function tabs() {
  const [name] = location.hash.slice(1).split("=");
  const tab = (key, label) => button(`tab:${key}`, label, () => go(key), { "aria-current": (name || "list") === key ? "page" : null });
  return element("nav", {}, tab("list", words("list")), tab("map", words("map")), tab("send", words("finish")));
}

function sendView(totals) {
  const rows = turf.outcomes.map((name) => element("tr", {}, element("th", { scope: "row" }, outcomeLabel(name)), element("td", {}, String(totals.outcomes[name]))));
  const empty = !records.some((record) => !record.gone) && !missing.some((one) => !one.gone);
  const locked = records.some((record) => record.sent);
  return element("main", { class: "send" }, element("h2", {}, words("counts")),
    missing.some((one) => !one.gone) && element("p", {}, words("missing_count", { n: missing.filter((one) => !one.gone).length })),
    empty ? element("p", {}, words("nothing_yet")) : [element("p", {}, count("attempts", "attempt_one", totals.attempts), ". ",
      totals.unsent ? words("not_sent", { n: totals.unsent }) : settings.posted?.ok === false ? words("not_received") : settings.posted ? words("all_received") : words("all_sent"), "."), element("table", {}, rows)],
    teamEntry(locked),
    turf.server && postEntry(empty),
    element("div", { class: "stack" },
      button("download", words("download"), () => { const file = makeFile(); download(file); made(file, totals); }, { class: turf.server ? "wide" : "wide main", disabled: empty }),
      navigator.canShare && button("share", words("share"), () => share(totals), { class: "wide", disabled: empty }),
      button("qr", words("qr"), () => showQr(totals), { class: "wide", disabled: empty })),
    qrShown,
    turf.contact && boxesEntry(),
    element("p", {}, words("export_help")), element("p", { class: "soft" }, turf.server ? words("privacy_server", { server: new URL(turf.server).host }) : words("privacy"), " ", turf.contact && contactPrivacy(), " ", kept.local || kept.indexed ? words("kept") : ""),
    element("div", { class: "row" },
      button("language", words("language"), () => { settings.language = settings.language === "fr" ? "en" : "fr"; save(); draw(); }),
      button("theme", words(isDark() ? "theme_light" : "theme_dark"), () => { settings.theme = isDark() ? "light" : "dark"; save(); draw(); })));
}

function teamEntry(locked) {
  const refused = element("p", { class: "bad", role: "alert" });
  return element("label", {}, words("team"), element("input", { type: "text", maxlength: 24, value: settings.team, disabled: locked, "data-key": "team", oninput: (event) => {
    const bad = isPersonal(event.target.value, false);
    refused.textContent = bad ? words("team_refused") : "";
    settings.team = bad ? "" : event.target.value.trim();
    save();
  } }), refused);
}

function made(file, totals) {
  delete settings.posted;
  save();
  toast(words("made", { name: fileName(file), n: totals.attempts }));
  draw();
}

async function share(totals) {
  const file = makeFile(), one = shareable(file);
  if (!one) { download(file); made(file, totals); return; }
  try { await navigator.share({ files: [one], title: one.name }); made(file, totals); }
  catch { draw(); }
}

async function showQr() {
  const text = await compact(makeFile({ withBoxes: false }));
  if (text.length > QR_MOST) qrShown = element("p", { class: "bad", role: "alert" }, words("qr_long", { n: text.length, most: QR_MOST }));
  else {
    const code = qrcode(0, "L");
    code.addData(text, "Byte");
    code.make();
    const n = code.getModuleCount();
    let d = "";
    for (let row = 0; row < n; row++) for (let column = 0; column < n; column++) if (code.isDark(row, column)) d += `M${column + 4} ${row + 4}h1v1h-1z`;
    qrShown = element("figure", {}, element("svg", { class: "qr", viewBox: `0 0 ${n + 8} ${n + 8}`, role: "img", "aria-label": words("qr") }, element("path", { d })),
      element("details", {}, element("summary", {}, words("qr_text")), element("textarea", { readonly: true, rows: 4, class: "code" }, text)));
  }
  draw();
}

function isDark() {
  return settings.theme ? settings.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

let shownView = "";
function draw() {
  const here = location.hash.split("=")[0] + (location.hash.startsWith("#s=") ? location.hash : "");
  const focused = document.activeElement?.dataset?.key;
  const totals = counts();
  document.documentElement.lang = settings.language;
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  document.getElementById("app").replaceChildren(header(totals), currentView(totals), tabs());
  document.querySelector(".bar i").style.width = `${100 * totals.done / Math.max(1, allDoors())}%`;
  if (here !== shownView) {
    shownView = here;
    scrollTo(0, 0);
    document.querySelector("main h2")?.focus({ preventScroll: true });
  } else if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

addEventListener("hashchange", () => { if (location.hash !== "#send") qrShown = null; if (!location.hash.startsWith("#c=") && turf.contact) filling = null; draw(); });
addEventListener("storage", (event) => {
  if (event.key === keepKey && event.newValue) { mergeText(event.newValue); written = event.newValue; toast(words("other_tab")); draw(); }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

document.body.append(element("div", { id: "toast", role: "status", "aria-live": "polite" }));
load();
draw();
// Drawn anew only if need be: a finger may be on a button.
loadIndexed().then((isNew) => { if (isNew) draw(); });
