// The map of bureaux. Once per view, each pixel is told which bureau covers it (`rasterise`); to
// recolour is then to look each pixel's bureau up in a table, which is quick without a GPU.
// Streamlit calls the default export on every run of the page, with the same `parentElement`.

const EARTH_M = 2 * Math.PI * 6378137; // circumference in Web Mercator
const MOST_ZOOM_M = 0.2; // metres per pixel
const QUICK_MS = 30; // a raster quicker than this is made again for every frame of a movement

const contours = new Map(); // url → promise of a geometry: pages share what was fetched
const houses = new Map(); // url → promise of streets with their houses, fetched when one is asked for
const grounds = new Map(); // url → promise of streets and names
const views = new Map(); // key → where the map was when its page was left
const maps = new WeakMap(); // root → map

export default function ({ data, parentElement, setTriggerValue }) {
  if (!maps.has(parentElement)) maps.set(parentElement, new BureauMap(parentElement));
  const map = maps.get(parentElement);
  const turn = map.update(unpack(data), (value) => setTriggerValue("clicked", value));
  // Streamlit also calls this for a run that was overtaken, when a later one owns the map.
  return () => {
    if (map.turn !== turn) return;
    map.close();
    maps.delete(parentElement);
  };
}

// ---------------------------------------------------------------- what Python sent

function unpack(bytes) {
  const buffer = bytes.slice().buffer; // a copy: the bytes are a window on a whole message
  let [head, at] = open(buffer);
  const column = (length) => {
    const found = new Uint8Array(buffer, at, length);
    at += Math.ceil(length / 4) * 4;
    return found;
  };
  const planes = column(head.bits * Math.ceil(head.n / 8));
  head.classes = new Uint8Array(head.n);
  for (let bit = 0, at = 0; bit < head.bits; bit++, at += Math.ceil(head.n / 8)) {
    for (let i = 0; i < head.n; i++) head.classes[i] |= ((planes[at + (i >> 3)] >> (i & 7)) & 1) << bit;
  }
  for (const number of Object.values(head.numbers)) number.planes = column(number.bits * Math.ceil(head.n / 8));
  return head;
}

// A number of bureau i, or NaN: its bits stand each in a plane of their own, the lowest first.
function read({ planes, bits, low, decimals }, i) {
  const plane = planes.length / bits;
  let steps = 0;
  for (let bit = 0; bit < bits; bit++) steps += ((planes[bit * plane + (i >> 3)] >> (i & 7)) & 1) * 2 ** bit;
  return steps === 2 ** bits - 1 ? NaN : (low + steps) / 10 ** decimals;
}

async function fetchContours(url) {
  // The address names the content, so what the browser kept is never stale.
  const answer = await fetch(url, { cache: "force-cache" });
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return decode(await answer.arrayBuffer());
}


function decode(buffer) {
  let [head, at] = open(buffer);
  const bytes = new Uint8Array(buffer);
  const next = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const count = head.ids.length;
  const sums = (n) => {
    const ends = new Uint32Array(n + 1);
    for (let i = 0; i < n; i++) ends[i + 1] = ends[i] + next();
    return ends;
  };
  const bureaux = sums(count); // rings of bureau i: bureaux[i] … bureaux[i + 1]
  const rings = sums(head.rings); // points of ring j: rings[j] … rings[j + 1]
  at = Math.ceil(at / 4) * 4;
  const [xs, ys] = [new Int32Array(head.points), new Int32Array(head.points)];
  const back = (zigzag) => (zigzag >>> 1) ^ -(zigzag & 1);
  for (let i = 0, x = 0, y = 0; i < head.points; i++) {
    xs[i] = x += back(next());
    ys[i] = y += back(next());
  }
  const boxes = new Float64Array(4 * count); // west, north, east, south
  const whole = emptyBox();
  for (let i = 0; i < count; i++) {
    const box = emptyBox();
    for (let p = rings[bureaux[i]]; p < rings[bureaux[i + 1]]; p++) stretch(box, xs[p], ys[p], xs[p], ys[p]);
    boxes.set(box, 4 * i);
    stretch(whole, ...box);
  }
  return { ...head, count, bureaux, rings, xs, ys, boxes, whole };
}

// ---------------------------------------------------------------- which bureau covers a pixel

// A view is {x, y, k}: the step of the geometry at the centre, and pixels per step.
function rasterise({ count, bureaux, rings, xs, ys, boxes }, view, width, height, ids, toggles) {
  ids.fill(0);
  const { k } = view;
  const [left, top] = [view.x - width / 2 / k, view.y - height / 2 / k];
  const seen = [];
  for (let i = 0; i < count; i++) {
    const x0 = Math.max(0, Math.floor((boxes[4 * i] - left) * k));
    const y0 = Math.max(0, Math.floor((boxes[4 * i + 1] - top) * k));
    const x1 = Math.min(width - 1, Math.floor((boxes[4 * i + 2] - left) * k));
    const y1 = Math.min(height - 1, Math.floor((boxes[4 * i + 3] - top) * k));
    if (x0 > x1 || y0 > y1) continue;
    seen.push(i);
    const columns = x1 - x0 + 1;
    for (let ring = bureaux[i]; ring < bureaux[i + 1]; ring++) {
      let before = rings[ring + 1] - 1;
      for (let p = rings[ring]; p < rings[ring + 1]; before = p++) {
        // Always from top to bottom: neighbours that share an edge must round it alike.
        const [a, b] = ys[before] < ys[p] ? [before, p] : [p, before];
        const ay = (ys[a] - top) * k - 0.5;
        const by = (ys[b] - top) * k - 0.5;
        const last = Math.min(y1, Math.ceil(by) - 1);
        let row = Math.max(y0, Math.ceil(ay));
        if (row > last) continue;
        const ax = (xs[a] - left) * k - 0.5;
        const slope = ((xs[b] - xs[a]) * k) / (by - ay);
        for (; row <= last; row++) {
          const x = Math.ceil(ax + (row - ay) * slope);
          if (x <= x1) toggles[(row - y0) * columns + (x > x0 ? x - x0 : 0)] ^= 1;
        }
      }
    }
    for (let row = y0, t = 0; row <= y1; row++) {
      let inside = 0;
      for (let at = row * width + x0, end = at + columns; at < end; at++, t++) {
        if (toggles[t]) {
          toggles[t] = 0;
          inside ^= 1;
        }
        if (inside) ids[at] = i + 1;
      }
    }
  }
  return seen;
}

// Adds the rings of a bureau to the current path, without points closer than half a pixel.
function trace(context, { bureaux, rings, xs, ys }, i, view, width, height) {
  const { x, y, k } = view;
  for (let ring = bureaux[i]; ring < bureaux[i + 1]; ring++) {
    let [lastX, lastY] = [Infinity, Infinity];
    for (let p = rings[ring]; p < rings[ring + 1]; p++) {
      const px = (xs[p] - x) * k + width / 2;
      const py = (ys[p] - y) * k + height / 2;
      if (Math.abs(px - lastX) + Math.abs(py - lastY) < 0.5) continue;
      if (lastX === Infinity) context.moveTo(px, py);
      else context.lineTo(px, py);
      [lastX, lastY] = [px, py];
    }
    context.closePath();
  }
}

// ---------------------------------------------------------------- small things

// Any CSS colour as one pixel of image data; the canvas is the only parser that knows them all.
const swatch = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function pixel(colour) {
  swatch.fillStyle = colour;
  swatch.fillRect(0, 0, 1, 1);
  return new Uint32Array(swatch.getImageData(0, 0, 1, 1).data.buffer)[0];
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Without accents, case and dashes, as people type.
const plain = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/œ/g, "oe").replace(/[^a-z0-9]+/g, " ").trim();

// "12 bis", "12 B" and "12b" are one house.
const short = (house) => plain(house).replace(/[^0-9a-z]|(?<=\d\s*[a-z])[a-z]+/g, "");

// What is drawn under the colours is the reader's choice on every map of this browser.
const MEMORY = "palier.map";
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY)) ?? {};
  } catch {
    return {};
  }
}
function remember(settings) {
  try {
    localStorage.setItem(MEMORY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing asks again.
  }
}

const layer = () => document.createElement("canvas").getContext("2d");
// ---------------------------------------------------------------- the base map

const broken = (image) => image.complete && !image.naturalWidth;

class BaseMap {
  constructor(changed) {
    this.images = new Map();
    this.changed = changed;
    this.use(null);
  }

  use(tiles) {
    if (this.tiles?.url === tiles?.url) return;
    this.tiles = tiles;
    this.images.clear();
    this.loaded = this.failed = 0;
  }

  // Without network a few tiles fail; asking for more would only fill the console.
  get usable() {
    return this.tiles && navigator.onLine !== false && (this.loaded > 0 || this.failed < 4);
  }

  image(z, x, y) {
    const { url } = this.tiles;
    const address = url.replace("{z}", z).replace("{x}", x).replace("{y}", y);
    let image = this.images.get(address);
    if (!image) {
      if (this.images.size > 400) this.images.delete(this.images.keys().next().value);
      image = new Image();
      image.onload = () => (this.loaded++, this.changed());
      image.onerror = () => (this.failed++, this.changed());
      image.src = address;
      this.images.set(address, image);
    }
    return image;
  }

  // Those that failed are asked for again.
  retry() {
    for (const [address, image] of this.images) if (broken(image)) this.images.delete(address);
    this.failed = 0;
  }

  // Whether any image is there, and whether none of this view failed.
  draw(context, geometry, view, ratio) {
    this.whole = true;
    if (!this.usable) return false;
    const { width, height } = context.canvas;
    const size = EARTH_M / geometry.step; // of the world, in steps
    const ideal = Math.log2((size * view.k) / ratio / 256);
    const z = between(0, Math.round(ideal), this.tiles.deepest);
    const side = (size / 2 ** z) * view.k;
    const west = ((geometry.west + EARTH_M / 2) / geometry.step + view.x) * view.k - width / 2;
    const north = ((EARTH_M / 2 - geometry.north) / geometry.step + view.y) * view.k - height / 2;
    let shown = false;
    context.filter = "grayscale(1)"; // colours on the map are those of the figures alone
    const most = 2 ** z - 1;
    for (let y = between(0, Math.floor(north / side), most); y <= most && y * side < north + height; y++) {
      for (let x = between(0, Math.floor(west / side), most); x <= most && x * side < west + width; x++) {
        const image = this.image(z, x, y);
        if (broken(image)) this.whole = false;
        else if (image.complete) {
          context.drawImage(image, x * side - west, y * side - north, side, side);
          shown = true;
        }
      }
    }
    context.filter = "none";
    return shown;
  }
}

// ---------------------------------------------------------------- the map

class BureauMap {
  constructor(root) {
    const find = (query) => root.querySelector(query);
    this.root = find(".map");
    this.parts = Object.fromEntries(
      ["stage", "tip", "scale", "credit", "notice", "legend", "spoken", "search", "found", "asks"].map((n) => [n, find(`.${n}`)]));
    Object.assign(this.parts, { help: find("#help"), count: find("#count") });
    this.canvas = find("canvas");
    this.context = this.canvas.getContext("2d");
    this.fill = layer();
    this.lines = layer();
    this.base = new BaseMap(() => this.draw());
    this.turn = 0;
    this.selected = this.hovered = -1;
    this.pointers = new Map();
    this.stop = new AbortController();
    this.listen();
    this.ground = null;
    this.tiled = false;
    this.settings = { images: true, streets: true, opacity: null, ...remembered() };
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.parts.stage);
  }

  close() {
    this.stop.abort();
    this.sizes.disconnect();
    clearTimeout(this.later);
    cancelAnimationFrame(this.frame);
    this.closed = true;
  }

  update(head, send) {
    const before = this.head;
    this.head = head;
    this.send = send;
    if (!before || before.language !== head.language || before.texts.label !== head.texts.label) this.say();
    this.parts.stage.style.height = `${head.height}px`;
    this.base.use(this.settings.images ? head.tiles : null);
    this.showTools();
    this.readTheme();
    this.showLegend();
    if (before?.url !== head.url || this.failed) this.load(head.url);
    else {
      if (this.drawn && String(before.hatched) !== String(head.hatched)) this.drawLines();
      this.repaint();
    }
    if (this.geometry) {
      this.select(head.selected);
      this.show(head.shown);
    }
    return ++this.turn;
  }

  async load(url) {
    this.geometry = null;
    this.failed = false;
    this.selected = this.hovered = -1;
    this.tip(-1);
    this.note(this.head.texts.loading);
    if (!contours.has(url)) contours.set(url, fetchContours(url));
    let geometry;
    try {
      geometry = await contours.get(url);
    } catch (error) {
      contours.delete(url);
      this.failed = this.head.url === url;
      if (this.failed) this.note(this.head.texts.failed);
      console.warn("Palier map:", error);
      return;
    }
    // Meanwhile the page may have gone to another place.
    if (this.head.url !== url || this.closed) return;
    this.note("");
    this.geometry = geometry;
    const kept = views.get(this.head.key);
    this.view = kept?.url === url ? kept.view : null;
    this.parts.count.textContent = this.head.texts.count.replace("{n}", geometry.count);
    this.resize(true);
    this.select(this.head.selected);
    this.shown = undefined;
    this.show(this.head.shown);
    this.loadGround(url, this.head.ground);
  }

  // Streets come after the colours; without them the map is as it is.
  async loadGround(url, address) {
    this.ground = null;
    if (!address) return;
    if (!grounds.has(address)) grounds.set(address, fetchGround(address));
    let ground;
    try {
      ground = await grounds.get(address);
    } catch (error) {
      grounds.delete(address);
      console.warn("Palier map:", error);
      return;
    }
    if (this.head.url !== url || this.closed || !this.geometry) return;
    this.ground = fitGround(ground, this.geometry);
    this.root.dataset.ground = ground.lines;
    this.rasterise();
  }

  // ------------------------------------------------------------ view

  resize(force = false) {
    const { clientWidth, clientHeight } = this.parts.stage;
    if (!this.geometry || !clientWidth || !clientHeight) return; // a tab that is not open
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    const { canvas } = this;
    if (!force && canvas.width === width && canvas.height === height) return;
    const whole = this.whole(canvas.width, canvas.height);
    const fitted = this.view && this.view.k === whole.k && this.view.x === whole.x;
    for (const each of [canvas, this.fill.canvas, this.lines.canvas]) Object.assign(each, { width, height });
    this.ids = new Int32Array(width * height);
    this.toggles = new Uint8Array(width * height);
    this.image = this.fill.createImageData(width, height);
    if (this.view && !fitted && this.ratio) this.view.k *= ratio / this.ratio;
    this.ratio = ratio;
    if (!this.view || fitted) this.view = this.whole();
    this.rasterise();
  }

  whole(width = this.canvas.width, height = this.canvas.height) {
    const [west, north, east, south] = this.geometry.whole;
    const k = 0.94 * Math.min(width / Math.max(1, east - west), height / Math.max(1, south - north));
    return { x: (west + east) / 2, y: (north + south) / 2, k };
  }

  move(x, y, k = this.view.k) {
    const [west, north, east, south] = this.geometry.whole;
    this.view = {
      x: between(west, x, east),
      y: between(north, y, south),
      k: between(this.whole().k / 3, k, this.geometry.step / MOST_ZOOM_M),
    };
    views.set(this.head.key, { url: this.head.url, view: this.view });
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      clearTimeout(this.later);
      if (this.rasterMs < QUICK_MS) return this.rasterise();
      this.draw();
      this.later = setTimeout(() => this.rasterise(), 120);
    });
  }

  // Zoom by `factor`, keeping what is under the point (device pixels) where it is.
  zoom(factor, px = this.canvas.width / 2, py = this.canvas.height / 2) {
    const { x, y, k } = this.view;
    const after = between(this.whole().k / 3, k * factor, this.geometry.step / MOST_ZOOM_M);
    const [dx, dy] = [px - this.canvas.width / 2, py - this.canvas.height / 2];
    this.move(x + dx / k - dx / after, y + dy / k - dy / after, after);
  }

  fit() {
    const { x, y, k } = this.whole();
    this.move(x, y, k);
  }

  // ------------------------------------------------------------ drawing

  rasterise() {
    // Streets may be there before the map has a size: that draws it.
    if (!this.ids) return;
    const start = performance.now();
    const { width, height } = this.canvas;
    this.drawn = this.view;
    const seen = rasterise(this.geometry, this.view, width, height, this.ids, this.toggles);
    this.seen = seen;
    this.drawLines();
    this.rasterMs = performance.now() - start;
    this.root.dataset.rasterMs = this.rasterMs.toFixed(1);
    this.repaint();
  }

  // Metres that a CSS pixel is wide at the middle of the map.
  metres(view = this.view) {
    const { geometry } = this;
    const y = geometry.north - view.y * geometry.step;
    // Mercator stretches lengths by the cosine of the latitude.
    return ((geometry.step / view.k) * this.ratio) / Math.cosh((y * 2 * Math.PI) / EARTH_M);
  }

  drawLines() {
    const { lines, ground, theme, ratio } = this;
    lines.clearRect(0, 0, lines.canvas.width, lines.canvas.height);
    this.drawBorders(this.seen);
    this.hatch();
    lines.globalAlpha = 1;
    if (!ground) return;
    const streets = this.settings.streets && !this.tiled;
    const font = getComputedStyle(this.root).fontFamily;
    const look = { ...theme, ratio, streets, font, metres: this.metres(this.drawn) };
    const seen = drawGround(lines, ground, this.drawn, look);
    if (this.settings.streets) writeNames(lines, ground, this.drawn, look, seen);
  }

  drawBorders(seen) {
    const { lines, ratio, geometry, drawn: view } = this;
    const { width, height } = lines.canvas;
    // Where bureaux are a few pixels wide, borders would hide the colours.
    let size = 0;
    for (const i of seen) size += (geometry.boxes[4 * i + 2] - geometry.boxes[4 * i]) * view.k;
    const mean = size / Math.max(1, seen.length) / ratio;
    if (mean < 7) return;
    lines.beginPath();
    for (const i of seen) trace(lines, geometry, i, view, width, height);
    lines.strokeStyle = this.theme.paper;
    lines.globalAlpha = between(0.25, mean / 40, 0.8);
    lines.lineWidth = between(0.5, mean / 30, 1.1) * ratio;
    lines.stroke();
  }

  hatch() {
    const { lines, ratio, geometry, drawn: view, theme } = this;
    if (!this.head.hatched.length) return;
    const { width, height } = lines.canvas;
    lines.save();
    lines.beginPath();
    for (const i of this.head.hatched) trace(lines, geometry, i, view, width, height);
    lines.clip("evenodd");
    // Light and dark side by side are seen on every colour.
    for (const [colour, shift] of [[theme.paper, 0], [theme.ink, 1.5]]) {
      lines.beginPath();
      for (let x = shift * ratio - height; x < width; x += 6 * ratio) {
        lines.moveTo(x, height);
        lines.lineTo(x + height, 0);
      }
      lines.strokeStyle = colour;
      lines.globalAlpha = 0.9;
      lines.lineWidth = 1.2 * ratio;
      lines.stroke();
    }
    lines.restore();
  }

  repaint() {
    if (!this.geometry || !this.drawn || !this.ids) return;
    const start = performance.now();
    const { classes, legend } = this.head;
    const palette = new Uint32Array([this.theme.noData, ...legend.palette.map(pixel)]);
    const colours = new Uint32Array(classes.length + 1); // 0, no bureau: transparent
    for (let i = 0; i < classes.length; i++) colours[i + 1] = palette[classes[i]];
    const out = new Uint32Array(this.image.data.buffer);
    const { ids } = this;
    for (let i = 0; i < ids.length; i++) out[i] = colours[ids[i]];
    this.fill.putImageData(this.image, 0, 0);
    this.draw();
    this.refreshTip();
    this.root.dataset.repaintMs = (performance.now() - start).toFixed(1);
    this.root.dataset.paints = Number(this.root.dataset.paints || 0) + 1;
  }

  draw() {
    if (!this.geometry || !this.drawn) return;
    const { context, view, drawn, ratio } = this;
    const { width, height } = this.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const tiles = this.base.draw(context, this.geometry, view, ratio);
    const covered = tiles && this.base.whole;
    if (covered !== this.tiled) {
      // Images bring their own streets; where one fails, ours are there.
      this.tiled = covered;
      this.drawLines();
    }
    this.root.dataset.tiled = covered;
    // The raster may be of an earlier view: shown where it lies in this one.
    const s = view.k / drawn.k;
    const shift = (from, to, half) => (from - to) * view.k + half * (1 - s);
    context.setTransform(s, 0, 0, s, shift(drawn.x, view.x, width / 2), shift(drawn.y, view.y, height / 2));
    context.globalAlpha = this.settings.opacity ?? (tiles ? 0.65 : 1);
    context.drawImage(this.fill.canvas, 0, 0);
    context.globalAlpha = 1;
    context.drawImage(this.lines.canvas, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    this.veil();
    if (this.hovered !== this.selected) this.outline(this.hovered, 1.5);
    this.outline(this.selected, 3);
    this.pin();
    const { year, texts } = this.head;
    const credits = [year && texts.year.replace("{year}", year), tiles && this.head.tiles.attribution];
    this.parts.credit.textContent = credits.filter(Boolean).join(" · ");
    this.parts.credit.hidden = !this.parts.credit.textContent;
    this.showScale();
  }

  // The camera goes to some bureaux; once they are left, to the whole place. In between it is the reader's.
  show(ids) {
    const told = ids.join();
    if (told === this.shown) return;
    const begins = this.shown === undefined;
    this.shown = told;
    if (!ids.length) {
      if (!begins) this.fit();
      return;
    }
    const box = emptyBox();
    for (const i of ids) stretch(box, ...this.geometry.boxes.subarray(4 * i, 4 * i + 4));
    const [west, north, east, south] = box;
    const { width, height } = this.canvas;
    const k = 0.8 * Math.min(width / Math.max(1, east - west), height / Math.max(1, south - north));
    this.travel({ x: (west + east) / 2, y: (north + south) / 2, k });
  }

  travel(to) {
    const from = this.view;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.move(to.x, to.y, to.k);
    const begun = performance.now(), told = this.shown;
    const step = () => {
      const share = Math.min(1, (performance.now() - begun) / 700), t = share * share * (3 - 2 * share);
      if (this.closed || this.shown !== told) return;
      this.move(from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t, from.k * (to.k / from.k) ** t);
      if (share < 1) requestAnimationFrame(step);
    };
    step();
  }

  // What the camera did not come for is paler.
  veil() {
    if (!this.head.shown.length) return;
    const { context, theme, view } = this;
    const { width, height } = this.canvas;
    context.beginPath();
    context.rect(0, 0, width, height);
    for (const i of this.head.shown) trace(context, this.geometry, i, view, width, height);
    context.fillStyle = theme.paper;
    context.globalAlpha = 0.6;
    context.fill("evenodd");
    context.globalAlpha = 1;
  }

  // The house that was looked for.
  pin() {
    if (!this.mark) return;
    const { context, theme, ratio, view } = this;
    const { width, height } = this.canvas;
    const [x, y] = [(this.mark.x - view.x) * view.k + width / 2, (this.mark.y - view.y) * view.k + height / 2];
    for (const [colour, radius] of [[theme.paper, 8], [theme.ink, 6], [theme.paper, 2.5]]) {
      context.beginPath();
      context.arc(x, y, radius * ratio, 0, 2 * Math.PI);
      context.fillStyle = colour;
      context.fill();
    }
  }

  outline(i, thickness) {
    if (i < 0) return;
    const { context, theme, ratio } = this;
    context.lineJoin = "round";
    // Ink on a halo of paper is seen on every colour of every palette.
    for (const [colour, extra] of [[theme.paper, 2.5], [theme.ink, 0]]) {
      context.beginPath();
      trace(context, this.geometry, i, this.view, this.canvas.width, this.canvas.height);
      context.strokeStyle = colour;
      context.lineWidth = (thickness + extra) * ratio;
      context.stroke();
    }
  }

  readTheme() {
    const style = getComputedStyle(this.root);
    const probe = element("i", { className: "nothing" });
    this.root.append(probe);
    this.theme = {
      paper: style.getPropertyValue("--paper").trim(),
      ink: style.getPropertyValue("--ink").trim(),
      noData: pixel(getComputedStyle(probe).backgroundColor),
    };
    probe.remove();
    const theme = JSON.stringify(this.theme);
    // Borders have the colour of the paper.
    if (this.themed !== undefined && this.themed !== theme && this.geometry && this.ids) this.rasterise();
    this.themed = theme;
  }

  // ------------------------------------------------------------ words

  say() {
    const { texts } = this.head;
    this.canvas.setAttribute("aria-label", texts.label);
    this.parts.help.textContent = texts.help;
    for (const button of this.root.querySelectorAll(".buttons button")) {
      button.title = texts[button.dataset.act];
      button.setAttribute("aria-label", button.title);
    }
    if (this.geometry) this.parts.count.textContent = texts.count.replace("{n}", this.geometry.count);
    this.parts.search.placeholder = texts.search;
    this.parts.search.setAttribute("aria-label", texts.search);
    for (const label of this.root.querySelectorAll("[data-says]")) label.textContent = texts[label.dataset.says];
  }

  // ------------------------------------------------------------ what lies under the colours

  showTools() {
    const { head, settings } = this;
    const [images, streets, opacity] = ["images", "streets", "opacity"].map((n) => this.root.querySelector(`[name=${n}]`));
    images.closest("label").hidden = !head.tiles;
    streets.closest("label").hidden = !head.ground;
    images.checked = settings.images;
    streets.checked = settings.streets;
    opacity.value = settings.opacity ?? 0.75;
    const asks = head.tiles && settings.images;
    this.parts.asks.hidden = !asks;
    if (asks) this.parts.asks.textContent = head.texts.asks.replace("{host}", new URL(head.tiles.url, location.href).host);
  }

  set(name, value) {
    this.settings[name] = value;
    remember(this.settings);
    this.base.use(this.settings.images ? this.head.tiles : null);
    this.showTools();
    this.draw();
    this.drawLines();
    this.draw();
  }

  // ------------------------------------------------------------ search

  // What can be gone to: places, streets (once each, where most of them lies), bureaux.
  spots() {
    if (this.listed === this.geometry && this.listedGround === this.ground) return this.spotted;
    [this.listed, this.listedGround] = [this.geometry, this.ground];
    const { geometry, ground } = this;
    const found = [];
    if (ground) {
      for (const { text, x, y } of ground.labels) found.push({ text, x, y, metres: 6 });
      const streets = new Map();
      for (let i = 0; i < ground.lines; i++) {
        const text = ground.names[ground.named[i]];
        if (!text) continue;
        const box = ground.boxes.subarray(4 * i, 4 * i + 4);
        const size = Math.hypot(box[2] - box[0], box[3] - box[1]);
        if (size > (streets.get(text)?.size ?? -1)) {
          streets.set(text, { text, x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, metres: 1.5, size });
        }
      }
      found.push(...streets.values());
    }
    for (let i = 0; i < geometry.count; i++) {
      const [west, north, east, south] = geometry.boxes.subarray(4 * i, 4 * i + 4);
      const text = geometry.names[i] || geometry.ids[i];
      found.push({ text, code: geometry.ids[i], x: (west + east) / 2, y: (north + south) / 2, metres: 3, i });
    }
    // Files name a bureau by its code.
    for (const spot of found) spot.plain = plain(`${spot.text} ${spot.code ?? ""}`);
    this.spotted = found;
    return found;
  }

  // A number before the street is a house: "12 bis, rue Haute" → ["12 bis", "rue Haute"].
  houseOf(text) {
    const found = text.match(/^\s*(\d+)\s*(bis|ter|quater|[a-z](?=[\s,]))?\s*,?\s+(\p{L}{2}.*)$/iu);
    return found && [short(`${found[1]} ${found[2] ?? ""}`), found[3]];
  }

  // Fetched once, when somebody first looks for a house; the search is then made again.
  loadHouses() {
    const address = this.head.houses;
    if (!address || this.streetHouses?.address === address) return this.streetHouses?.list;
    if (!houses.has(address)) {
      const fetched = fetch(address, { cache: "force-cache" }).then((answer) => (answer.ok ? answer.json() : []));
      houses.set(address, fetched);
      fetched.catch(() => houses.delete(address)).then((list) => {
        if (this.closed || !list || this.head.houses !== address) return;
        this.streetHouses = { address, list: list.map(([name, rows]) => ({ name, rows, plain: plain(name) })) };
        this.showFound();
      });
    }
    return undefined;
  }

  lookForHouse(text) {
    const [wanted, street] = this.houseOf(text) ?? [];
    const list = wanted && this.loadHouses();
    if (!list) return [];
    const words = plain(street).split(" ").filter(Boolean);
    const { west, north: top, step } = this.geometry;
    const found = [];
    for (const { name, rows, plain: told } of list) {
      if (!words.every((word) => told.includes(word))) continue;
      let [x, y, best] = [0, 0, null];
      for (const [house, east, north] of rows) {
        [x, y] = [x + east, y + north];
        const away = short(house) === wanted ? 0 : 1 + Math.abs(parseInt(house) - parseInt(wanted));
        if (!best || away < best.away) best = { house, away, x, y };
      }
      found.push({ text: `${best.house} ${name}`, plain: told, x: (best.x - west) / step, y: (top - best.y) / step, metres: 0.6, away: best.away });
    }
    const whole = plain(street);
    const rank = ({ plain: told, away }) => (away ? 3 : 0) + (told === whole ? 0 : told.endsWith(whole) ? 1 : 2);
    return found.sort((a, b) => rank(a) - rank(b) || a.text.length - b.text.length).slice(0, 8);
  }

  look(text) {
    const found = this.lookForHouse(text);
    if (found.length) return found;
    // « 19e bureau 67 » is no house of a street; without its house the map goes to the street.
    const whole = this.spotsOf(text);
    return whole.length ? whole : this.spotsOf(this.houseOf(text)?.[1] ?? "");
  }

  spotsOf(text) {
    const wanted = plain(text);
    const words = wanted.split(" ").filter(Boolean);
    if (!words.length) return [];
    const fits = this.spots().filter((spot) => words.every((word) => spot.plain.includes(word)));
    const rank = (spot) => (spot.plain === wanted ? 0 : spot.plain.startsWith(wanted) ? 1 : spot.plain.endsWith(wanted) ? 2 : 3);
    return fits.sort((a, b) => rank(a) - rank(b) || a.text.length - b.text.length || a.text.localeCompare(b.text)).slice(0, 8);
  }

  showFound() {
    const { search, found, spoken } = this.parts;
    const { texts } = this.head;
    this.hits = this.look(search.value);
    const rows = this.hits.map((hit) => {
      const row = element("button", { type: "button", textContent: hit.text });
      row.addEventListener("click", () => this.goTo(hit));
      return element("li", {}, row);
    });
    const none = search.value.trim() && !rows.length;
    if (this.hits[0]?.away) rows.unshift(element("li", { textContent: texts.no_house }));
    found.replaceChildren(...rows, ...(none ? [element("li", { textContent: texts.not_found })] : []));
    found.hidden = !found.children.length;
    spoken.textContent = none ? texts.not_found : rows.length ? texts.searched.replace("{n}", rows.length) : "";
  }

  goTo({ text, x, y, metres, i, away }) {
    this.parts.search.value = text;
    this.parts.found.hidden = true;
    const house = away !== undefined;
    this.mark = house ? { x, y } : null;
    const k = (this.view.k * this.metres()) / metres;
    this.move(x, y, Math.max(k, this.whole().k));
    this.canvas.focus({ preventScroll: true });
    if (i !== undefined) this.choose(i);
    // A house brings its bureau into view.
    if (house) requestAnimationFrame(() => setTimeout(() => this.choose(this.at(this.canvas.width / 2, this.canvas.height / 2)), 200));
  }

  note(text) {
    this.parts.notice.hidden = !text;
    this.parts.notice.textContent = text;
  }

  showLegend() {
    const { legend } = this.head;
    const text = JSON.stringify(legend);
    if (text === this.legended) return;
    this.legended = text;
    const rows = legend.labels.map((label, i) => {
      const colour = element("i");
      colour.style.background = legend.palette[i];
      return element("li", {}, colour, label);
    });
    if (legend.hatched) rows.push(element("li", {}, element("i", { className: "hatched" }), legend.hatched));
    if (legend.no_data) rows.push(element("li", {}, element("i", { className: "nothing" }), legend.no_data));
    this.parts.legend.replaceChildren(element("strong", { textContent: legend.title }), element("ul", {}, ...rows));
  }

  showScale() {
    const metres = this.metres();
    const most = 110 * metres;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = power * (most >= 5 * power ? 5 : most >= 2 * power ? 2 : 1);
    const [value, unit] = length >= 1000 ? [length / 1000, "km"] : [length, "m"];
    this.parts.scale.style.width = `${length / metres}px`;
    this.parts.scale.textContent = `${value.toLocaleString(this.head.language)} ${unit}`;
  }

  linesOf(i) {
    const { tooltip, numbers, language } = this.head;
    const text = (name) => {
      const { decimals } = numbers[name];
      const value = read(numbers[name], i);
      if (Number.isNaN(value)) return "–";
      const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
      return value.toLocaleString(language, options).replace("-", "−");
    };
    // As `analysis.agreement`: in French a quantity under two is singular, in English one alone.
    const ending = (name, many) => {
      const { decimals } = numbers[name];
      const value = Math.abs(Number(read(numbers[name], i).toFixed(decimals)));
      return (language === "fr" ? value < 2 : value === 1 && !decimals) ? "" : many;
    };
    const agree = (_, name, noun, many) => `${text(name)}${noun}${ending(name, many)}`;
    const counted = /{(\w+)}(\s[^\s[{]+)\[(s|es|x)\]/g;
    const fill = (line) => line.replace(counted, agree).replace(/{(\w+)}/g, (_, name) => text(name));
    return tooltip.map(fill);
  }

  // ------------------------------------------------------------ tooltip and selection

  at(px, py) {
    if (!this.ids) return -1;
    if (this.drawn !== this.view) this.rasterise();
    const { width, height } = this.canvas;
    const [x, y] = [Math.floor(px), Math.floor(py)];
    return x < 0 || y < 0 || x >= width || y >= height ? -1 : this.ids[y * width + x] - 1;
  }

  tip(i, x, y) {
    const { tip, stage } = this.parts;
    this.tipped = i < 0 ? null : { i, x, y };
    tip.hidden = i < 0;
    if (i < 0) return;
    const name = this.geometry.names[i] || this.geometry.ids[i];
    const lines = this.linesOf(i).map((textContent) => element("span", { textContent }));
    tip.replaceChildren(element("b", { textContent: name }), ...lines);
    const left = x + 14 + tip.offsetWidth > stage.clientWidth ? x - 14 - tip.offsetWidth : x + 14;
    const top = y + 14 + tip.offsetHeight > stage.clientHeight ? y - 14 - tip.offsetHeight : y + 14;
    tip.style.transform = `translate(${Math.max(2, left)}px, ${Math.max(2, top)}px)`;
  }

  refreshTip() {
    if (this.tipped) this.tip(this.tipped.i, this.tipped.x, this.tipped.y);
  }

  speak(i) {
    const { texts, selected } = this.head;
    const name = i < 0 ? texts.nothing : this.geometry.names[i] || this.geometry.ids[i];
    const words = i < 0 ? [name] : [name, ...this.linesOf(i)];
    if (i >= 0 && i === this.selected) words.push(texts.selected);
    this.parts.spoken.textContent = words.join(". ");
  }

  // Chosen elsewhere on the page: outlined, and brought into sight.
  select(i) {
    if (i === this.selected) return;
    this.selected = i;
    if (i >= 0 && this.ids) {
      const [west, north, east, south] = this.geometry.boxes.subarray(4 * i, 4 * i + 4);
      const [x, y] = [(west + east) / 2, (north + south) / 2];
      const { width, height } = this.canvas;
      const { view } = this;
      if (Math.abs(x - view.x) * view.k * 2 > width || Math.abs(y - view.y) * view.k * 2 > height) this.move(x, y);
    }
    this.draw();
  }

  choose(i) {
    if (i === this.selected) return;
    this.selected = i;
    this.draw();
    this.speak(i);
    this.send({ bureau_id: i < 0 ? null : this.geometry.ids[i] });
  }

  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.canvas.classList.toggle("over", i >= 0);
    this.draw();
  }

  // ------------------------------------------------------------ hands

  listen() {
    const { signal } = this.stop;
    const on = (target, name, act) =>
      target.addEventListener(name, (event) => this.geometry && this.view && act.call(this, event), { signal, passive: false });
    on(this.canvas, "pointerdown", this.press);
    on(this.canvas, "pointermove", this.drag);
    on(this.canvas, "pointerup", this.release);
    on(this.canvas, "pointercancel", (event) => this.pointers.delete(event.pointerId));
    on(this.canvas, "pointerleave", this.leave);
    on(this.canvas, "wheel", this.wheel);
    on(this.canvas, "dblclick", (event) => this.zoom(2, ...this.point(event)));
    on(this.canvas, "keydown", this.key);
    on(this.canvas, "blur", () => this.tip(-1));
    on(this.parts.search, "input", this.showFound);
    on(this.parts.search, "keydown", (event) => {
      if (event.key === "Enter" && this.hits?.length) this.goTo(this.hits[0]);
      if (event.key === "Escape") this.parts.found.hidden = true;
    });
    for (const name of ["images", "streets"]) {
      on(this.root.querySelector(`[name=${name}]`), "change", (event) => this.set(name, event.target.checked));
    }
    on(window, "online", () => (this.base.retry(), this.draw()));
    on(this.root.querySelector("[name=opacity]"), "input", (event) => this.set("opacity", Number(event.target.value)));
    for (const button of this.root.querySelectorAll(".buttons button")) on(button, "click", () => this.act(button.dataset.act));
  }

  act(name) {
    if (name === "fit") this.fit();
    else this.zoom(name === "zoom_in" ? 2 : 0.5);
  }

  // Where an event is, in device pixels of the canvas.
  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  press(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.point(event));
    this.travelled = this.pointers.size > 1 ? Infinity : 0;
  }

  drag(event) {
    const here = this.point(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.pointAt(event, here);
    const [dx, dy] = [here[0] - before[0], here[1] - before[1]];
    this.travelled += Math.abs(dx) + Math.abs(dy);
    // A finger is never quite still.
    if (this.travelled < 6 * this.ratio) return;
    this.canvas.classList.add("moving");
    this.tip(-1);
    this.pointers.set(event.pointerId, here);
    const { x, y, k } = this.view;
    if (this.pointers.size === 1) return this.move(x - dx / k, y - dy / k);
    const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    const apart = (from) => Math.hypot(from[0] - other[0], from[1] - other[1]);
    this.zoom(apart(here) / Math.max(1, apart(before)), (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
  }

  pointAt(event, [px, py]) {
    if (event.pointerType === "touch") return;
    const i = this.at(px, py);
    this.hover(i);
    this.tip(i, px / this.ratio, py / this.ratio);
  }

  // A finger leaves as soon as it has tapped; what it asked for stays until the next tap.
  leave(event) {
    if (event.pointerType === "touch") return;
    this.hover(-1);
    this.tip(-1);
  }

  release(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    this.canvas.classList.remove("moving");
    if (this.travelled >= 6 * this.ratio) return;
    const [px, py] = this.point(event);
    const i = this.at(px, py);
    this.tip(i, px / this.ratio, py / this.ratio);
    this.choose(i);
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    this.zoom(Math.exp(-between(-300, event.deltaY * lines, 300) * 0.002), ...this.point(event));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { width, height } = this.canvas;
    const step = 0.15 * Math.min(width, height);
    const go = (dx, dy) => () => this.move(this.view.x + (dx * step) / this.view.k, this.view.y + (dy * step) / this.view.k);
    const keys = {
      ArrowLeft: go(-1, 0), ArrowRight: go(1, 0), ArrowUp: go(0, -1), ArrowDown: go(0, 1),
      "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5),
      0: () => this.fit(), Home: () => this.fit(),
      Enter: () => this.choose(this.at(width / 2, height / 2)),
      " ": () => this.choose(this.at(width / 2, height / 2)),
      Escape: () => this.choose(-1),
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
    const i = this.at(width / 2, height / 2);
    this.tip(i, width / 2 / this.ratio, height / 2 / this.ratio);
    this.speak(i);
  }
}
