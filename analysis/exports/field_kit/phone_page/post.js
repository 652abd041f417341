// Send the file to the campaign's server, the only address this page may ask; keep what it answered.
async function post() {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 30000);
  let told;
  try {
    const answer = await fetch(turf.server, {
      method: "POST", body: JSON.stringify(makeFile()), signal: stop.signal, credentials: "omit", cache: "no-store",
      headers: { "Content-Type": "application/json", "Accept-Language": settings.language },
    });
    told = { ...await answer.json(), ok: answer.ok };
  } catch { told = { ok: false }; }
  clearTimeout(timer);
  settings.posted = { ...told, at: instant(new Date()).slice(11, 16) };
  save();
}

function postedText({ ok, at, ...told }) {
  if (ok) return words("posted", { at, new: told.new, repeated: told.repeated }) + (told.missing ? ` ${words("posted_missing", { n: told.missing })}` : "") + (told.conflicts ? ` ${words("posted_conflicts", { n: told.conflicts })}` : "");
  return told.error ? words("post_refused", { at, error: told.error, mend: told.mend || "" }) : words("post_failed", { at });
}

// Nothing leaves by itself: whoever sent without network is told when there is some.
addEventListener("online", () => { if (settings.posted && !settings.posted.ok && !settings.posted.error) toast(words("network_back")); });

let posting = false;
function postEntry(empty) {
  const told = settings.posted;
  return element("div", { class: "stack" },
    button("post", posting ? words("posting") : words("post"), async () => {
      posting = true;
      draw();
      await post();
      posting = false;
      draw();
    }, { class: "wide main", disabled: empty || posting }),
    told && !posting && element("p", { class: told.ok ? "good" : "bad", role: "status" }, postedText(told)));
}
