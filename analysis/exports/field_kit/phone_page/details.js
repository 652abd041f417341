// One door: what came of it, and what was said without a name.

function detailsView(record) {
  const stop = stopOf.get(record.address_id);
  const set = (changes) => { go(`d=${change(record, changes).attempt_id}`, true); };
  const talked = record.outcome === "conversation";
  const themes = record.themes || [];
  return element("main", { class: "details" },
    element("h2", { tabindex: "-1" }, stop.label, doorsIn(stop) > 1 ? ` · ${doorName(stop, record.from, record.to)}` : ""),
    element("p", { class: "label" }, words("change")),
    choice(words("change"), turf.outcomes.map((name) => [name, outcomeLabel(name), { class: name }]), record.outcome, (outcome) => set({ outcome })),
    talked && questionsView(record, set),
    talked && element("p", { class: "label" }, words("quality")),
    talked && choice(words("quality"), [1, 2, 3, 4, 5].map((n) => [n, [String(n), element("small", {}, words(`quality_${n}`))]]), record.quality,
      (quality) => set({ quality: quality === record.quality ? null : quality })),
    talked && element("p", { class: "label" }, words("themes")),
    talked && element("div", { class: "choice", role: "group", "aria-label": words("themes") }, turf.themes.map((theme) =>
      button(`theme:${theme}`, words(`theme_${theme}`), () => set({ themes: themes.includes(theme) ? themes.filter((one) => one !== theme) : [...themes, theme] }),
        { "aria-pressed": String(themes.includes(theme)) }))),
    button("opponent", [element("span", { class: "box", "aria-hidden": "true" }, record.opponent ? "✓" : ""), words("opponent")],
      () => set({ opponent: !record.opponent }), { class: "wide check", "aria-pressed": String(Boolean(record.opponent)) }),
    record.outcome !== "do_not_disturb" && element("p", { class: "label" }, words("come_back")),
    record.outcome !== "do_not_disturb" && choice(words("come_back"), ["none", ...turf.slots].map((slot) => [slot, words(`slot_${slot}`)]), record.come_back_slot || "none",
      (slot) => set(slot === "none" ? { come_back_slot: "", come_back_on: "" } : { come_back_slot: slot })),
    record.outcome !== "do_not_disturb" && record.come_back_slot && element("label", {}, words("come_back_on"), element("input", { type: "date", "data-key": "on", value: record.come_back_on || "",
      onchange: (event) => set({ come_back_on: event.target.value }) })),
    noteEntry(record),
    talked && turf.contact && contactEntry(record),
    button("save", words("save"), () => go(`s=${stop.n}`), { class: "wide main" }),
    element("div", { class: "row" },
      button("remove", words("undo"), () => { remove(record); go(`s=${stop.n}`); }),
      button("again", words("new_visit"), () => {
        const made = newRecord(stop, record.from, record.to, "no_answer", uuid());
        records.push(made);
        save();
        go(`d=${made.attempt_id}`);
      })));
}

function noteEntry(record) {
  let current = record;
  const help = element("p", { class: "soft", id: "note-help" }, words("note_help"));
  const refused = element("p", { class: "bad", role: "alert" });
  return element("div", {}, element("label", { for: "note" }, words("note")),
    element("textarea", { id: "note", rows: 2, maxlength: 200, "data-key": "note", "aria-describedby": "note-help", oninput: (event) => {
      const text = event.target.value.replace(/[\u0000-\u001f\u007f]/g, " ");
      const bad = isPersonal(text);
      refused.textContent = bad ? words("note_refused") : "";
      event.target.setAttribute("aria-invalid", String(bad));
      // What looks personal is not kept, nor is the innocent half of it.
      current = change(current, { note: bad ? "" : text });
      history.replaceState(null, "", `#d=${current.attempt_id}`);
    } }, record.note || ""), help, refused);
}
