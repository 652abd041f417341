"use strict";

// The ground over the colours of a Leaflet map: the file and the script that draw it on screen too.
const PALIER_PLANE = 2 * Math.PI * 6378137; // metres round the plane of map tiles

function palierUnpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(plain).arrayBuffer();
}

async function palierGroundLayer(map, text) {
  const plain = palierLines.decodeGround(await palierUnpacked(text));
  const ground = palierLines.fitGround(plain, plain);
  const canvas = palierElement("canvas", "palier-ground");
  map.createPane("ground").style.zIndex = 450;
  map.getPane("ground").append(canvas);
  const look = { paper: "#ffffff", ink: "#1c2733", font: "system-ui, sans-serif", streets: true };
  const draw = () => {
    const { x: width, y: height } = map.getSize();
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px`, visibility: "" });
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    const { lat } = map.getCenter();
    const centre = L.CRS.EPSG3857.project(map.getCenter());
    const metres = PALIER_PLANE / 256 / 2 ** map.getZoom();
    const view = {
      x: (centre.x - plain.west) / plain.step,
      y: (plain.north - centre.y) / plain.step,
      k: (plain.step / metres) * ratio,
    };
    const now = { ...look, ratio, metres: metres * Math.cos((lat * Math.PI) / 180) };
    const context = canvas.getContext("2d");
    const seen = palierLines.drawGround(context, ground, view, now);
    palierLines.writeNames(context, ground, view, now, seen);
  };
  map.on("move moveend resize", draw);
  map.on("zoomstart", () => { canvas.style.visibility = "hidden"; });
  map.on("zoomend", draw);
  draw();
  // Images of a server have streets of their own.
  return (streets) => { look.streets = streets; draw(); };
}
