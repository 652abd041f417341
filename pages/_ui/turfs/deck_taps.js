// deck.gl looks what lies under a finger while it handles the press, and takes a press that it
// handled for over a quarter of a second for none. The first look compiles the shaders: on a phone
// the first tap chose nothing. Such a press is taken from it and given once more, all at once.
const SLOW_MS = 200;
const LONG_MS = 500;
const FAR_PX = 9;
const TRIES = 4;

export default function () {
  if (window.palierDeckTaps) return;
  window.palierDeckTaps = true;
  let pressed = null;
  let giving = false;
  const onMap = (event) => event.target?.closest?.('[data-testid="stDeckGlJsonChart"]');
  window.addEventListener(
    "pointerdown",
    (event) => {
      if (giving) return;
      // A second finger makes no tap of the two.
      pressed = event.isPrimary && event.button === 0 && onMap(event) ? event : null;
      if (pressed) pressed.palierSeen = performance.now();
    },
    true,
  );
  window.addEventListener(
    "pointerup",
    (event) => {
      if (giving || !pressed || event.pointerId !== pressed.pointerId) return;
      const down = pressed;
      pressed = null;
      const far = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
      const handled = performance.now() - down.palierSeen;
      const lasted = event.timeStamp - down.timeStamp;
      if (handled < SLOW_MS || lasted > LONG_MS || far >= FAR_PX) return;
      event.stopImmediatePropagation();
      giving = true;
      try {
        give(down);
      } finally {
        giving = false;
      }
    },
    true,
  );
}

function give(down) {
  const send = (name, buttons) =>
    down.target.dispatchEvent(
      new PointerEvent(name, {
        bubbles: true,
        cancelable: true,
        composed: true,
        pointerId: down.pointerId,
        pointerType: down.pointerType,
        isPrimary: true,
        clientX: down.clientX,
        clientY: down.clientY,
        screenX: down.screenX,
        screenY: down.screenY,
        button: name === "pointercancel" ? -1 : 0,
        buttons,
      }),
    );
  send("pointercancel", 0);
  for (let n = 1; n <= TRIES; n += 1) {
    const begun = performance.now();
    send("pointerdown", 1);
    const slow = performance.now() - begun >= SLOW_MS && n < TRIES;
    send(slow ? "pointercancel" : "pointerup", 0);
    if (!slow) return;
  }
}
