"""The map: what is sent is exact and small, and a browser does with it what people expect."""

from __future__ import annotations

import http.server
import io
import json
import math
import os
import struct
import threading
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from playwright.sync_api import expect

from analysis.errors import DataError
from analysis.i18n import format_number
from pages._ui.bureau_map import Legend, Number, Paint, component, geometry, publish_geometry
from tests.browser import ROOT, open_page, serve, settle

COLUMNS, ROWS = 12, 8
SCRIPT = """
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from PIL import Image
import streamlit as st

from analysis.charts.map_ground import ground_of
from analysis.workflows.base_maps import TileSource
from pages._ui.bureau_map import *

@st.cache_resource
def squares():
    corners = [(700_000 + 100 * c, 6_600_000 - 100 * r) for r in range(8) for c in range(12)]
    return publish_geometry(gpd.GeoDataFrame(
        {"bureau_id": [f"b{i}" for i in range(96)], "name": [f"Bureau {i}" for i in range(96)]},
        geometry=[shapely.box(x, y, x + 100, y + 100) for x, y in corners],
        crs=2154,
    ), digest="test-squares")

@st.cache_resource
def lines():
    frame = gpd.GeoDataFrame(
        {
            "bureau_id": [f"75056_{1 + n // 6:02}{n:02}" for n in range(12)],
            "commune_id": "75056",
        },
        geometry=[
            shapely.box(x, 6_599_300, x + 100, 6_600_100) for x in range(700_000, 701_200, 100)
        ],
        crs=2154,
    )
    streets = gpd.GeoDataFrame(
        {"name": ["Rue de l'Étoile", "La Seine"], "kind": ["street", "water"], "length_m": 1.0},
        geometry=[
            shapely.linestrings([(700_850, 6_599_300), (700_850, 6_600_100)]),
            shapely.linestrings([(700_000, 6_599_750), (701_200, 6_599_750)]),
        ],
        crs=2154,
    )
    return publish_ground(ground_of(frame, streets, {}), digest="test-lines")

def choose(bureau_id):
    st.session_state.chosen = bureau_id

geometry = squares()
shift = st.slider("shift", 0, 3, 0)
if st.button("choose b95"):
    choose("b95")
number = np.arange(96) / 10
number[0] = np.nan
paint = Paint(
    (np.arange(96) + shift) % 4,
    Legend("Colours", ["#ff0000", "#00ff00", "#0000ff"], ["r", "g", "b"], "nothing known"),
    ["Number {x}"],
    {"x": Number(number, 1)},
)
address = st.query_params.get("tiles")
if address:
    geometry = replace(geometry, tiles=TileSource(address, "© somebody"))
if st.query_params.get("ground"):
    geometry = replace(geometry, year=2017, ground=lines())
options = MapOptions(
    selected=st.session_state.get("chosen"),
    on_select=choose,
    height=400,
)
if st.toggle("show", True):
    event = bureau_map(geometry, paint, key="left", options=options)
    st.write(f"chosen: {st.session_state.get('chosen')}; event: {event.bureau_id}")
if st.query_params.get("two"):
    bureau_map(geometry, paint, key="right", options=MapOptions(height=300))
"""
CODE = sorted((ROOT / "pages/_ui/bureau_map").glob("bureau_map.*"))
RED, GREEN, BLUE = [255, 0, 0], [0, 255, 0], [0, 0, 255]


# ---------------------------------------------------------------- what is sent


def squares(*boxes, crs=2154, **columns):
    ids = [f"b{i}" for i in range(len(boxes))]
    return gpd.GeoDataFrame({"bureau_id": ids} | columns, geometry=list(boxes), crs=crs)


def read_varints(data: bytes, n: int) -> tuple[list[int], int]:
    """Read as the browser does: the oracle of `varints`."""
    values, at = [], 0
    for _ in range(n):
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        values.append(value)
    return values, at


def read_numbers(number: Number, n: int) -> list[float]:
    how, planes = number.packed()
    rows = np.frombuffer(planes, np.uint8).reshape(how["bits"], -1)
    bits = np.unpackbits(rows, axis=1, count=n, bitorder="little").astype(int)
    steps = (bits * 2 ** np.arange(how["bits"])[:, None]).sum(axis=0)
    missing = steps == 2 ** how["bits"] - 1
    return np.where(missing, np.nan, (how["low"] + steps) / 10 ** how["decimals"]).tolist()


@given(some.lists(some.integers(0, 2**32 - 1)))
def test_whole_numbers_come_back_from_varints(values):
    data = geometry.varints(np.array(values, dtype=np.int64))
    assert read_varints(data, len(values)) == (values, len(data))


@given(some.lists(some.floats(-1e5, 1e5) | some.just(math.nan), min_size=1), some.integers(0, 3))
def test_numbers_of_the_tooltip_are_those_of_the_tables(values, decimals):
    def shown(numbers):
        return [format_number(x, decimals, language="fr") for x in numbers]

    assert shown(read_numbers(Number(values, decimals), len(values))) == shown(values)


def test_contours_come_back_with_their_holes_and_islands():
    town = shapely.box(700_000, 6_600_000, 701_000, 6_601_000)
    lake = shapely.box(700_400, 6_600_400, 700_600, 6_600_600)
    island = shapely.box(702_000, 6_600_000, 702_300, 6_600_300)
    bureaux = squares(shapely.MultiPolygon([town - lake, island]), lake, name=["Bourg", None])
    data = geometry.encode(bureaux)
    start = 4 + int.from_bytes(data[:4], "little")
    header = json.loads(data[4:start])
    assert (header["ids"], header["names"]) == (["b0", "b1"], ["Bourg", ""])

    (*rings_of, a, b, c, d), used = read_varints(data[start:], 2 + header["rings"])
    assert (rings_of, [a, b, c, d]) == ([3, 1], [4, 4, 4, 4])
    start += used + -used % 4
    zigzag, _used = read_varints(data[start:], 2 * header["points"])
    moves = np.array([(z >> 1) ^ -(z & 1) for z in zigzag]).reshape(-1, 2)
    xy = np.cumsum(moves, axis=0) * [header["step"], -header["step"]]
    xy += [header["west"], header["north"]]
    truth = shapely.get_coordinates(bureaux.geometry.to_crs(3857).to_numpy())
    closing = [4, 9, 14, 19]
    assert np.abs(xy - np.delete(truth, closing, axis=0)).max() <= header["step"] / 2 + 1e-6


def test_contours_are_written_once_and_whole(tmp_path):
    bureaux = squares(shapely.box(0, 0, 1, 1), None)
    published = publish_geometry(bureaux, digest="abc", folder=tmp_path)
    assert list(published.ids) == ["b0"]
    assert published.url.endswith("/app/static/geometry/abc-1.bin")
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"kept")
    publish_geometry(bureaux, digest="abc", folder=tmp_path)
    assert file.read_bytes() == b"kept"


def test_the_least_recently_used_contours_go_first(tmp_path, monkeypatch):
    one = squares(shapely.box(0, 0, 1, 1))
    for digest in ("a", "b"):
        publish_geometry(one, digest=digest, folder=tmp_path)
        os.utime(tmp_path / f"{digest}-1.bin", (0, 0))
    monkeypatch.setattr(geometry, "KEPT_BYTES", 2.5 * (tmp_path / "a-1.bin").stat().st_size)
    publish_geometry(one, digest="a", folder=tmp_path)
    publish_geometry(one, digest="c", folder=tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a-1.bin", "c-1.bin"]


@pytest.mark.parametrize(
    ("bureaux", "what"),
    [
        (squares(None), "no contour"),
        (squares(shapely.Point(0, 0)), "no contour"),
        (squares(shapely.box(0, 0, 1, 1), crs=None), "reference system"),
        (squares(*[shapely.box(0, 0, 1, 1)] * 2).assign(bureau_id="b0"), "more than one contour"),
    ],
)
def test_contours_that_cannot_be_drawn_are_refused(bureaux, what, tmp_path):
    with pytest.raises(DataError, match=what):
        publish_geometry(bureaux, digest="x", folder=tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="write access"):
        publish_geometry(squares(shapely.box(0, 0, 1, 1)), digest="x", folder=tmp_path / "file")


def test_paint_that_does_not_fit_is_refused():
    legend = Legend("t", ["#000000"], ["a"])
    with pytest.raises(ValueError, match="class 2 has no colour"):
        Paint([0, 2], legend)
    with pytest.raises(ValueError, match="gain"):
        Paint([0, 1], legend, ["{gain}"])
    with pytest.raises(ValueError, match="2 classes"):
        Paint([0, 1], legend, ["{gain}"], {"gain": Number([1.0])})
    with pytest.raises(ValueError, match="1 colours for 2 labels"):
        Legend("t", ["#000000"], ["a", "b"])


def test_the_legend_counts_what_is_hatched():
    legend = Legend("t", ["#000000"], ["a"], hatched="held back")
    told, _columns = Paint([1, 1, 0], legend, hatched=[False, True, True]).packed()
    assert (told["hatched"], told["legend"]["hatched"]) == ([1, 2], "held back (2)")
    told, _columns = Paint([1, 1, 0], legend).packed()
    assert (told["hatched"], told["legend"]["hatched"]) == ([], "")


def test_a_move_of_the_nation_stays_under_its_budget():
    n = 69_000
    rng = np.random.default_rng(1)
    legend = Legend("t", ["#000000"] * 7, list("abcdefg"))
    classes = rng.integers(0, 8, n)
    numbers = {
        "rank": Number(rng.permutation(n)),
        "gain": Number(rng.gamma(2, 0.3, n), 3),
        "low": Number(rng.gamma(2, 0.3, n), 3),
        "high": Number(rng.gamma(2, 0.3, n), 3),
        "registered": Number(rng.integers(1, 3000, n)),
    }
    ids = pd.Index([f"01001_{i:05}" for i in range(n)])
    nation = geometry.Geometry("/x", ids)
    options = component.MapOptions(selected="01001_00007")
    sent = [
        len(component._message(nation, paint, "k", options))
        for paint in (Paint(classes, legend), Paint(classes, legend, ["{rank}"], numbers))
    ]
    assert sent[0] < 100_000 - 45_000  # the component's script goes along
    assert sent[1] < 1_000_000 / 1.5


def test_a_click_on_contours_that_have_gone_is_no_click():
    shown = geometry.Geometry("/x", pd.Index(["b0"]))
    assert component._event({}, shown) == component.MapEvent()
    assert component._event({"clicked": {"bureau_id": "other"}}, shown) == component.MapEvent()
    assert component._event({"clicked": {"bureau_id": None}}, shown) == component.MapEvent(True)
    assert component._event({"clicked": {"bureau_id": "b0"}}, shown).bureau_id == "b0"


# ---------------------------------------------------------------- what the browser does


@pytest.fixture(scope="module")
def app(browser, tmp_path_factory):
    """Serve the script, to a browser."""
    script = tmp_path_factory.mktemp("map") / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    with serve(script) as url:
        yield SimpleNamespace(url=url, browser=browser, script=script)


@pytest.fixture
def visit(app):
    """Open the script; the map has been drawn."""
    opened = []

    def visit(query="", **window):
        found = open_page(app.browser, f"{app.url}/?lang=en&{query}", told_all=True, **window)
        opened.append(found)
        found.page.locator(".map[data-paints]").first.wait_for()
        return found

    yield visit
    for each in opened:
        each.leave()


def place(canvas, i):
    """Return where bureau `i` is on the fitted map, in CSS pixels of the canvas."""
    box = canvas.bounding_box()
    side = 0.94 * min(box["width"] / COLUMNS, box["height"] / ROWS)
    column, row = i % COLUMNS + 0.5 - COLUMNS / 2, i // COLUMNS + 0.5 - ROWS / 2
    return {"x": box["width"] / 2 + column * side, "y": box["height"] / 2 + row * side}


def colour(canvas, at):
    return canvas.evaluate(
        """(c, {x, y}) => [...c.getContext("2d").getImageData(
            x * c.width / c.clientWidth, y * c.height / c.clientHeight, 1, 1).data].slice(0, 3)""",
        at,
    )


def seen_blue(canvas, at):
    """Return by how much a pixel is blue; images of elsewhere let no script read the canvas."""
    seen = Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")
    red, _green, blue = seen.getpixel((round(at["x"]), round(at["y"])))
    return blue - red


def view_changed(page, before):
    """Wait until the map has been drawn again for another view."""
    expect(page.locator(".map").first).not_to_have_attribute("data-paints", before)


def paints(page):
    return page.locator(".map").first.get_attribute("data-paints")


def move_slider(page, key="ArrowRight"):
    before = paints(page)
    page.get_by_role("slider", name="shift").press(key)
    view_changed(page, before)


@pytest.mark.browser
def test_a_window_knows_nothing_of_the_page_before(app):
    first = open_page(app.browser, app.url, told_all=True)
    first.page.evaluate(
        "localStorage.who = 'Ada', sessionStorage.who = 'Ada', document.cookie = 'who=Ada'"
    )
    first.page.route("**/static/geometry/**", lambda route: route.abort())
    first.leave()
    asked = len(first.fetched)
    second = open_page(app.browser, app.url, width=390, told_all=True)
    assert second.page is first.page
    second.page.locator(".map[data-paints]").wait_for()
    kept = "[localStorage.who, sessionStorage.who, /Ada/.test(document.cookie), innerWidth]"
    assert second.page.evaluate(kept) == [None, None, False, 390]
    assert len(first.fetched) == asked
    assert second.fetched
    assert not second.errors
    second.leave()


@pytest.mark.browser
def test_each_bureau_has_its_colour_and_a_move_sends_colours_only(visit):
    seen = visit()
    canvas = seen.page.locator("canvas")
    assert [colour(canvas, place(canvas, i)) for i in (1, 2, 3, 95)] == [RED, GREEN, BLUE, BLUE]
    sent = len(seen.received)
    move_slider(seen.page)
    assert [colour(canvas, place(canvas, i)) for i in (0, 1, 4, 94)] == [RED, GREEN, RED, BLUE]
    # The map's own code comes along each time; with it colours and words, and no shape.
    code = sum(file.stat().st_size for file in CODE)
    assert max(seen.received[sent:]) < code + 4_000
    assert [path for path in seen.fetched if "geometry" in path] == [
        "/app/static/geometry/test-squares-1.bin"
    ]
    assert not seen.errors
    assert not seen.outside


@pytest.mark.browser
def test_a_click_chooses_and_empty_ground_clears(visit):
    page = visit().page
    canvas = page.locator("canvas")
    canvas.click(position=place(canvas, 37))
    expect(page.get_by_text("chosen: b37; event: b37")).to_be_visible()
    expect(page.locator(".tip")).to_have_text("Bureau 37Number 3.7")
    # Another run has another event, or none; the choice stays.
    move_slider(page)
    expect(page.get_by_text("chosen: b37; event: None")).to_be_visible()
    canvas.click(position={"x": 3, "y": 200})
    expect(page.get_by_text("chosen: None; event: None")).to_be_visible()
    canvas.hover(position=place(canvas, 0))
    expect(page.locator(".tip")).to_have_text("Bureau 0Number –")


@pytest.mark.browser
def test_the_keyboard_does_all_that_the_mouse_does(visit):
    page = visit().page
    canvas = page.get_by_role("application", name="Map of the bureaux")
    canvas.focus()
    before = paints(page)
    for key in ("ArrowRight", "ArrowDown", "+", "+"):
        page.keyboard.press(key)
    view_changed(page, before)
    page.keyboard.press("Enter")
    expect(page.get_by_text("event: b")).to_be_visible()
    expect(page.locator(".spoken")).to_have_text(
        page.locator(".tip b").inner_text()
        + ". "
        + page.locator(".tip span").inner_text()
        + ". Selected"
    )
    page.keyboard.press("Escape")
    expect(page.get_by_text("chosen: None; event: None")).to_be_visible()
    for name in ("Zoom in", "Zoom out", "Show everything"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    before = paints(page)
    page.keyboard.press("Enter")
    view_changed(page, before)
    assert colour(canvas, place(canvas, 1)) == RED


@pytest.mark.browser
def test_wheel_and_drag_move_the_view_and_it_stays_when_the_map_goes_and_comes(visit):
    page = visit().page
    canvas = page.locator("canvas")
    there = place(canvas, 0)
    before = paints(page)
    canvas.hover(position=place(canvas, 51))
    page.mouse.wheel(0, -1000)
    view_changed(page, before)
    box, start = canvas.bounding_box(), place(canvas, 51)
    x, y = box["x"] + start["x"], box["y"] + start["y"]
    # Zoomed in by e^0.6 around bureau 51, then dragged: its neighbours are farther apart.
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=4)
    page.mouse.up()
    dragged = {"x": start["x"] + 60, "y": start["y"] + 30}
    expect(page.get_by_text("chosen: None")).to_be_visible()
    canvas.hover(position=dragged)
    expect(page.locator(".tip b")).to_have_text("Bureau 51")
    assert colour(canvas, there) != colour(canvas, dragged)
    page.get_by_text("show", exact=True).click()
    expect(canvas).to_have_count(0)
    page.get_by_text("show", exact=True).click()
    page.locator(".map[data-paints]").wait_for()
    canvas.hover(position=dragged)
    expect(page.locator(".tip b")).to_have_text("Bureau 51")


@pytest.mark.browser
def test_what_is_chosen_elsewhere_comes_into_sight(visit):
    page = visit().page
    canvas = page.locator("canvas")
    before = paints(page)
    canvas.hover(position=place(canvas, 0))
    for _ in range(6):
        page.mouse.wheel(0, -1000)
    view_changed(page, before)
    page.get_by_role("button", name="choose b95").click()
    expect(page.get_by_text("chosen: b95")).to_be_visible()
    settle(page)
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(page.locator(".tip b")).to_have_text("Bureau 95")


@pytest.mark.browser
def test_two_maps_on_a_page_do_not_meddle(visit):
    seen = visit("two=1")
    maps = seen.page.locator(".map")
    expect(maps).to_have_count(2)
    seen.page.locator(".map[data-paints]").nth(1).wait_for()
    left, right = (maps.nth(i).locator("canvas") for i in (0, 1))
    before = maps.nth(0).get_attribute("data-paints")
    maps.nth(0).get_by_role("button", name="Zoom in").click()
    expect(maps.nth(0)).not_to_have_attribute("data-paints", before)
    assert [colour(right, place(right, i)) for i in (1, 95)] == [RED, BLUE]
    left.click(position={"x": 200, "y": 200})
    expect(seen.page.get_by_text("event: b")).to_be_visible()
    assert len([path for path in seen.fetched if "geometry" in path]) == 1
    assert not seen.errors


@pytest.mark.browser
def test_a_phone_shows_the_whole_map_and_a_tap_tells_the_numbers(visit):
    seen = visit(width=390, height=800, has_touch=True, is_mobile=True, device_scale_factor=3)
    page, canvas = seen.page, seen.page.locator("canvas")
    box = canvas.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    at = place(canvas, 37)
    page.touchscreen.tap(box["x"] + at["x"], box["y"] + at["y"])
    expect(page.get_by_text("chosen: b37")).to_be_visible()
    expect(page.locator(".tip")).to_have_text("Bureau 37Number 3.7")
    # Sharp on a dense screen, but not three times: that is nine times the work.
    assert canvas.evaluate("c => c.width") == round(2 * box["width"])


@pytest.mark.browser
def test_dark_paper_has_a_dark_colour_for_no_data(app, visit):
    def no_data(seen):
        canvas = seen.page.locator("canvas")
        return sum(colour(canvas, place(canvas, 0)))

    light = no_data(visit())
    with serve(app.script, "--theme.base", "dark") as url:
        seen = open_page(app.browser, url)
        seen.page.locator(".map[data-paints]").wait_for()
        assert no_data(seen) < 300 < 500 < light
        seen.leave()


@pytest.mark.browser
def test_contours_that_do_not_come_are_said_and_tried_again(visit):
    page = visit().page
    page.route("**/static/geometry/**", lambda route: route.abort())
    page.reload()
    expect(page.get_by_text("The contours could not be loaded")).to_be_visible()
    page.unroute("**/static/geometry/**")
    page.get_by_role("slider", name="shift").press("ArrowRight")
    page.locator(".map[data-paints]").wait_for()
    expect(page.get_by_text("The contours could not be loaded")).to_be_hidden()
    canvas = page.locator("canvas")
    assert colour(canvas, place(canvas, 1)) == GREEN


@pytest.fixture
def tiles():
    """Serve grey tiles from this machine; what is asked is listed, the first may be refused."""
    told = SimpleNamespace(asked=[], refuses=0)
    # One grey pixel, as an image of type BMP: 14 + 40 bytes of header, one row of four bytes.
    header = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 58, 0, 0, 54, 40, 1, 1, 1, 24, 0, 4, *[0] * 4)
    grey = header + b"\x80\x80\x80\x00"

    class Tile(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802 - the name http.server calls
            told.asked.append(self.path)
            if self.path in told.asked[: told.refuses]:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "image/bmp")
            self.end_headers()
            self.wfile.write(grey)

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    yield told
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_a_base_map_is_drawn_and_credited_when_there_is_one(visit, tiles):
    page = visit(f"tiles={tiles.url}").page
    expect(page.get_by_text("© somebody")).to_be_visible()
    # Near the town of the script, at 3° E and about 46.5° N.
    zoom, x, y = map(int, tiles.asked[0].removesuffix(".png").strip("/").split("/"))
    assert x / 2**zoom == pytest.approx((3 + 180) / 360, abs=1e-4)
    latitude = math.atan(math.sinh(math.pi * (1 - 2 * y / 2**zoom)))
    assert math.degrees(latitude) == pytest.approx(46.5, abs=0.05)


@pytest.mark.browser
def test_without_network_the_base_map_is_absent_and_nothing_breaks(visit):
    page = visit("tiles=http://127.0.0.1:1/{z}/{x}/{y}.png").page
    move_slider(page)
    canvas = page.locator("canvas")
    assert colour(canvas, place(canvas, 1)) == GREEN
    expect(page.locator(".credit")).to_be_hidden()


@pytest.mark.browser
def test_streets_are_drawn_named_and_found_without_network(visit):
    page = visit("ground=1").page
    page.locator(".map[data-ground]").wait_for()
    expect(page.locator(".credit")).to_have_text("Contours of 2017")
    canvas = page.locator("canvas")
    # The river runs through the middle of the fourth row, blue whatever lies under it.
    seine = [colour(canvas, place(canvas, n)) for n in (38, 41)]
    assert all(abs(one - 0xDC) < 25 for _red, _green, one in seine)
    page.get_by_label("Streets and names").uncheck()
    assert colour(canvas, place(canvas, 1)) == RED
    page.get_by_label("Streets and names").check()
    search = page.get_by_placeholder("Address, street, place or bureau")
    search.fill("12 rue de l etoile")
    expect(page.locator(".found")).to_have_text("Rue de l'Étoile")
    before = page.locator(".scale").inner_text()
    search.press("Enter")
    expect(page.locator(".scale")).not_to_have_text(before)
    search.fill("2e")
    expect(page.locator(".found button").first).to_have_text("2e")
    # By its code too, as files name it.
    search.fill("b37")
    expect(page.locator(".found")).to_have_text("Bureau 37")
    search.fill("bureau 37")
    page.locator(".found button").first.click()
    expect(page.get_by_text("chosen: b37")).to_be_visible()


@pytest.mark.browser
def test_streets_stand_where_one_image_fails_until_it_comes(visit, tiles):
    tiles.refuses = 1
    page = visit(f"ground=1&tiles={tiles.url}").page
    page.locator(".map[data-ground][data-tiled=false]").filter(has_text="© somebody").wait_for()
    # Of our own ground, the river; the image that is missing is elsewhere on the map.
    canvas = page.locator("canvas")
    assert seen_blue(canvas, place(canvas, 38)) > 20
    tiles.refuses = 0
    page.evaluate("dispatchEvent(new Event('online'))")
    page.locator(".map[data-tiled=true]").wait_for()
    assert seen_blue(canvas, place(canvas, 38)) < 5


@pytest.mark.browser
def test_images_that_fail_leave_the_streets(visit):
    page = visit("ground=1&tiles=http://127.0.0.1:1/{z}/{x}/{y}.png").page
    page.locator(".map[data-ground]").wait_for()
    expect(page.locator(".credit")).to_have_text("Contours of 2017")
    expect(page.locator(".asks")).to_contain_text("127.0.0.1:1")
    page.get_by_label("Base map").uncheck()
    expect(page.locator(".asks")).to_be_hidden()
