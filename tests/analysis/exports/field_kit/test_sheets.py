"""Sheets: every stop once, numbers of the turf, facts with sources, the same bytes again."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pypdfium2 as pdfium
import pytest
import segno
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.charts.map_ground import Ground
from analysis.errors import DataError
from analysis.exports.field_kit import pdf_canvas, turf_files
from analysis.exports.field_kit.cover_map import number_spots, parts_of
from analysis.exports.field_kit.kit import Kit, words
from analysis.exports.field_kit.pdf_canvas import WIDE, Paper, width_of, wrap
from analysis.exports.field_kit.phone import phone_page
from analysis.exports.field_kit.sheet_map import METRES_PER_DEGREE, Frame
from analysis.exports.field_kit.sheet_table import Grid, Row, stops_grid
from analysis.exports.field_kit.sheets import kit_of, sheet_pdf, sheets_pdf, write_kit
from analysis.exports.field_kit.turf_street_names import Sheet, names_of_streets, street_labels
from tests.analysis.exports.walks_made import SCRIPT, walks_from, walks_of, with_tower
from tests.made import ROOT


def pages_of(content):
    document = pdfium.PdfDocument(content)
    return [page.get_textpage().get_text_range().replace("\r\n", " ") for page in document]


def ink(content, page=0, scale=2):
    """Return how dark each pixel is: 0 white, 1 black."""
    picture = pdfium.PdfDocument(content)[page].render(scale=scale, grayscale=True)
    return 1 - np.squeeze(picture.to_numpy()) / 255


def test_a_cover_and_a_sheet_per_turf(kit):
    cover, *sheets = pages_of(sheets_pdf(kit))
    assert len(sheets) == len(kit.tables)
    doors = kit.walks.turfs["dwellings"].sum()
    assert f"3 secteurs · 36 adresses · {doors} portes · 288 min" in cover
    assert "1 adresse n’est dans aucun secteur" in cover
    for (turf_id, stops), text in zip(kit.tables.items(), sheets, strict=True):
        assert f"Secteur {turf_id}" in text
        assert f"{stops['dwellings'].sum()} portes en 96" in text
        assert "page 1 sur 1" in text
        assert "scellé 5ea15ea15ea15ea1" in text
        assert "Lieu fictif" in text
        assert "Comité de quartier" in text
        for row in stops.itertuples():
            assert f"{row.stop} {row.house} {row.street} {row.dwellings}" in text


def test_a_house_far_up_a_lane_is_marked_on_its_sheet_and_no_other(place):
    walks = walks_of(place, turfs=1)
    # From the stop before, and on to the one after, 400 metres each: 800 metres on 72 a minute.
    far = walks.turfs["stop"].isin([5, 6])
    stops = walks.turfs.assign(walk_m=walks.turfs["walk_m"].mask(far, 400.0))
    one = stops["stop"] == 5
    doors = ["dwellings", "door_to", "dwellings_of_building"]
    stops[doors] = stops[doors].mask(one, 1)
    kit = kit_of(walks_from(stops, place), place)
    ((turf_id, stop),) = kit.out_of_the_way
    assert (turf_id, stop) == ("T0001", 5)
    text = pages_of(sheet_pdf(kit, "T0001"))[0].replace("\n", " ")
    assert text.count("à l’écart") == 1


def test_doors_not_to_disturb_stand_on_the_cover_and_beside_their_building(kit):
    stop = kit.tables["T0001"].iloc[2]
    other = kit.tables["T0002"].iloc[0]
    told = [
        {"address_id": stop["address_id"], "street": "Rue Haute", "doors": 2, "floors": ["0", "3"]},
        {"address_id": other["address_id"], "street": "Rue Haute", "doors": 1, "floors": []},
        {"address_id": "gone", "street": "Rue Basse", "doors": 1, "floors": []},
    ]
    walks = replace(kit.walks, summary={**kit.walks.summary, "left_alone": told})
    cover, first, second, _third = pages_of(sheets_pdf(replace(kit, walks=walks)))
    said = " ".join(cover.split())
    assert "Portes à ne pas déranger : 4. Rue Haute (3), Rue Basse (1)." in said
    assert "à ne pas déranger : 2 portes (rez-de-chaussée, étage 3)" in " ".join(first.split())
    assert "à ne pas déranger : 1 porte" in " ".join(second.split())


def test_a_long_turf_goes_on_overleaf_with_each_stop_once(place):
    kit = kit_of(walks_of(place, turfs=1, stops=90), place)
    pages = pages_of(sheet_pdf(kit, "T0001"))
    assert len(pages) > 2
    for n, text in enumerate(pages, start=1):
        assert f"page {n} sur {len(pages)}" in text
    words = " ".join(pages)
    for row in kit.tables["T0001"].itertuples():
        assert words.count(f" {row.stop} {row.house} {row.street}") == 1
    assert words.count("www.cnil.fr") == 1


def test_large_print_is_larger_and_says_the_same(kit):
    small, large = (
        pages_of(sheet_pdf(replace(kit, large=large), "T0001")) for large in (False, True)
    )
    for row in kit.tables["T0001"].itertuples():
        for pages in (small, large):
            assert f"{row.stop} {row.house} {row.street}" in " ".join(pages)
    assert len(large) > len(small)


def test_english_on_demand(walks, place):
    text = pages_of(sheet_pdf(kit_of(walks, place, language="en"), "T0001"))[0]
    assert "Goal of this outing" in text
    assert "No answer" in text
    assert "Secteur" not in text


@pytest.mark.slow
def test_the_same_bytes_again_and_in_another_process(kit, place, tmp_path):
    first = sheets_pdf(kit)
    sheets_pdf(replace(kit, large=True))  # fonts are shared: their state must not be
    assert sheets_pdf(kit) == first
    (tmp_path / "first.pdf").write_bytes(first)
    script = (
        "import sys; from pathlib import Path\n"
        "from analysis.exports.field_kit.sheets import kit_of, sheets_pdf\n"
        "from analysis.tables.workspace import Workspace\n"
        "from tests.analysis.exports.walks_made import walks_of\n"
        "place = Workspace(sys.argv[1])\n"
        "kit = kit_of(walks_of(place), place, controller='Comité de quartier',"
        " contact='12 rue Haute')\n"
        "sys.exit(sheets_pdf(kit) != Path(sys.argv[2]).read_bytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(place.path), str(tmp_path / "first.pdf")],
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0


def test_the_code_is_that_of_the_turf(kit):
    content = sheet_pdf(kit, "T0002")
    side, margin = 82.0, pdf_canvas.MARGIN
    modules = np.array([*segno.make(kit.code("T0002"), error="m", mask=0, micro=False).matrix])
    assert kit.tokens["T0002"] in kit.code("T0002")
    dark = ink(content, scale=4)
    step = side / (len(modules) + 8) * 4
    left, top = (WIDE - margin - side) * 4, (margin - 6) * 4
    at = (np.arange(len(modules)) + 4.5) * step
    seen = dark[np.ix_((top + at).astype(int), (left + at).astype(int))]
    assert ((seen > 0.5) == (modules == 1)).all()


def test_maps_are_to_scale_and_north_is_up(kit):
    stops = kit.tables["T0001"]
    degrees = stops[["longitude", "latitude"]].to_numpy(float)
    frame = Frame.around(degrees, x=0, y=0, wide=500, high=300)
    at = frame.on_paper(degrees)
    assert frame.holds(at).all()
    addresses = kit.walks.turfs.loc[lambda t: t["turf_id"] == "T0001"]
    metric = shapely.get_coordinates(shapely.points(addresses["longitude"], addresses["latitude"]))
    east = (metric[:, 0] - metric[0, 0]) * METRES_PER_DEGREE * np.cos(np.radians(metric[0, 1]))
    assert (at[:, 0] - at[0, 0]) * frame.metres == pytest.approx(east, abs=0.5)
    assert (np.sign(at[:, 1] - at[0, 1]) == np.sign(metric[:, 1] - metric[0, 1])).all()


def test_a_kilometre_on_the_map_is_a_kilometre_of_the_metric_system():
    points = shapely.points([[650_000, 6_862_000], [651_000, 6_862_000], [650_000, 6_863_000]])
    series = gpd.GeoSeries(points, crs="EPSG:2154").to_crs("OGC:CRS84")
    degrees = shapely.get_coordinates(series.array)
    frame = Frame.around(degrees, x=0, y=0, wide=400, high=400)
    at = frame.on_paper(degrees) * frame.metres
    apart = np.hypot(*(at[1:] - at[0]).T)
    # A sphere for an ellipsoid: a third of a percent.
    assert apart == pytest.approx(1000, rel=4e-3)


def test_stops_are_drawn_where_they_are(walks):
    kit = Kit(walks)
    content = sheet_pdf(kit, "T0001")
    assert (ink(content) > 0.5).mean() > 0.01
    moved = replace(walks, summary={**walks.summary, "start": None})
    assert sheet_pdf(Kit(moved), "T0001") != content, "the start is drawn"


def test_texts_of_files_are_texts_on_paper(place):
    walks = with_tower(walks_of(place), street=SCRIPT, number=None, suffix="")
    text = pages_of(sheet_pdf(kit_of(walks, place), "T0001"))[0]
    assert "</script><b>" in text
    assert re.search(r"\b400\b", text)


def test_a_building_shared_by_teams_says_which_doors(place):
    table = walks_of(place, turfs=2, stops=5).turfs
    first, second = table.index[table["stop"] == 1]
    same = ["address_id", "bureau_id", "latitude", "longitude", "street", "number", "suffix"]
    table.loc[second, same] = table.loc[first, same]
    table.loc[[first, second], "dwellings_of_building"] = 250
    numbers = ["door_from", "door_to", "dwellings"]
    table.loc[first, numbers], table.loc[second, numbers] = (1, 150, 150), (151, 250, 100)
    kit = kit_of(walks_from(table, place), place, large=True)
    text = " ".join(pages_of(sheet_pdf(kit, "T0002")))
    assert re.search(r"\(portes 151 +à +250\)", text)


def test_special_turfs_are_named(walks, place):
    entries = [{**turf} for turf in walks.summary["turfs"]]
    entries[0] |= {"use": "spare", "profile": "low_mobility"}
    changed = replace(walks, summary={**walks.summary, "turfs": entries})
    cover, sheet, *_ = pages_of(sheets_pdf(kit_of(changed, place)))
    assert "réserve, sans escalier" in cover
    assert "réserve, sans escalier" in sheet


def test_without_a_workspace_there_are_no_facts_and_lines_to_fill_in(walks):
    text = pages_of(sheet_pdf(Kit(walks), "T0001"))[0]
    assert "Le quartier" not in text
    assert "organisé par ……" in text


def test_facts_are_those_of_the_tables_with_their_sources(kit, place):
    facts = kit.facts["T0001"]
    assert len(facts) == 3
    bureaux = kit.tables["T0001"]["bureau_id"].unique()
    turnout = place.read("turnout").astype({"bureau_id": str, "election_id": str})
    last = turnout[turnout["election_id"].eq("2024_legi_t2")]
    here = last[last["bureau_id"].isin(bureaux)][["registered", "ballots"]].sum()
    share = round(100 * (1 - here["ballots"] / here["registered"]))
    assert f"{share}\u202f% d’abstention sur {here['registered']} inscrits" in facts[0].text
    # Nobody publishes the files of an invented town.
    assert facts[0].source == "territoire fictif, general_results.csv"
    context = place.read("context")
    context = context[context["vintage"].eq(2024) & context["bureau_id"].isin(bureaux)]
    poor = round(100 * context["poor_households"].sum() / context["households"].sum())
    assert f"dont {poor}\u202f% sous le seuil de pauvreté" in facts[1].text
    assert "INSEE" not in facts[1].source
    largest = kit.tables["T0001"]["dwellings"].max()
    assert f"({largest} porte" in facts[2].text
    sheet = pages_of(sheet_pdf(kit, "T0001"))[0]
    assert all(fact.text[:40] in sheet for fact in facts)


def test_facts_of_a_real_place_credit_who_publishes(kit, walks, place, monkeypatch):
    monkeypatch.setattr(type(place), "fictional", False)
    sources = [fact.source for fact in kit_of(walks, place).facts["T0001"]]
    assert "Licence Ouverte 2.0" in sources[0]
    assert "INSEE" in sources[1]


def test_withheld_squares_give_way_to_the_next_fact(walks, place, monkeypatch):
    read = type(place).read

    def withheld(workspace, name, **options):
        table = read(workspace, name, **options)
        return table.assign(poor_households=np.nan) if name == "context" else table

    monkeypatch.setattr(type(place), "read", withheld)
    texts = [fact.text for fact in kit_of(walks, place).facts["T0001"]]
    assert len(texts) == 3
    assert not any("pauvreté" in text for text in texts)
    assert re.search(r"inscrits en 2024, [+−]?\d+ depuis 2017", texts[2])


def test_fronts_join_neighbours_of_one_side_only(kit, place):
    around = kit.surroundings
    assert len(around.segments) > 100
    addresses = place.read("addresses")
    degrees = shapely.get_coordinates(addresses.geometry.to_crs("OGC:CRS84").array).round(9)
    rows = {tuple(at): n for n, at in enumerate(degrees)}
    first, second = (
        [rows[tuple(at)] for at in around.segments[:, part].round(9)]
        for part in (slice(0, 2), slice(2, 4))
    )
    ends = addresses[["street", "number"]]
    a, b = ends.iloc[first].reset_index(drop=True), ends.iloc[second].reset_index(drop=True)
    assert (a["street"] == b["street"]).all()
    assert (a["number"] % 2 == b["number"] % 2).all()
    apart = addresses.geometry.iloc[first].distance(addresses.geometry.iloc[second], align=False)
    assert apart.max() < 80


def test_streets_of_a_graph_are_drawn_instead(walks, place):
    west, south, *_ = place.read("addresses").total_bounds
    lines = shapely.linestrings([[[west, south], [west + 100, south], [west + 100, south + 50]]])
    around = kit_of(walks, place, streets=lines).surroundings
    assert around.is_graph
    assert len(around.segments) == 2
    assert (around.segments[0, 2:] == around.segments[1, :2]).all()


def test_names_run_along_their_street():
    along = np.arange(20.0)[:, None] * [[3.0, 4.0]]
    labels = street_labels(along, np.zeros(20, dtype=int), ("Rue Haute",), apart=10.0)
    assert labels == [("Rue Haute", (28.5, 38.0), pytest.approx(np.degrees(np.arctan2(4, 3))))]
    assert street_labels(along[:2], np.zeros(2, dtype=int), ("Rue Haute",), apart=10.0) == []


def test_names_of_streets_that_cross_do_not_run_through_one_another():
    east = np.column_stack([np.linspace(-60, 60, 30), np.zeros(30)])
    # Its middle is far enough from the other's, and its name would cross the other.
    north = np.column_stack([np.full(20, 8.0), np.linspace(-49, 71, 20)])
    codes = np.repeat([0, 1], [30, 20])
    names = ("Boulevard des Tilleuls", "Avenue de la Gare Neuve")
    labels = street_labels(np.vstack([east, north]), codes, names, apart=10.0)
    assert [name for name, _place, _angle in labels] == [*names]
    lines = []
    for name, (x, y), angle in labels:
        half = (
            len(name) * 10 / 18 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        )
        lines.append(shapely.LineString([(x, y) - half, (x, y) + half]))
    assert lines[0].distance(lines[1]) > 2 * 10 / 9


def test_streets_a_turf_walks_are_named_first_along_their_lines_and_clear_of_stops(kit):
    own = kit.tables["T0001"]["street"].iloc[0]
    bare = replace(kit, ground=Ground(*[gpd.GeoDataFrame(geometry=[], crs=2154)] * 3))
    sheet = Sheet(lambda at: at * 1e5, (0, 0, 0, 0), lambda text: 5.0 * len(text), 8.0, 20.0, 0.0)
    assert names_of_streets(bare, "T0001", sheet) is None
    degrees = kit.spots["T0001"]
    (west, south), (east, north) = degrees.min(axis=0) - 0.004, degrees.max(axis=0) + 0.004
    corners = np.array([[west, north - 0.001], [east, north - 0.001]])
    # One runs through the first stop, one far from all, which is the longer on the map.
    through = np.array([degrees[0] - [0.001, 0], degrees[0] + [0.0035, 0]])
    table = {"name": [f"{own} prolongée", own, ""], "kind": "street"}
    lines = shapely.linestrings([corners, through, corners - [0, 0.0004]])
    streets = gpd.GeoDataFrame(table, geometry=lines, crs="OGC:CRS84").to_crs(2154)
    ground = Ground(streets, streets.head(0), streets.head(0))
    seen = replace(sheet, shown=(west, south, east, north))
    labels = names_of_streets(replace(kit, ground=ground), "T0001", seen)
    assert [name for name, _at, _angle in labels] == [own, f"{own} prolongée"]
    (x, y), angle = labels[0][1:]
    assert angle == pytest.approx(0, abs=3)
    assert y == pytest.approx(degrees[0, 1] * 1e5, abs=3)
    half = 5.0 * len(own) / 2
    at = degrees * 1e5
    close = np.abs(at[:, 1] - y) < 10
    assert (np.abs(at[close, 0] - x) > half).all()


def test_outlines_hold_their_doors_even_a_single_one(place):
    kit = kit_of(walks_of(place, turfs=4, stops=1), place)
    for turf_id, ring in kit.outlines.items():
        doors = shapely.points(kit.tables[turf_id][["longitude", "latitude"]].to_numpy())
        assert shapely.contains(shapely.polygons(ring), doors).all()
    assert len(pages_of(sheets_pdf(kit))) == 5


def test_turfs_far_from_each_other_are_on_maps_of_their_own():
    ring = np.array([[0, 0], [0.0005, 0], [0.0005, 0.0005], [0, 0.0005]]) + [2.35, 48.85]
    near = {"T-1": ring, "T-2": ring + [0.001, 0]}
    assert parts_of(near) == [["T-1", "T-2"]]
    assert parts_of(near | {"T-3": ring + [0.1, 0]}) == [["T-1", "T-2"], ["T-3"]]
    many = {f"T-{n}": ring + [0, n * 1.0] for n in range(12)}
    assert parts_of(many) == [[*many]]


def test_sheets_draw_the_way_and_phones_hold_it(place):
    kit = kit_of(walks_of(place, turfs=1, stops=2), place)
    at = kit.tables["T0001"][["longitude", "latitude"]].to_numpy()
    way = np.vstack([at[0], at[0] + [0.0007, 0], at[1]])
    along = replace(kit, ways={"T0001": way})
    assert sheets_pdf(along) != sheets_pdf(kit)
    assert b'"way":' in phone_page(along, "T0001")
    assert b'"way":' not in phone_page(kit, "T0001")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(10, 60), min_size=1, max_size=80), st.floats(0, 300), st.floats(200, 700))
def test_a_table_broken_over_pages_keeps_every_row_in_order(highs, first, others):
    rows = [Row((str(n),), high) for n, high in enumerate(highs)]
    pages = Grid([], rows, 8.0).pages(first, others)
    assert [row for page in pages for row in page] == rows
    for page in pages[1:-1]:
        assert sum(row.high for row in page) <= others


def test_rows_grow_to_fill_a_page_but_never_past_it():
    grid = Grid([], [Row((str(n),), 20.0) for n in range(4)], 10.0)
    assert grid.filling(124.0).high == pytest.approx(124.0)
    assert grid.filling(900.0).high == pytest.approx(24 + 160)
    assert grid.filling(50.0).high == grid.high


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(codec="latin-1", exclude_categories=["C"]), max_size=200))
def test_wrapped_text_fits_and_loses_nothing(text):
    lines = wrap(text, 90.0, size=8.0)
    assert all(width_of(line, 8.0) <= 90.0 + 1e-6 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_narrow_space_does_not_break():
    assert wrap("Alors\u202f: voici", 30.0, size=8.0)[0] == "Alors\u202f:"


def test_boxes_for_each_outcome(kit):
    grid = stops_grid(kit, kit.tables["T0001"].to_dict("records"))
    heads = [column.head for column in grid.columns]
    outcomes = ["Absent", "Refus", "Échange", "Démén.", "Sans accès", "Ne pas déranger"]
    assert heads[4:] == [*outcomes, "Revenir / remarque"]
    assert sum(column.wide for column in grid.columns) == pytest.approx(WIDE - 68)
    assert all(set(row.cells[4:]) == {""} for row in grid.rows)
    assert grid.rows[-1].cells[3] == str(kit.tables["T0001"]["dwellings"].sum())


def test_paper_knows_its_language():
    assert b"/Lang (en)" in Paper("x", language="en").to_bytes()


def test_all_files_are_written(walks, place, tmp_path):
    files = write_kit(kit_of(walks, place, language="en"), tmp_path / "out")
    names = [file.relative_to(tmp_path / "out").as_posix() for file in files]
    assert names == [
        "sheets.pdf", "turfs.xlsx", "turfs.gpx", "turfs.kml", "turfs.geojson",
        "gpx/T0001.gpx", "gpx/T0002.gpx", "gpx/T0003.gpx",
        "returns_form.csv", "returns_form.csv-metadata.json",
        "phone/T0001.html", "phone/T0002.html", "phone/T0003.html",
    ]  # fmt: skip
    assert all(file.stat().st_size > 800 for file in files)
    assert not [*(tmp_path / "out").rglob("*.part")]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"street": None}, "lack column(s) street"),
        ({"turf_id": "../T1"}, "letters, digits"),
        ({}, "no turf"),
    ],
)
def test_what_cannot_be_printed_is_refused(walks, changed, said):
    table = walks.turfs.head(0) if not changed else walks.turfs
    if "street" in changed:
        table = table.drop(columns="street")
    elif changed:
        table = table.assign(**changed, stop=range(1, len(table) + 1))
    broken = object.__new__(type(walks))
    for name, value in (("turfs", table), ("uncut", walks.uncut), ("summary", {}), ("seal", "")):
        object.__setattr__(broken, name, value)
    with pytest.raises(DataError, match=re.escape(said)) as error:
        Kit(broken)
    assert error.value.mend


def test_a_language_or_a_turf_that_is_not_there(walks):
    with pytest.raises(DataError, match="'de'"):
        Kit(walks, language="de")
    for ask in (sheet_pdf, phone_page):
        with pytest.raises(DataError, match="no turf 'T9'") as error:
            ask(Kit(walks), "T9")
        assert "T0001" in error.value.where


def test_a_full_disk_leaves_the_old_sheets(walks, place, tmp_path, monkeypatch):
    (tmp_path / "sheets.pdf").write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(DataError, match="could not be written") as error:
        write_kit(kit_of(walks, place), tmp_path)
    assert "No space left" in error.value.where
    assert [file.name for file in tmp_path.iterdir()] == ["sheets.pdf"]
    assert (tmp_path / "sheets.pdf").read_bytes() == b"old"


def test_both_languages_say_the_same_things():
    french, english = words("fr"), words("en")
    assert {part: set(texts) for part, texts in french.items()} == {
        part: set(texts) for part, texts in english.items()
    }
    gaps = re.compile(r"\{\w*\}")
    for part, texts in french.items():
        for key, text in texts.items():
            assert sorted(gaps.findall(text)) == sorted(gaps.findall(english[part][key])), key
            assert not re.search(r" [;:!?%»]|« ", text), f"{key}: a space that may break"


def test_files_of_the_kit_do_not_depend_on_the_order_of_rows(walks):
    shuffled = Kit(walks)
    turned = object.__new__(type(walks))
    for name in ("uncut", "summary", "seal"):
        object.__setattr__(turned, name, getattr(walks, name))
    object.__setattr__(turned, "turfs", walks.turfs.iloc[::-1])
    for write in (sheets_pdf, turf_files.to_gpx, turf_files.to_csv):
        assert write(Kit(turned)) == write(shuffled)


def test_a_street_that_crosses_the_map_is_drawn_though_it_ends_on_both_sides(place):
    walks = walks_of(place, turfs=1, stops=4)
    longitude, latitude = kit_of(walks, place).spots["T0001"].mean(axis=0)
    middle = gpd.GeoSeries(gpd.points_from_xy([longitude], [latitude]), crs="OGC:CRS84")
    x, y = shapely.get_coordinates(middle.to_crs(place.read("addresses").crs).iloc[0])[0]
    far = shapely.linestrings([[[x - 800, y], [x + 800, y]]])
    crossed = kit_of(walks, place, streets=far)
    none = replace(crossed, surroundings=replace(crossed.surroundings, segments=np.empty((0, 4))))
    assert ink(sheet_pdf(crossed, "T0001")).sum() > ink(sheet_pdf(none, "T0001")).sum() + 50


def test_numbers_of_outlines_that_lie_over_each_other_stand_apart():
    square = np.array([[0.0, 0], [60, 0], [60, 20], [0, 20]])
    # The middle of both is one spot; what each has alone lies left and right of it.
    rings = [square, square + [8, 0], square + [100, 0], np.array([[20.0, 5], [40, 5], [40, 15]])]
    names = ["22", "15", "3", "11"]
    spots = number_spots(rings, names)
    boxes = [
        shapely.box(x - size * len(name) / 3, y - size / 2, x + size * len(name) / 3, y + size / 2)
        for name, (x, y, size) in zip(names, spots, strict=True)
    ]
    for n, box in enumerate(boxes):
        assert not any(box.intersects(other) for other in boxes[:n])
        assert shapely.Polygon(rings[n]).contains(shapely.Point(spots[n][:2]))
    # Alone, a number stands in the middle, as large as it may.
    assert spots[2] == pytest.approx((130, 10, 8), abs=21)
    assert spots[2][2] == 8
