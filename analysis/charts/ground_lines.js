// Streets, outlines and names: fetched once, drawn with the borders once per view.
// Part of the map of bureaux on screen and of the pages that are sent.

function open(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return [head, 4 + length];
}

const emptyBox = () => [Infinity, Infinity, -Infinity, -Infinity];

function stretch(box, west, north, east, south) {
  if (west < box[0]) box[0] = west;
  if (north < box[1]) box[1] = north;
  if (east > box[2]) box[2] = east;
  if (south > box[3]) box[3] = south;
}

// Labels by what they name: metres of a pixel from which, and up to which, they show; and sizes.
const LABELS_SHOWN = { quartier: [1, 16] };
const LABEL_SIZES = { commune: 13, quartier: 12 };

const between = (least, value, most) => Math.max(least, Math.min(most, value));

async function fetchGround(url) {
  const answer = await fetch(url, { cache: "force-cache" });
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return decodeGround(await answer.arrayBuffer());
}

function decodeGround(buffer) {
  let [head, at] = open(buffer);
  const bytes = new Uint8Array(buffer);
  const kinds = bytes.subarray(at, at + head.lines);
  at += Math.ceil(head.lines / 4) * 4;
  const next = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const named = new Uint32Array(head.lines);
  for (let i = 0; i < head.lines; i++) named[i] = next();
  const ends = new Uint32Array(head.lines + 1);
  for (let i = 0; i < head.lines; i++) ends[i + 1] = ends[i] + next();
  at = Math.ceil(at / 4) * 4;
  const [xs, ys] = [new Float32Array(head.points), new Float32Array(head.points)];
  const back = (zigzag) => (zigzag >>> 1) ^ -(zigzag & 1);
  for (let i = 0, x = 0, y = 0; i < head.points; i++) {
    xs[i] = x += back(next());
    ys[i] = y += back(next());
  }
  return { ...head, of: kinds, named, ends, xs, ys };
}

// The same ground in the steps of some contours, with the box of each line.
function fitGround(ground, geometry) {
  const scale = ground.step / geometry.step;
  const dx = (ground.west - geometry.west) / geometry.step;
  const dy = (geometry.north - ground.north) / geometry.step;
  const xs = ground.xs.map((x) => x * scale + dx);
  const ys = ground.ys.map((y) => y * scale + dy);
  const boxes = new Float32Array(4 * ground.lines);
  for (let i = 0; i < ground.lines; i++) {
    const box = emptyBox();
    for (let p = ground.ends[i]; p < ground.ends[i + 1]; p++) stretch(box, xs[p], ys[p], xs[p], ys[p]);
    boxes.set(box, 4 * i);
  }
  const labels = ground.labels.map(([text, level, x, y]) => ({ text, level, x: x * scale + dx, y: y * scale + dy }));
  return { ...ground, xs, ys, boxes, labels };
}

const OUTLINES = { arrondissement: [1.1, 0.55], commune: [1.6, 0.75] };
const STREET_COLOURS = { water: "#86b5dc" };

// Draws the lines of each kind that are seen at this scale, the least important first.
function drawGround(context, ground, view, look) {
  const { width, height } = context.canvas;
  const { k } = view;
  const [left, top] = [view.x - width / 2 / k, view.y - height / 2 / k];
  const [right, bottom] = [left + width / k, top + height / k];
  const seen = ground.kinds.map(() => []);
  for (let i = 0; i < ground.lines; i++) {
    const [west, north, east, south] = ground.boxes.subarray(4 * i, 4 * i + 4);
    if (east >= left && west <= right && south >= top && north <= bottom) seen[ground.of[i]].push(i);
  }
  context.lineJoin = context.lineCap = "round";
  ground.kinds.forEach((kind, n) => {
    const style = ground.styles[n];
    const outline = OUTLINES[kind];
    if (!seen[n].length || (outline ? false : !look.streets || look.metres > style[3])) return;
    context.beginPath();
    for (const i of seen[n]) {
      for (let p = ground.ends[i]; p < ground.ends[i + 1]; p++) {
        const [px, py] = [(ground.xs[p] - view.x) * k + width / 2, (ground.ys[p] - view.y) * k + height / 2];
        if (p === ground.ends[i]) context.moveTo(px, py);
        else context.lineTo(px, py);
      }
    }
    if (outline) {
      context.strokeStyle = look.ink;
      context.globalAlpha = outline[1];
      context.lineWidth = outline[0] * look.ratio;
    } else {
      context.strokeStyle = STREET_COLOURS[kind] ?? look.paper;
      const wide = between(style[1], style[0] / look.metres, style[2]);
      context.globalAlpha = kind === "water" ? 0.95 : between(0.45, 0.4 + wide / 4, 0.9);
      context.lineWidth = wide * look.ratio;
    }
    context.stroke();
  });
  context.globalAlpha = 1;
  return seen;
}

// Writes names where they fit and cover no other: places first, then streets by importance.
function writeNames(context, ground, view, look, seen) {
  const { width, height } = context.canvas;
  const { k } = view;
  const taken = [];
  const free = (x, y, w, h) => {
    if (x - w < 0 || y - h < 0 || x + w > width || y + h > height) return false;
    if (taken.some((t) => Math.abs(t[0] - x) < t[2] + w && Math.abs(t[1] - y) < t[3] + h)) return false;
    taken.push([x, y, w, h]);
    return true;
  };
  const write = (text, x, y, angle) => {
    context.setTransform(Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle), x, y);
    context.strokeText(text, 0, 0);
    context.fillText(text, 0, 0);
  };
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.strokeStyle = look.paper;
  context.fillStyle = look.ink;
  for (const { text, level, x, y } of ground.labels) {
    const [closest, farthest] = LABELS_SHOWN[level] ?? [3, Infinity];
    if (look.metres <= closest || look.metres > farthest) continue;
    const size = (LABEL_SIZES[level] ?? 14) * look.ratio;
    context.font = `600 ${size}px ${look.font}`;
    context.lineWidth = 3.5 * look.ratio;
    const [px, py] = [(x - view.x) * k + width / 2, (y - view.y) * k + height / 2];
    if (free(px, py, context.measureText(text).width / 2 + 4, size / 2 + 2)) write(text, px, py, 0);
  }
  if (look.streets) {
    const last = new Map();
    let left = 220;
    for (let n = ground.kinds.length - 1; n >= 0; n--) {
      const style = ground.styles[n];
      if (!style.length || look.metres > style[4]) continue;
      const size = (ground.kinds[n] === "street" || ground.kinds[n] === "path" ? 10.5 : 12) * look.ratio;
      context.font = `${ground.kinds[n] === "water" ? "italic " : ""}${size}px ${look.font}`;
      context.lineWidth = 3 * look.ratio;
      for (const i of seen[n]) {
        const text = ground.names[ground.named[i]];
        if (!text || left < 0) continue;
        const spot = middle(ground, i, view, width, height);
        if (!spot) continue;
        const half = context.measureText(text).width / 2;
        if (spot.length < 1.5 * half) continue;
        const before = last.get(text);
        if (before?.some(([x, y]) => Math.hypot(x - spot.x, y - spot.y) < 320 * look.ratio)) continue;
        const [c, s] = [Math.abs(Math.cos(spot.angle)), Math.abs(Math.sin(spot.angle))];
        if (!free(spot.x, spot.y, half * c + size * 0.6, half * s + size * 0.6)) continue;
        write(text, spot.x, spot.y, spot.angle);
        last.set(text, [...(before ?? []), [spot.x, spot.y]]);
        left--;
      }
    }
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
}

// Where a name may stand on a line: the middle of what is in sight, and which way it runs there.
function middle({ xs, ys, ends }, i, view, width, height) {
  const points = [];
  let length = 0;
  for (let p = ends[i]; p < ends[i + 1]; p++) {
    const x = (xs[p] - view.x) * view.k + width / 2;
    const y = (ys[p] - view.y) * view.k + height / 2;
    if (x < -50 || y < -50 || x > width + 50 || y > height + 50) continue;
    const before = points.at(-1);
    if (before) length += Math.hypot(x - before[0], y - before[1]);
    points.push([x, y, length]);
  }
  if (points.length < 2) return null;
  const at = (share) => {
    const goal = length * share;
    const p = Math.max(1, points.findIndex((point) => point[2] >= goal));
    const [a, b] = [points[p - 1], points[p]];
    const t = (goal - a[2]) / Math.max(1e-6, b[2] - a[2]);
    return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
  };
  const [from, to, [x, y]] = [at(0.25), at(0.75), at(0.5)];
  let angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  if (angle > Math.PI / 2) angle -= Math.PI;
  if (angle < -Math.PI / 2) angle += Math.PI;
  return { x, y, angle, length };
}

