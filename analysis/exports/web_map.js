"use strict";

// Texts reach the page as text nodes only: names of bureaux come from files.
function palierElement(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function palierFacts(properties, names, most) {
  const table = palierElement("table", "palier-facts");
  properties.facts.slice(0, most).forEach((fact, i) =>
    table.append(palierElement("tr", "", palierElement("th", "", names[i]), palierElement("td", "", fact))));
  const title = palierElement("strong", "", properties.name);
  return palierElement("div", "", ...(properties.name ? [title] : []), table);
}

function palierPanel(map, position, className, ...children) {
  const control = L.control({ position });
  control.onAdd = () => {
    const panel = palierElement("div", "palier " + className, ...children);
    L.DomEvent.disableClickPropagation(panel);
    L.DomEvent.disableScrollPropagation(panel);
    return panel;
  };
  control.addTo(map);
}

function palierSwatch(colour, label, className) {
  const swatch = palierElement("span", "swatch " + className);
  if (colour) swatch.style.background = colour;
  return palierElement("li", "", swatch, label);
}

// The background is fetched only on request; without network its tiles stay away unseen.
function palierBackground(map, layer, config, ground) {
  const blank = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
  const tiles = L.tileLayer(config.tiles.url, { attribution: config.tiles.credit, errorTileUrl: blank, maxZoom: config.tiles.deepest });
  const box = palierElement("input");
  box.type = "checkbox";
  box.addEventListener("change", () => {
    if (box.checked) tiles.addTo(map); else tiles.remove();
    layer.setStyle({ fillOpacity: box.checked ? 0.6 : 0.9 });
    ground?.then((show) => show(!box.checked));
  });
  // Images bring their own streets; where one stays away, ours are there.
  tiles.on("tileerror", () => box.checked && ground?.then((show) => show(box.checked)));
  return palierElement("label", "", box, config.tiles.label);
}

function palierLegend(map, layer, config, ground) {
  const list = palierElement("ul", "");
  for (let i = config.palette.length - 1; i > 0; i--) list.append(palierSwatch(config.palette[i], config.labels[i], ""));
  list.append(palierSwatch("", config.targeted, "top"));
  list.append(palierElement("li", "", palierElement("span", "palier-rank", "1"), config.ranked));
  const legend = palierElement("details", "", palierElement("summary", "", config.texts.score_legend), list,
    ...(config.tiles ? [palierBackground(map, layer, config, ground)] : []), ...config.notes.map((note) => palierElement("p", "small", note)),
    palierElement("p", "small", config.texts.offline));
  legend.open = window.innerWidth > 600;
  palierPanel(map, "bottomleft", "", legend);
}

function palierTargets(map, layers, config) {
  const list = palierElement("ul", "targets");
  for (const layer of layers) {
    const { rank, name, facts } = layer.feature.properties;
    const button = palierElement("button", "", palierElement("b", "", String(rank)), palierElement("span", "", name || facts[0]), palierElement("i", "", facts[2]));
    button.type = "button";
    button.addEventListener("click", () => {
      map.fitBounds(layer.getBounds(), { maxZoom: 15, padding: [120, 120] });
      layer.openPopup();
    });
    list.append(palierElement("li", "", button));
  }
  const panel = palierElement("details", "", palierElement("summary", "", config.targets), list);
  panel.open = true;
  palierPanel(map, "topright", "palier-list", panel);
}

function palierRanks(map, layers) {
  for (const layer of layers) {
    const { rank, at } = layer.feature.properties;
    const icon = L.divIcon({ className: "palier-rank", html: String(rank), iconSize: [22, 22] });
    L.marker(at, { icon, interactive: false, keyboard: false }).addTo(map);
  }
}

function palierMap(map, layer, config) {
  map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
  L.control.zoom({ zoomInTitle: config.texts.zoom_in, zoomOutTitle: config.texts.zoom_out }).addTo(map);
  const layers = [];
  layer.eachLayer((each) => {
    const properties = each.feature.properties;
    each.setStyle({
      fillColor: config.palette[properties.class], fillOpacity: 0.9,
      color: properties.top ? "#e8590c" : "#ffffff", weight: properties.top ? 2.5 : 0.8,
    });
    if (properties.top) each.bringToFront();
    // Four facts under the pointer, all of them on a click.
    each.bindTooltip(() => palierFacts(properties, config.names, 4), { sticky: true, opacity: 1 });
    each.bindPopup(() => palierFacts(properties, config.names), { maxWidth: 340 });
    each.on("mouseover", () => each.setStyle({ weight: 3.5 }));
    each.on("mouseout", () => each.setStyle({ weight: properties.top ? 2.5 : 0.8 }));
    layers.push(each);
  });
  layers.sort((a, b) => a.feature.properties.rank - b.feature.properties.rank);
  const first = layers.slice(0, config.listed);
  const subtitle = config.subtitle ? [palierElement("p", "", config.subtitle)] : [];
  palierPanel(map, "topleft", "", palierElement("h1", "", config.title), ...subtitle);
  L.control.scale({ imperial: false }).addTo(map);
  // On a wide screen the panels stand beside the map, on a phone above it.
  const wide = window.innerWidth > 900;
  const beside = wide ? [[350, 16], [250, 16]] : [[16, 16], [16, 16]];
  map.fitBounds(layer.getBounds(), { paddingTopLeft: beside[0], paddingBottomRight: beside[1] });
  const ground = config.ground ? palierGroundLayer(map, config.ground) : null;
  palierLegend(map, layer, config, ground);
  palierTargets(map, first, config);
  palierRanks(map, wide ? first : first.slice(0, 10));
}
