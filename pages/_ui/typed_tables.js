// For each key the box of a cell (Glide) sets a timer that ends the typing if Enter or Tab came. On
// a busy page Enter is handled before the timer of the digit before it, which then ends the typing
// without its value: the table forgot what was typed, and said nothing. Enter and Tab are given
// once more behind those timers, and whatever follows them meanwhile keeps its place.
const ends = (event) => event.key === "Tab" || (event.key === "Enter" && !event.shiftKey);

export default function () {
  if (window.palierTypedTables) return;
  window.palierTypedTables = true;
  const waiting = [];
  let giving = false;
  window.addEventListener(
    "keydown",
    (event) => {
      const inBox = event.target?.closest?.(".gdg-clip-region");
      if (giving || event.isComposing || !inBox) return;
      if (!waiting.length && !ends(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (waiting.push(event) === 1) setTimeout(give);
    },
    true,
  );

  function give() {
    giving = true;
    try {
      for (const event of waiting.splice(0)) {
        const { target } = event;
        const there = target.isConnected ? target : document.activeElement;
        there.dispatchEvent(new KeyboardEvent("keydown", event));
      }
    } finally {
      giving = false;
    }
  }
}
