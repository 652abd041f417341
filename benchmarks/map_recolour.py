"""From moving a slider to the recoloured map: seconds, bytes sent, milliseconds of the server.

python benchmarks/map_recolour.py [--sizes 900 10000 69000] [--peer 900 10000] [--moves N]

The same towns, made of irregular cells, are shown by Palier's map and by the usual way,
GeoPandas → GeoJSON → pydeck (--peer: sizes; above about 20,000 its message is too large for
Streamlit). Both are timed by looking at the screen, which takes some hundredths of a second a
look; Palier's also in the page, from the key to the painted canvas. Chromium draws in software:
a graphics card shortens the peer's part of the time. The fastest of the moves counts, on each side.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import promise
from PIL import Image

from tests.browser import chromium, chromium_path, open_page, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser import Visit

SCRIPT = '''
import json
import time

import geopandas as gpd
import numpy as np
import pydeck
import shapely
import streamlit as st

from pages._ui.bureau_map import Legend, Number, Paint, bureau_map, publish_geometry

PALETTE = ["#1b9e77", "#d95f02", "#7570b3", "#e7298a"]
n = int(st.query_params["n"])


@st.cache_resource
def cells(n):
    """Cells of a crooked grid, 12 points each; neighbours share their borders."""
    across = int(np.ceil(n**0.5))
    y, x = np.mgrid[0 : 3 * across + 1, 0 : 3 * across + 1].astype(float)
    moved = np.random.default_rng(1).uniform(-0.4, 0.4, (2, *x.shape))
    points = np.stack([x + moved[0], y + moved[1]], axis=-1) * 100 + [650_000, 6_600_000]
    ring = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 3), (2, 3), (3, 3), (3, 2), (3, 1), (3, 0), (2, 0),
            (1, 0), (0, 0)]
    at = np.arange(n)
    rows = 3 * (at // across)[:, None] + [r for r, _ in ring]
    columns = 3 * (at % across)[:, None] + [c for _, c in ring]
    return gpd.GeoDataFrame({"bureau_id": [f"b{i}" for i in range(n)]},
                            geometry=shapely.polygons(points[rows, columns]), crs=2154)


@st.cache_resource
def numbers(n):
    rng = np.random.default_rng(2)
    return rng.gamma(2, 0.3, (3, n)), rng.permutation(n)


@st.cache_resource
def published(n):
    return publish_geometry(cells(n), digest=f"benchmark-{n}")


@st.cache_resource
def in_degrees(n):
    return cells(n).to_crs(4326)


def palier(classes, shift):
    gains, rank = numbers(n)
    numbers_shown = {name: Number(gain + shift / 10, 2) for name, gain in zip("glh", gains)}
    numbers_shown["r"] = Number(rank)
    paint = Paint(classes + 1, Legend("Class", PALETTE, list("abcd")),
                  ["{g} [{l} to {h}]", "Rank {r}"], numbers_shown)
    bureau_map(published(n), paint, key="map")


def pydeck_chart(classes, shift):
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in PALETTE])
    frame = in_degrees(n).assign(colour=rgb[classes].tolist())
    west, south, east, north = frame.total_bounds
    layer = pydeck.Layer("GeoJsonLayer", json.loads(frame.to_json()),
                         get_fill_color="properties.colour", stroked=False)
    zoom = np.log2(520 / 512 * 360 / (east - west)) - 0.5
    view = pydeck.ViewState(longitude=(west + east) / 2, latitude=(south + north) / 2, zoom=zoom)
    st.pydeck_chart(pydeck.Deck([layer], initial_view_state=view, map_provider=None), height=520)


shift = st.slider("shift", 0, 100, 0)
show = {"palier": palier, "pydeck": pydeck_chart}[st.query_params["way"]]
made_beforehand = numbers(n), published(n), in_degrees(n)
started = time.perf_counter()
# Few cells are of another class, so that the screen can be read anywhere; not of the next one,
# as Streamlit lets what is stale fade, which changes colours before the move has come.
show((shift + 2 * (np.arange(n) % 10 == 0)) % 4, shift)
st.text(f"server {1000 * (time.perf_counter() - started):.1f} ms of run {shift}")
'''
PALETTE = [(27, 158, 119), (217, 95, 2), (117, 112, 179), (231, 41, 138)]
CHARTS = {"palier": ".map[data-paints] canvas", "pydeck": "[data-testid=stDeckGlJsonChart]"}
# The time at which the map was painted after the last key, looked at by the page itself.
WATCH = """map => {
  addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
  new MutationObserver(() => { window.painted = performance.now() - window.pressed; })
    .observe(map, { attributes: true, attributeFilter: ["data-paints"] });
}"""
SERVER_MS = {900: 50.0, 69_000: 300.0}
SENT_MB, SECONDS = 1.0, 0.2
PATIENCE_S = 120
ALIKE = 40  # of 255: the drawing may be smoothed


@dataclass(frozen=True)
class Move:
    """What one move of the slider took."""

    seen_s: float
    painted_s: float | None
    megabytes: float
    server_ms: float


def most_seen(shot: Image.Image) -> int:
    """Return the colour of the palette that most pixels have; borders have none (-1)."""
    pixels = np.asarray(shot.convert("RGB"), dtype=int).reshape(-1, 1, 3)
    alike = np.abs(pixels - np.array(PALETTE)).max(axis=2) < ALIKE
    counts = alike.sum(axis=0)
    return int(counts.argmax()) if counts.any() else -1


class Screen:
    """A page with one map, timed by looking at its middle."""

    def __init__(self, visit: Visit, way: str) -> None:
        self.visit, self.way = visit, way
        box = visit.page.locator(CHARTS[way]).first.bounding_box(timeout=1000 * PATIENCE_S)
        x, y = (round(box[a] + box[b] / 2) for a, b in (("x", "width"), ("y", "height")))
        self.clip = {"x": x - 4, "y": y - 4, "width": 8, "height": 8}
        self.colour = self.wait_for(set(range(len(PALETTE))))
        if way == "palier":
            visit.page.locator(".map").evaluate(WATCH)

    def wait_for(self, colours: set[int]) -> int:
        """Return the first of these colours of the palette that is on screen."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            shot = Image.open(io.BytesIO(self.visit.page.screenshot(clip=self.clip)))
            seen = most_seen(shot)
            if seen in colours:
                return seen
        raise TimeoutError(f"{self.way}: no colour of {colours} on screen after {PATIENCE_S} s")

    def move(self, turn: int) -> Move:
        """Move the slider by one and wait until the map shows it."""
        page, received = self.visit.page, len(self.visit.received)
        started = time.perf_counter()
        page.get_by_role("slider", name="shift").press("ArrowRight")
        self.colour = self.wait_for({(self.colour + 1) % len(PALETTE)})
        seen = time.perf_counter() - started
        said = page.get_by_text(f"of run {turn}").inner_text(timeout=1000 * PATIENCE_S)
        painted = page.evaluate("window.painted / 1000") if self.way == "palier" else None
        page.wait_for_timeout(300)
        sent = sum(self.visit.received[received:]) / 1e6
        return Move(seen, painted, sent, float(said.split()[1]))


def measure_way(browser: Browser, url: str, way: str, moves: int) -> Move:
    visit = open_page(browser, url)
    try:
        screen = Screen(visit, way)
        found = [screen.move(turn + 1) for turn in range(moves)]
    finally:
        visit.page.context.close()
    painted = [move.painted_s for move in found if move.painted_s is not None]
    return Move(
        min(move.seen_s for move in found),
        min(painted) if painted else None,
        max(move.megabytes for move in found),
        min(move.server_ms for move in found),
    )


def report(way: str, size: int, took: Move) -> None:
    painted = f" ({took.painted_s:.3f} s in the page)" if took.painted_s is not None else ""
    print(
        f"      {way}, {size:,} bureaux: {took.seen_s:.2f} s{painted}, "
        f"{took.megabytes:.3f} MB, {took.server_ms:.1f} ms of the server",
        flush=True,
    )


def promises(size: int, ours: Move) -> bool:
    kept = promise(f"slider to map at {size:,}", ours.painted_s or ours.seen_s, SECONDS, "s")
    kept &= promise(f"sent per move at {size:,}", ours.megabytes, SENT_MB, "MB")
    if size in SERVER_MS:
        kept &= promise(f"server per move at {size:,}", ours.server_ms, SERVER_MS[size], "ms")
    return kept


def measure(sizes: list[int], peer: list[int], moves: int) -> bool:
    if not chromium_path():
        print("not measured: no Chromium on this machine (make setup-dev installs it)")
        return True
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(SCRIPT, encoding="utf-8")
        with serve(script) as url, chromium() as browser:
            for size in sizes:
                ours = measure_way(browser, f"{url}/?way=palier&n={size}", "palier", moves)
                report("Palier's map", size, ours)
                if size in peer:
                    other = measure_way(browser, f"{url}/?way=pydeck&n={size}", "pydeck", moves)
                    report("GeoJSON → pydeck", size, other)
                    print(
                        f"      ratios at {size:,}: {other.seen_s / ours.seen_s:.1f}× the time, "
                        f"{other.megabytes / ours.megabytes:.0f}× the bytes, "
                        f"{other.server_ms / ours.server_ms:.0f}× the server",
                        flush=True,
                    )
                kept &= promises(size, ours)
    return kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[900, 10_000, 69_000])
    parser.add_argument("--peer", type=int, nargs="*", default=[900, 10_000])
    parser.add_argument("--moves", type=int, default=5)
    given = parser.parse_args()
    sys.exit(not measure(given.sizes, given.peer, given.moves))
