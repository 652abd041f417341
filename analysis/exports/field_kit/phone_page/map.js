// The map: our own lines, numbered stops; dragged, pinched, or moved by its buttons.

let view = null;

function wholeView() {
  const xs = turf.stops.map((stop) => stop.x), ys = turf.stops.map((stop) => stop.y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const size = Math.max(Math.max(...xs) - left, Math.max(...ys) - top, 120) * 1.25;
  return { x: (left + Math.max(...xs) - size) / 2, y: (top + Math.max(...ys) - size) / 2, size };
}

function mapView(totals) {
  view ||= wholeView();
  const svg = element("svg", { class: "map", role: "group", "aria-label": words("map") });
  const paint = () => { svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.size} ${view.size}`); svg.replaceChildren(...mapContent(totals)); };
  const zoom = (by) => { view = { x: view.x + view.size * (1 - by) / 2, y: view.y + view.size * (1 - by) / 2, size: view.size * by }; paint(); };
  follow(svg, paint);
  paint();
  return element("main", { class: "mapview" }, svg,
    element("div", { class: "row" }, button("zoom+", "+", () => zoom(0.7), { "aria-label": words("zoom_in") }),
      button("zoom-", "−", () => zoom(1 / 0.7), { "aria-label": words("zoom_out") }),
      button("whole", words("whole"), () => { view = wholeView(); paint(); })),
    element("p", { class: "soft" }, words("map_help")));
}

function mapContent(totals) {
  const unit = view.size / 336; // a CSS pixel where the phone is narrow; more elsewhere
  const lines = turf.lines.map(([a, b, c, d]) => `M${a} ${b}L${c} ${d}`).join("");
  const way = (turf.way ?? turf.stops.map((stop) => [stop.x, stop.y])).map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("");
  const marks = apart(turf.stops, 28 * unit);
  const led = turf.stops.map((stop, i) => `M${stop.x} ${stop.y}L${marks[i].x} ${marks[i].y}`).join("");
  const from = turf.start ? `M${turf.start[0]} ${turf.start[1]}L${turf.stops[0].x} ${turf.stops[0].y}` : "";
  return [
    element("path", { d: lines, class: turf.graph ? "street" : "front", "stroke-width": (turf.graph ? 5 : 1.6) * unit }),
    element("path", { d: from + way, class: "way", "stroke-width": 1.8 * unit, "stroke-dasharray": `${5 * unit} ${4 * unit}` }),
    ...turf.labels.map(({ name, x, y, angle }) => element("text", { x, y, class: "name", "font-size": 10 * unit, transform: `rotate(${angle} ${x} ${y})` }, name)),
    turf.start && element("text", { x: turf.start[0], y: turf.start[1], class: "start", "font-size": 14 * unit }, `■ ${words("start")}`),
    element("path", { d: led, class: "lead", "stroke-width": 1.2 * unit }),
    ...turf.stops.map((stop, i) => mapStop(stop, marks[i], totals.doneAt(stop), unit)),
  ].filter(Boolean);
}

// Move marks apart until fingers can tell them; what is far from others stays.
function apart(stops, gap) {
  const places = stops.map((stop, i) => ({ x: stop.x + 0.01 * Math.cos(2.4 * i), y: stop.y + 0.01 * Math.sin(2.4 * i) }));
  for (let turn = 0; turn < 80; turn++) {
    for (const [i, a] of places.entries()) for (const b of places.slice(i + 1)) {
      const [dx, dy] = [b.x - a.x, b.y - a.y], far = Math.hypot(dx, dy);
      if (far >= gap || !far) continue;
      const push = 0.3 * (gap - far) / far;
      a.x -= push * dx; a.y -= push * dy; b.x += push * dx; b.y += push * dy;
    }
  }
  return places;
}

function mapStop(stop, place, done, unit) {
  const all = doorsIn(stop), state = done >= all ? "full" : done ? "half" : "empty", r = 13 * unit;
  const open = () => go(`s=${stop.n}`);
  const shape = state === "full" ? element("rect", { x: -r, y: -r, width: 2 * r, height: 2 * r })
    : element("circle", { r });
  return element("g", { class: `mark ${state}`, transform: `translate(${place.x} ${place.y})`, tabindex: "0", role: "button", "data-key": `mark:${stop.n}`,
    "aria-label": words("stop_label", { n: stop.n, address: stop.label, done, all }),
    onclick: open, onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); } } },
    element("circle", { r: 24 * unit, class: "reach" }), shape,
    state === "half" ? element("path", { d: `M0 ${-r}A${r} ${r} 0 0 0 0 ${r}Z`, class: "filled" }) : null,
    element("text", { "font-size": 13 * unit, y: 4.5 * unit, "stroke-width": 3 * unit }, String(stop.n)));
}

// One finger moves the map, two stretch it; a tap without a move is left to the stops.
function follow(svg, paint) {
  const fingers = new Map();
  let moved = 0;
  const spread = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
  svg.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, { x: event.clientX, y: event.clientY }); moved = 0; });
  svg.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const scale = view.size / Math.min(svg.clientWidth, svg.clientHeight), before = fingers.size === 2 ? spread() : 0;
    const now = { x: event.clientX, y: event.clientY };
    moved += Math.hypot(now.x - last.x, now.y - last.y);
    fingers.set(event.pointerId, now);
    if (moved < 6) return;
    if (fingers.size === 1) view = { ...view, x: view.x - (now.x - last.x) * scale, y: view.y - (now.y - last.y) * scale };
    else if (fingers.size === 2 && spread()) {
      const by = before / spread();
      view = { x: view.x + view.size * (1 - by) / 2, y: view.y + view.size * (1 - by) / 2, size: view.size * by };
    }
    paint();
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) svg.addEventListener(name, (event) => fingers.delete(event.pointerId));
  svg.addEventListener("click", (event) => { if (moved >= 6) event.stopPropagation(); }, true);
}
