// Everything is kept at each tap, twice: localStorage at once, IndexedDB as a second copy.

const keepKey = `palier:${turf.campaign_id}:${turf.turf_id}:${turf.page}`;
let settings = { layouts: {}, team: "", language: turf.language, theme: "" };
const kept = { local: true, indexed: null };
let written = "";

function content() {
  return JSON.stringify({ records, settings, ...(missing.length ? { missing } : {}), ...(turf.contact ? { boxes } : {}) });
}

function readLocal() {
  try { return localStorage.getItem(keepKey) || ""; }
  catch { kept.local = false; return ""; }
}

function take(text) {
  const told = JSON.parse(text);
  merge(told.records);
  mergeBoxes(told.boxes);
  mergeMissing(told.missing);
  settings = { ...settings, ...told.settings, layouts: { ...told.settings.layouts, ...settings.layouts } };
}

function save() {
  const there = readLocal();
  // Another window of this page may have written meanwhile: keep both.
  if (there && there !== written) mergeText(there);
  written = content();
  try { localStorage.setItem(keepKey, written); kept.local = true; }
  catch { kept.local = false; }
  putIndexed(written);
}

function mergeText(text) {
  try { const told = JSON.parse(text); merge(told.records); mergeBoxes(told.boxes); mergeMissing(told.missing); }
  catch { /* A text cut by a dying phone: the copy in IndexedDB is whole. */ }
}

let database = null;
function openIndexed() {
  return new Promise((resolve) => {
    try {
      const asked = indexedDB.open("palier", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("turfs");
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => resolve(null);
    } catch { resolve(null); }
  });
}

function putIndexed(text) {
  if (!database) return;
  try {
    // "strict" asks the system to write through to the disk before it says done.
    const writing = database.transaction("turfs", "readwrite", { durability: "strict" });
    writing.objectStore("turfs").put(text, keepKey);
    writing.onabort = () => { kept.indexed = false; };
  } catch { kept.indexed = false; }
}

// Read the second copy; tell whether the screen must show something new.
async function loadIndexed() {
  const before = content();
  database = await openIndexed();
  kept.indexed = Boolean(database);
  if (!database) return !kept.local;
  const text = await new Promise((resolve) => {
    const asked = database.transaction("turfs").objectStore("turfs").get(keepKey);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => resolve("");
  });
  if (text && text !== written) { try { if (written) mergeText(text); else take(text); } catch { /* as above */ } }
  if (records.length || missing.length) save();
  return content() !== before;
}

function load() {
  const text = readLocal();
  if (!text) { testLocal(); return; }
  try { take(text); written = text; } catch { /* as above */ }
}

function testLocal() {
  try { localStorage.setItem(keepKey + ":test", "1"); localStorage.removeItem(keepKey + ":test"); }
  catch { kept.local = false; }
}
