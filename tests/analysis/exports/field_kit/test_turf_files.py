"""Files of turfs: every stop in its place, readable by others, forms that come back."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.exports.field_kit import turf_files
from analysis.exports.field_kit.kit import Kit
from analysis.exports.field_kit.sheets import kit_of
from analysis.fieldwork.campaign import open_campaign
from analysis.fieldwork.paper_sheets import read_sheet
from tests.analysis.exports.walks_made import SCRIPT, walks_of, with_tower

GPX = "{http://www.topografix.com/GPX/1/1}"
NOW = pd.Timestamp("2027-03-07 12:00", tz="Europe/Paris")
OUTCOMES = ["absents", "refus", "conversations", "demenages", "sans_acces", "ne_pas_deranger"]


def test_gpx_has_a_waypoint_per_stop_and_a_route_per_turf_in_order(kit):
    root = ET.fromstring(turf_files.to_gpx(kit))
    stops = kit.walks.turfs
    points = root.findall(f"{GPX}wpt")
    assert [float(p.get("lat")) for p in points] == pytest.approx(stops["latitude"], abs=1e-6)
    routes = root.findall(f"{GPX}rte")
    assert [route.findtext(f"{GPX}name") for route in routes] == [
        f"Secteur {name}" for name in kit.tables
    ]
    for route, table in zip(routes, kit.tables.values(), strict=True):
        on_the_way = route.findall(f"{GPX}rtept")
        assert [p.findtext(f"{GPX}name") for p in on_the_way] == [
            f"{row.stop} · {row.label}" for row in table.itertuples()
        ]
    # The schema of GPX 1.1 wants this order; some phones refuse another.
    tags = [child.tag.removeprefix(GPX) for child in root]
    assert tags == ["metadata"] + ["wpt"] * len(points) + ["rte"] * len(routes)


@pytest.mark.parametrize(("suffix", "layer"), [("gpx", "waypoints"), ("geojson", None)])
def test_other_programs_find_every_stop(kit, tmp_path, suffix, layer):
    path = tmp_path / f"turfs.{suffix}"
    path.write_bytes(getattr(turf_files, f"to_{suffix}")(kit))
    # Another program knows formats that Palier does not let GDAL open.
    code = (
        "import json, sys, geopandas; path, *layer = sys.argv[1:]\n"
        "read = geopandas.read_file(path, **({'layer': layer[0]} if layer else {}))\n"
        "points = read[read.geometry.geom_type == 'Point']\n"
        "print(json.dumps(points.geometry.x.tolist()))"
    )
    command = [sys.executable, "-c", code, str(path), *([layer] if layer else [])]
    environment = {name: value for name, value in os.environ.items() if name != "OGR_SKIP"}
    done = subprocess.run(command, capture_output=True, env=environment, cwd=tmp_path, check=True)
    longitudes = json.loads(done.stdout)
    assert len(longitudes) == len(kit.walks.turfs)
    assert longitudes == pytest.approx(kit.walks.turfs["longitude"].tolist(), abs=1e-6)


def test_kml_has_a_folder_per_turf_that_other_programs_read(kit, tmp_path):
    path = tmp_path / "turfs.kml"
    path.write_bytes(turf_files.to_kml(kit))
    for turf_id, stops in kit.tables.items():
        layer = gpd.read_file(path, layer=f"Secteur {turf_id}")
        assert layer.geometry.geom_type.tolist() == ["LineString"] + ["Point"] * len(stops)
        assert layer.geometry.iloc[1].y == pytest.approx(stops["latitude"][0], abs=1e-6)


def test_geojson_has_the_way_and_all_columns(kit):
    collection = json.loads(turf_files.to_geojson(kit))
    first, second = collection["features"][:2]
    assert first["geometry"]["type"] == "LineString"
    assert first["properties"]["doors"] == kit.tables["T0001"]["dwellings"].sum()
    assert set(second["properties"]) == set(kit.walks.turfs.columns)
    assert collection["palier"]["seal"] == kit.walks.seal


def test_lists_and_maps_for_teams_name_the_doors_not_to_disturb(kit):
    stop = kit.tables["T0001"].iloc[2]
    told = [{"address_id": stop["address_id"], "street": "", "doors": 1, "floors": ["0", "3"]}]
    kit = replace(kit, walks=replace(kit.walks, summary=kit.walks.summary | {"left_alone": told}))
    said = "à ne pas déranger : 1 porte (rez-de-chaussée, étage 3)"
    book = pd.read_excel(io.BytesIO(turf_files.to_xlsx(kit)), sheet_name="Pour les équipes")
    marked = book[book["Rue"].str.replace("\N{NO-BREAK SPACE}", " ").str.endswith(f" · {said}")]
    assert marked[["Secteur", "Arrêt"]].to_numpy().tolist() == [["T0001", stop["stop"]]]
    for file in (turf_files.to_gpx(kit, "T0001"), turf_files.to_kml(kit)):
        assert said in file.decode().replace("\N{NO-BREAK SPACE}", " ")
    # Streets stay as they are where programs read them.
    assert "déranger :" not in turf_files.to_csv(kit).decode().replace("\N{NO-BREAK SPACE}", " ")


def test_a_turf_of_one_building_has_no_way(place):
    kit = kit_of(walks_of(place, turfs=2, stops=1), place)
    assert json.loads(turf_files.to_geojson(kit))["features"][0]["geometry"] is None
    assert b"<LineString>" in turf_files.to_kml(kit)


def test_csv_reads_back_in_both_dialects(kit):
    plain = pd.read_csv(io.BytesIO(turf_files.to_csv(kit)))
    french = pd.read_csv(
        io.BytesIO(turf_files.to_csv(kit, dialect="excel_fr")), sep=";", decimal=","
    )
    assert list(plain) == list(kit.walks.turfs)
    pd.testing.assert_frame_equal(plain, french)
    assert plain["minutes"].tolist() == kit.walks.turfs["minutes"].tolist()


def test_no_text_becomes_a_formula(place):
    walks = with_tower(walks_of(place), street="=HYPERLINK(1)", number=None)
    kit = kit_of(walks, place)
    for content in (turf_files.to_csv(kit), turf_files.to_form(kit)):
        assert b"'=HYPERLINK" in content
        assert b",=" not in content
    book = openpyxl.load_workbook(io.BytesIO(turf_files.to_xlsx(kit)))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_markup_in_names_stays_text(place):
    kit = kit_of(with_tower(walks_of(place), street=SCRIPT, number=None), place)
    for write in (turf_files.to_gpx, turf_files.to_kml):
        content = write(kit)
        assert SCRIPT.encode() not in content
        assert SCRIPT in "".join(ET.fromstring(content).itertext())


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_filled_form_comes_back_as_returns(kit, place, suffix):
    counts = filled(kit, suffix)
    campaign = open_campaign(place.path)
    returned = read_sheet(counts, campaign, file=f"form.{suffix}", now=NOW)
    table = returned.table.set_index("address_id")
    first, second = kit.tables["T0002"]["address_id"][:2]
    assert table["doors"].sum() == 9
    assert set(table.index) == {first, second}, "rows left blank are no returns"
    by_outcome = table.loc[[first]].set_index("outcome")["doors"]
    assert by_outcome.to_dict() == {"no_answer": 5, "conversation": 2}


def filled(kit, suffix):
    """Fill in two rows as a team would, in the format of the form."""
    book = openpyxl.load_workbook(io.BytesIO(turf_files.to_xlsx(kit)))
    sheet = book.worksheets[0]
    heads = {cell.value: n for n, cell in enumerate(sheet[1], start=1)}
    rows = [r for r in range(2, sheet.max_row + 1) if sheet.cell(r, 1).value == "T0002"]
    for row, numbers in zip(rows, ({"absents": 5, "conversations": 2}, {"refus": 2}), strict=False):
        for name, value in {"date": "06/03/2027", "heure": "18h30", **numbers}.items():
            sheet.cell(row, heads[name]).value = value
    out = io.BytesIO()
    book.save(out)
    if suffix == "xlsx":
        return out.getvalue()
    form = pd.read_csv(
        io.BytesIO(turf_files.to_form(kit)), sep=";", dtype=str, keep_default_na=False
    )
    for name in ("date", "heure", *OUTCOMES):
        column = [sheet.cell(row, heads[name]).value for row in range(2, sheet.max_row + 1)]
        form[name] = ["" if value is None else str(value) for value in column]
    return form.to_csv(index=False, sep=";").encode("cp1252")


def test_an_empty_form_is_no_return(kit, place):
    with pytest.raises(DataError, match="No row"):
        read_sheet(turf_files.to_form(kit), open_campaign(place.path), file="f", now=NOW)


def test_the_form_of_another_seal_or_turf_is_refused(kit, place):
    table = turf_files.form(kit)
    table.loc[0, ["date", "absents", "seal"]] = ["06/03/2027", "1", "f" * 64]
    content = table.to_csv(index=False).encode()
    with pytest.raises(DataError, match="token"):
        read_sheet(content, open_campaign(place.path), file="f", now=NOW)


def test_an_english_form_has_english_heads(walks):
    table = turf_files.form(Kit(walks, language="en"))
    assert list(table)[:4] == ["turf_id", "stop", "address_id", "number"]


def test_the_same_bytes_again(kit):
    for name in ("csv", "form", "xlsx", "gpx", "kml", "geojson"):
        write = getattr(turf_files, f"to_{name}")
        assert write(kit) == write(kit), name
