// A contact is taken only with a recorded act of the person, and shut at once: not even this phone
// can read it again. It is about a person, so it never goes to the records of doors.

const PAD = 1024, PEN_MOST = 3000; // characters; numbers of a signature
const say = (part, key) => turf.contact.words[settings.language][part][key];
let filling = null;

const noLock = () => !globalThis.crypto?.subtle;

function contactEntry(record) {
  return button("contact", words("contact_take"), () => { filling = null; go(`c=${record.attempt_id}`); }, { class: "wide" });
}

function contactView(record) {
  filling ||= { boxes: new Set(), said: new Set(), themes: new Set(), act: "signature", strokes: [] };
  const refused = element("p", { class: "bad", role: "alert" });
  if (noLock()) return element("main", {}, element("h2", { tabindex: "-1" }, words("contact_take")), element("p", { class: "bad", role: "alert" }, words("contact_no_lock")));
  const texts = turf.contact.texts[settings.language];
  const tick = (set, key, label) => element("label", { class: "tick" }, element("input", { type: "checkbox", checked: set.has(key), "data-key": `tick:${key}`,
    onchange: (event) => { event.target.checked ? set.add(key) : set.delete(key); refused.textContent = ""; } }), element("span", {}, label));
  const field = (name, type) => element("label", {}, words(`contact_${name}`), element("input", { type, maxlength: 120, autocomplete: "off", value: filling[name] || "", "data-key": `contact:${name}`,
    oninput: (event) => { filling[name] = event.target.value; refused.textContent = ""; } }));
  return element("main", { class: "details" }, element("h2", { tabindex: "-1" }, words("contact_take")),
    element("p", {}, words("contact_hand_over")), element("p", { class: "soft" }, say("notice", "person")),
    tick(filling.said, "adult", say("statement", "adult")),
    element("p", { class: "label" }, words("contact_boxes")),
    Object.entries(turf.contact.purposes).map(([purpose]) => tick(filling.boxes, purpose, texts[purpose][2])),
    field("first_name", "text"), field("last_name", "text"), field("email", "email"), field("phone", "tel"),
    element("p", { class: "label" }, words("contact_about")),
    turf.contact.statements.map((one) => tick(filling.said, one, say("statement", one))),
    element("div", { class: "ticks" }, turf.contact.themes.map((one) => tick(filling.themes, one, say("theme", one)))),
    element("p", { class: "label" }, words("contact_act")),
    choice(words("contact_act"), [["signature", words("contact_sign")], ["email", words("contact_confirm")]], filling.act, (act) => { filling.act = act; draw(); }),
    filling.act === "signature" ? pad() : element("p", { class: "soft" }, words("contact_confirm_help")),
    refused,
    button("contact:shut", words("contact_save"), async () => {
      const fault = contactFault(filling);
      if (fault) { refused.textContent = words(fault); return; }
      const box = { box: uuid(), at: instant(new Date()).slice(11, 16), sealed: await shut(contactText(filling, record)) };
      boxes.push(box);
      filling = null;
      save();
      toast(words("contact_kept"));
      go(`d=${record.attempt_id}`);
    }, { class: "wide main" }));
}

// What is missing, as the key of a sentence that says so; "" where nothing is.
function contactFault({ boxes: ticked, said, themes, act, strokes, first_name, last_name, email = "", phone = "" }) {
  const needs = (kind) => [...ticked].some((purpose) => turf.contact.purposes[purpose].needs === kind);
  const about = themes.size || turf.contact.statements.some((one) => said.has(one));
  const isMail = /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(email.trim()), isPhone = (phone.match(/\d/g) || []).length >= 9;
  if (!said.has("adult")) return "contact_fault_adult";
  if (!ticked.size) return "contact_fault_box";
  if (!(first_name || "").trim() || !(last_name || "").trim()) return "contact_fault_name";
  if (needs("email") && !isMail) return "contact_fault_email";
  if (needs("phone") && !isPhone) return "contact_fault_phone";
  if ((email.trim() && !isMail) || (phone.trim() && !isPhone) || (!email.trim() && !phone.trim())) return "contact_fault_point";
  if (about && !ticked.has("opinion")) return "contact_fault_opinion";
  if (act === "email" && !isMail) return "contact_fault_confirm";
  if (act === "signature" && strokes.flat().length < 8) return "contact_fault_sign";
  return "";
}

// Of the visit only the day is told, and not which door: answers given there stay without a name.
function contactText(form, record) {
  const texts = turf.contact.texts[settings.language];
  const act = {
    v: 1, said_on: instant(new Date()).slice(0, 10), turf: turf.turf_id, team: settings.team, language: settings.language,
    texts: Object.fromEntries([...form.boxes].map((purpose) => [purpose, texts[purpose].slice(0, 2)])),
    first_name: form.first_name.trim(), last_name: form.last_name.trim(), email: (form.email || "").trim(), phone: (form.phone || "").trim(),
    said: [...form.said].sort(), themes: [...form.themes].sort(), act: form.act, signature: form.act === "signature" ? form.strokes : [],
  };
  const text = JSON.stringify({ act: canonical(act), address_id: record.address_id });
  return text.padEnd(Math.ceil(text.length / PAD) * PAD);
}

function bytesOf(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

// As analysis/contacts/box_seal.py opens it.
async function shut(text) {
  const { subtle } = crypto, curve = { name: "ECDH", namedCurve: "P-256" }, theirs = bytesOf(turf.contact.key);
  const about = new TextEncoder().encode(`palier door box ${turf.campaign_id} ${turf.turf_id}`);
  const own = await subtle.generateKey(curve, false, ["deriveBits"]);
  const sent = new Uint8Array(await subtle.exportKey("raw", own.publicKey));
  const shared = await subtle.deriveBits({ name: "ECDH", public: await subtle.importKey("raw", theirs, curve, false, []) }, own.privateKey, 256);
  const base = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const key = await subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: Uint8Array.from([...sent, ...theirs]), info: about }, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const closed = new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv, additionalData: about }, key, new TextEncoder().encode(text)));
  return base64url(Uint8Array.from([1, ...sent, ...iv, ...closed]));
}

// Where a finger signs: strokes as whole numbers, x and y in turn, on a field of 600 by 200.
function pad() {
  const field = element("canvas", { class: "pad", width: 600, height: 200, role: "img", "aria-label": words("contact_sign"), "data-key": "contact:pad" });
  const pen = field.getContext("2d");
  const redraw = () => {
    pen.clearRect(0, 0, 600, 200);
    pen.lineWidth = 4;
    pen.lineCap = "round";
    for (const stroke of filling.strokes) {
      pen.beginPath();
      for (let i = 0; i < stroke.length; i += 2) pen.lineTo(stroke[i], stroke[i + 1]);
      pen.stroke();
    }
  };
  const at = (event) => { const { left, top, width, height } = field.getBoundingClientRect(); return [Math.round(600 * (event.clientX - left) / width), Math.round(200 * (event.clientY - top) / height)]; };
  let stroke = null;
  field.addEventListener("pointerdown", (event) => { field.setPointerCapture(event.pointerId); stroke = at(event); filling.strokes.push(stroke); });
  field.addEventListener("pointermove", (event) => {
    if (!stroke || filling.strokes.flat().length >= PEN_MOST) return;
    const [x, y] = at(event), last = stroke.length;
    if (Math.hypot(x - stroke[last - 2], y - stroke[last - 1]) < 4) return;
    stroke.push(x, y);
    redraw();
  });
  for (const end of ["pointerup", "pointercancel"]) field.addEventListener(end, () => { stroke = null; });
  redraw();
  return element("div", {}, field, button("contact:again", words("contact_again"), () => { filling.strokes = []; redraw(); }));
}

const contactPrivacy = () => words("contact_privacy");

// What this phone holds of people: how many, and when; it could not tell who.
function boxesEntry() {
  const held = boxes.filter((one) => !one.gone);
  if (!held.length) return null;
  return element("section", {}, element("p", { class: "label" }, words("contact_held", { n: held.length })),
    held.map((one) => element("div", { class: "row" }, element("span", {}, words("contact_at", { at: one.at })),
      one.sent ? element("span", { class: "soft" }, words("contact_in_file")) : button(`drop:${one.box}`, words("contact_drop"), () => { Object.assign(one, { gone: true, sealed: "" }); save(); draw(); }))),
    element("p", { class: "soft" }, words("contact_no_code")));
}
