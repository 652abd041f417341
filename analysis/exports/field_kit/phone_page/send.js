// The file that is handed back: docs/methods/fieldwork.md describes it.

const canonical = (value) => Array.isArray(value) ? `[${value.map(canonical).join(",")}]`
  : value && typeof value === "object" ? `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`
  : JSON.stringify(value);

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (~crc >>> 0).toString(16).padStart(8, "0");
}

function exported(record) {
  const doors = record.to - record.from + 1;
  const talked = record.outcome === "conversation";
  const answers = talked && Object.keys(record.answers || {}).length ? record.answers : null;
  // With its number, the door of an answer would be somebody's; a later correction would tell it too.
  const where = turf.script ? { floor: "", door: "" }
    : { floor: record.floor || "", door: doors === 1 ? String(record.from) : `${record.from}-${record.to}` };
  const all = {
    attempt_id: record.attempt_id, address_id: record.address_id, at: record.at, outcome: record.outcome, doors,
    ...where, answers, script: answers ? record.script : "",
    quality: talked ? record.quality : null, opponent: record.opponent || null,
    themes: record.themes || [], come_back_on: record.come_back_on || "", come_back_slot: record.come_back_slot || "",
    note: record.note || "", corrects: record.corrects || "",
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "" && value != null && !(Array.isArray(value) && !value.length)));
}

// All that this phone holds, as one file; marks it as sent, so that later changes are corrections:
// it may have arrived even where no answer came.
function makeFile({ withBoxes = true } = {}) {
  const held = records.filter((record) => !record.gone);
  const file = {
    palier_returns: 1, campaign_id: turf.campaign_id, turf_id: turf.turf_id, seal: turf.seal, token: turf.token,
    team_id: settings.team, made_at: instant(new Date()), attempts: held.map(exported),
  };
  const shut = withBoxes ? boxes.filter((one) => !one.gone) : [];
  if (shut.length) file.boxes = shut.map(({ box, sealed }) => ({ box, sealed }));
  const found = missing.filter((one) => !one.gone);
  if (found.length) file.missing = found.map(({ report_id, address_id, at, number, suffix, doors }) => ({ report_id, address_id, at, number, doors, ...(suffix ? { suffix } : {}) }));
  file.checksum = crc32(new TextEncoder().encode(canonical(file)));
  held.forEach((record) => { record.sent = true; });
  found.forEach((one) => { one.sent = true; });
  shut.forEach((one) => { one.sent = true; });
  save();
  return file;
}

function fileName(file) {
  return `retours_${turf.turf_id}_${file.made_at.slice(0, 16).replace(/[-:]/g, "").replace("T", "-")}.json`;
}

function base64url(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function compact(file) {
  const plain = new TextEncoder().encode(canonical(file));
  if (typeof CompressionStream === "undefined") return `PALIER0:${base64url(plain)}`;
  const stream = new Blob([plain]).stream().pipeThrough(new CompressionStream("deflate"));
  return `PALIER1:${base64url(new Uint8Array(await new Response(stream).arrayBuffer()))}`;
}

function download(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
  link.download = fileName(file);
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// Some phones share no .json: the same content then goes as a text file.
function shareable(file) {
  const text = JSON.stringify(file, null, 1), name = fileName(file);
  const tries = [new File([text], name, { type: "application/json" }), new File([text], `${name}.txt`, { type: "text/plain" })];
  return tries.find((one) => navigator.canShare?.({ files: [one] })) || null;
}
