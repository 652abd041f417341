// What is said and asked at the door. Where questions are asked, no door's number leaves the phone:
// see `exported`.

const asked = () => settings.asked && turf.script.languages.includes(settings.asked) ? settings.asked : settings.language;
const said = (text) => text[asked()] || text[turf.script.languages[0]] || "";

function saying(open) {
  const argument = turf.texts[settings.language].argument;
  if (!turf.script && !argument.length) return null;
  return element("details", { class: "about say", ...(open ? { open: true } : {}) }, element("summary", {}, words("say_head")),
    turf.script && element("blockquote", { lang: asked() }, said(turf.script.opening)),
    argument.length > 0 && element("p", { class: "label" }, words("argument_head")),
    argument.map(([text, source]) => element("p", {}, text, " ", element("small", { class: "soft" }, words("argument_source", { source })))));
}

const holds = (answers, [question, answer]) => {
  const value = answers[question];
  return Array.isArray(value) ? value.includes(answer) : value !== undefined && String(value) === answer;
};

// The questions to ask, given what was answered so far: one hides those that hang on it.
function toAsk(answers) {
  const shown = [], kept = {};
  for (const question of turf.script.questions) {
    if (question.only_if && !holds(kept, question.only_if)) continue;
    shown.push(question);
    if (answers[question.id] !== undefined) kept[question.id] = answers[question.id];
  }
  return { shown, kept };
}

function questionsView(record, set) {
  if (!turf.script) return null;
  const answers = record.answers || {};
  const answer = (id, value) => {
    const next = { ...answers, [id]: value };
    if (value === undefined) delete next[id];
    set({ answers: toAsk(next).kept, script: turf.script.version });
  };
  const languages = turf.script.languages;
  const name = (code) => { try { return new Intl.DisplayNames([code], { type: "language" }).of(code); } catch { return code; } };
  return element("section", { class: "ask", "aria-label": words("ask_head") }, element("p", { class: "label" }, words("ask_head")),
    languages.some((code) => !turf.words[code]) && element("div", { class: "choice", role: "group", "aria-label": words("ask_language") },
      languages.map((code) => button(`ask-in:${code}`, name(code), () => { settings.asked = code; save(); draw(); }, { "aria-pressed": String(code === asked()), lang: code }))),
    toAsk(answers).shown.map((question) => questionEntry(question, answers[question.id], answer)));
}

function questionEntry(question, value, answer) {
  const press = (code, label, chosen, choose, attributes = {}) => button(`ask:${question.id}:${code}`, label, choose, { "aria-pressed": String(chosen), ...attributes });
  const one = (options) => options.map(([code, label]) => press(code, label, String(value) === String(code), () => answer(question.id, String(value) === String(code) ? undefined : code)));
  const list = Array.isArray(value) ? value : [];
  const toggle = (code) => answer(question.id, list.includes(code) ? (list.length > 1 ? list.filter((other) => other !== code) : undefined) : [...list, code]);
  const entries = {
    single: () => one(question.options.map(([code, text]) => [code, said(text)])),
    yes_no: () => one([["yes", words("yes")], ["no", words("no")]]),
    scale: () => one([1, 2, 3, 4, 5].map((n) => [n, String(n)])),
    several: () => [...question.options.map(([code, text]) => press(code, said(text), list.includes(code), () => toggle(code))),
      press("", words("ask_none"), Array.isArray(value) && !list.length, () => answer(question.id, Array.isArray(value) && !list.length ? undefined : []))],
  };
  const text = element("p", { class: "asked", lang: asked(), id: `ask-${question.id}` }, said(question.text));
  if (question.kind === "free") return element("div", {}, text, freeEntry(question, value, answer));
  return element("div", {}, text, element("div", { class: question.kind === "scale" || question.kind === "yes_no" ? "choice" : "choice tall", role: "group", "aria-labelledby": `ask-${question.id}` }, entries[question.kind]()));
}

function freeEntry(question, value, answer) {
  const refused = element("p", { class: "bad", role: "alert" });
  return [element("p", { class: "soft" }, words("ask_free")),
    element("textarea", { rows: 2, maxlength: 200, "data-key": `ask:${question.id}`, "aria-labelledby": `ask-${question.id}`, oninput: (event) => {
      const bad = isPersonal(event.target.value);
      refused.textContent = bad ? words("note_refused") : "";
      event.target.setAttribute("aria-invalid", String(bad));
    }, onchange: (event) => {
      const text = event.target.value.replace(/[\u0000-\u001f\u007f]/g, " ").trim();
      answer(question.id, !text || isPersonal(text) ? undefined : text);
    } }, value || ""), refused];
}
