"""The shared store: national files cut once, towns taken out of it, from a publisher here."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis import i18n
from analysis.cli.main import main
from analysis.errors import DataError
from analysis.fetch import cutting, national_store
from analysis.fetch import download as downloading
from analysis.fetch.catalogue import ROLES, read_catalogue
from analysis.fetch.chosen_place import asked_for, choose
from analysis.fetch.download_progress import Silent
from analysis.fetch.place import fetch
from analysis.fetch.what_exists import ask_sizes, offers_for
from analysis.workflows import jobs
from analysis.workflows.build import build
from analysis.workflows.place_fetch import DownloadWatch, Wanted, fetch_and_build
from analysis.workflows.place_files import inputs_after_fetch
from tests.official_nation import LARGE, MERGED, SMALL, publish
from tests.publisher import serving


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path):
    monkeypatch.setattr(downloading, "WAITS_S", (0.0, 0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PALIER_FILES", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def publisher():
    with serving() as server:
        yield server


@pytest.fixture
def nation(publisher, tmp_path):
    return read_catalogue(publish(publisher, tmp_path))


def asked(publisher, name):
    return [path for path, _ in publisher.asked if path == f"/{name}"]


def by_role(fetched):
    return {one.source.role: one for one in fetched}


def whole(folder):
    """Return the files of a store, but for empty folders."""
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())


def test_a_town_gets_its_departement_and_the_next_one_downloads_nothing(
    publisher, nation, tmp_path, store
):
    first = by_role(fetch(SMALL.name, tmp_path / "one", catalogue=nation))
    counts = pd.read_parquet(first["general_results"].path)
    assert set(counts["code_commune"]) == {SMALL.code}
    assert len(counts) == 12 * SMALL.bureaux
    assert set(gpd.read_parquet(first["contours"].path)["codeCommune"]) == {SMALL.code}
    assert first["addresses"].path == store / "files" / "adresses-01.csv.gz"
    sent = publisher.sent
    second = by_role(fetch(LARGE.name, tmp_path / "two", catalogue=nation))
    assert publisher.sent - sent == len(publisher.files["/adresses-33.csv.gz"])
    assert second["general_results"].status == "unchanged"
    assert len(gpd.read_parquet(second["contours"].path)) == 96
    assert not list((store / "incoming").iterdir())


def test_every_row_of_a_national_file_is_in_one_piece(nation, tmp_path, publisher):
    fetch(SMALL.name, tmp_path, catalogue=nation)
    for source in nation.sources[:2]:
        cut = national_store.kept_cut(source)
        pieces = [pd.read_parquet(piece) for piece in cut.pieces(list(cut.rows))]
        official = tmp_path / "official.parquet"
        official.write_bytes(publisher.files[f"/{source.file}"])
        columns = ["id_election", "id_brut_miom"]
        there = pd.read_parquet(official)[columns].sort_values(columns)
        here = pd.concat(pieces)[columns].astype(str).sort_values(columns)
        assert here.to_numpy().tolist() == there.to_numpy().tolist()
        assert (sum(cut.rows.values()), cut.unplaced) == (len(there), 0)


def test_a_newer_national_file_replaces_the_old_cut(publisher, nation, tmp_path, store):
    fetch(SMALL.name, tmp_path, catalogue=nation)
    newer = pd.read_parquet(tmp_path / "downloads" / "general_results.parquet")
    path = tmp_path / "newer.parquet"
    newer.assign(inscrits="7").to_parquet(path)
    publisher.files["/general_results.parquet"] = path.read_bytes()
    again = by_role(fetch(SMALL.name, tmp_path, catalogue=nation))["general_results"]
    assert again.status == "downloaded"
    assert set(pd.read_parquet(again.path)["inscrits"].astype(str)) == {"7"}
    assert len(list((store / "cut" / "general_results").iterdir())) == 1


@pytest.mark.parametrize("ends", [jobs.StoppedError, KeyboardInterrupt, MemoryError])
def test_an_interrupted_cut_leaves_nothing_half_and_is_begun_again_without_a_download(
    nation, tmp_path, store, monkeypatch, ends
):
    def die(*_):
        raise ends

    with monkeypatch.context() as broken:
        broken.setattr(cutting._Writers, "flush", die)
        with pytest.raises(ends):
            fetch(SMALL.name, tmp_path, catalogue=nation)
    assert national_store.kept_cut(nation.sources[0]) is None
    left = whole(store)
    assert left == [
        "incoming/general_results.parquet",
        "incoming/general_results.parquet.origin.json",
    ]
    only = [role for role in ROLES if role != "general_results"]
    (again,) = fetch(SMALL.name, tmp_path, catalogue=nation, without=only)
    assert again.status == "unchanged"


def test_what_a_killed_process_left_is_never_read_and_swept_away(nation, tmp_path, store):
    left = store / "cut" / "general_results" / ".part-999999999-x"
    left.mkdir(parents=True)
    (left / "contents.json").write_text("{}", encoding="utf-8")
    lock = store / "incoming" / "general_results.parquet.lock"
    lock.parent.mkdir()
    lock.write_text("999999999", encoding="ascii")
    fetch(SMALL.name, tmp_path, catalogue=nation)
    assert not left.exists()
    assert not lock.exists()


def test_a_newer_file_that_cannot_be_cut_leaves_the_old_cut(publisher, nation, tmp_path):
    fetch(SMALL.name, tmp_path, catalogue=nation)
    before = national_store.kept_cut(nation.sources[0])
    publisher.files["/general_results.parquet"] = b"PAR1 not really"
    with pytest.raises(DataError, match="cut or damaged"):
        fetch(SMALL.name, tmp_path, catalogue=nation)
    assert national_store.kept_cut(nation.sources[0]) == before
    assert not list(national_store.incoming(nation.sources[0]).parent.iterdir())


def test_without_network_the_store_still_serves(publisher, nation, tmp_path):
    fetch(SMALL.name, tmp_path, catalogue=nation)
    publisher.statuses = [503] * 100
    with pytest.raises(DataError, match="cannot be reached"):
        fetch(LARGE.name, tmp_path / "two", catalogue=nation)
    fetch(LARGE.name, tmp_path / "two", catalogue=nation, without=["addresses"])
    assert len(gpd.read_parquet(tmp_path / "two" / "downloads" / "contours.parquet")) == 96


def test_its_size_is_told_and_it_can_be_cleared(nation, tmp_path, store, capsys):
    fetch(SMALL.name, tmp_path / "place", catalogue=nation)
    mine = store / "mine.txt"
    mine.write_text("not of the store", encoding="utf-8")
    held = national_store.in_store()
    assert {kept.source for kept in held} == {
        *("general_results", "candidats_results", "contours", "adresses-01.csv.gz")
    }
    with pytest.raises(SystemExit):
        main(["store"])
    assert str(store) in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["store", "--clear"])
    assert national_store.in_store() == []
    assert mine.is_file()
    assert (tmp_path / "place" / "downloads" / "general_results.parquet").is_file()


def test_places_of_several_departements_are_put_together(nation, tmp_path):
    files = by_role(
        fetch("Auvergne-Rhône-Alpes", tmp_path, catalogue=nation, without=["addresses"])
    )
    assert set(pd.read_parquet(files["general_results"].path)["code_commune"]) == {SMALL.code}
    place = choose("01")
    both = type(place)("both", ("01", "33"), (*place.parts, *choose("33").parts))
    files = by_role(fetch(both, tmp_path, catalogue=nation))
    counts = pd.read_parquet(files["general_results"].path)
    assert set(counts["code_commune"]) == {SMALL.code, LARGE.code}
    drawn = gpd.read_parquet(files["contours"].path)
    assert drawn.crs.to_string() == "OGC:CRS84"
    assert len(drawn) == 2 + 96
    doors = pd.read_csv(files["addresses"].path, sep=";", dtype=str)
    assert set(doors["code_insee"]) == {SMALL.code, LARGE.code}


def test_a_merged_commune_has_its_whole_past(nation, tmp_path):
    files = fetch("Le Longeron", tmp_path, catalogue=nation)
    place = build(inputs_after_fetch(choose("Le Longeron"), files), tmp_path / "w")
    registered = place.read("turnout").groupby("election_id", observed=True)["registered"].sum()
    assert registered["2017_pres_t1"] / registered["2022_pres_t1"] == pytest.approx(1, abs=0.1)
    notes = [note for source in place.manifest["sources"] for note in source["notes"]]
    assert any("Le Longeron (49179) to Sèvremoine (49301)" in note for note in notes)
    assert any("Le Longeron (49179) is part of Sèvremoine (49301)" in note for note in notes)
    assert place.manifest["places"] == [MERGED.code]


def test_without_contours_they_are_made_of_the_rolls_addresses(nation, tmp_path):
    watch = DownloadWatch()
    told = []
    wanted = Wanted(choose("anglet"), nation)
    fetch_and_build(wanted, tmp_path, watch, lambda step, share: told.append((step, share)))
    files = sorted(f.name for f in (tmp_path / "downloads").glob("*.parquet"))
    assert "table-adresses-reu.parquet" in files
    manifest = pd.read_json(tmp_path / "manifest.json", typ="series")
    assert manifest["contours_made"]
    assert any("not published for Anglet" in note for note in watch.notes)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)


def test_what_exists_is_told_before_anything_is_downloaded(publisher, nation, tmp_path):
    offers = offers_for(choose(SMALL.name), tmp_path, nation)
    assert [o.source.file for o in offers][:3] == [
        *("general_results.parquet", "candidats_results.parquet", "adresses-01.csv.gz")
    ]
    assert not any(offer.here for offer in offers)
    sizes = ask_sizes([o.source.urls for o in offers] + [(publisher.url + "/gone",)])
    assert sizes == {o.source.urls[0]: len(publisher.files["/" + o.source.file]) for o in offers}
    fetch(SMALL.name, tmp_path, catalogue=nation)
    here = {o.source.role for o in offers_for(choose(LARGE.name), tmp_path, nation) if o.here}
    assert here == {"general_results", "candidats_results", "contours"}


def test_the_command_takes_a_name_and_builds_at_once(publisher, nation, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(
            [
                *("fetch", "amberieu en bugey", "--workspace", str(tmp_path / "w"), "--build"),
                *("--catalogue", str(nation.file)),
            ]
        )
    assert not ended.value.code
    assert "2022_pres_t1" in capsys.readouterr().out
    assert (tmp_path / "w" / "manifest.json").is_file()


def test_an_arrondissement_is_itself_and_names_become_codes():
    assert choose("13208").codes == choose("Marseille 8e").codes == ("13208",)
    assert choose("13208").parts[0].department == "13"
    assert asked_for(("Ambérieu-en-Bugey", "99900", "2A", "33063")).codes == (
        "01004",
        "99900",
        "2A",
        "33063",
    )
    assert len(choose("Plaine Commune").codes) == 8
    assert choose("2e circonscription de la Gironde").codes == ("33",)
    assert "which communes lie in it" in choose("2e circonscription de la Gironde").notes[0]
    assert "--within" in choose("2e circonscription de la Gironde").notes[0]
    assert choose("La Réunion (974)").departments == ("974",)


@pytest.mark.parametrize(
    ("asked", "codes", "says"),
    [
        ("2A", "2A", ""),
        ("75", "75", ""),
        ("971", "971", ""),
        ("69123", "69123", ""),
        ("13208", "13208", ""),
        ("zz", "ZZ", ""),
        ("ZZ042", "ZZ042", ""),
        ("99900", "99900", ""),
        ("1004", "1004", ""),
        ("20", "2A 2B", "20 is Corsica: both its départements are taken"),
        ("49179", "49301", "Le Longeron (49179) is part of Sèvremoine (49301) by now: all of"),
        ("33000", "33063", "33000 is a postal code: read as Bordeaux (33063)"),
        ("75011", "75111", "75011 is a postal code: read as Paris 11e Arrondissement (75111)"),
        ("13001", "13001", "as a postal code it is that of Marseille 1er Arrondissement (13201)"),
    ],
)
def test_a_code_means_what_a_person_thinks_or_a_word_is_said(asked, codes, says):
    found = asked_for((asked,))
    assert " ".join(found.codes) == codes
    assert says in " ".join(found.notes)
    assert bool(found.notes) is bool(says)
    # As the report of a place keeps them.
    assert all(i18n.told(str(note), "fr") != str(note) for note in found.notes)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("97", "Guadeloupe (971), Martinique (972)"),
        ("98", "Polynésie française (987)"),
        ("20100", "Sartène (2A), Foce (2A)"),
        ("131", "131"),
    ],
)
def test_a_code_of_several_places_is_none_of_them(asked, names):
    with pytest.raises(DataError) as told:
        asked_for((asked,))
    assert names in str(told.value)


def test_rows_of_no_departement_are_a_piece_of_their_own(tmp_path):
    table = pd.DataFrame(
        {
            "code_departement": ["ZZ", "ZA", "49", "", "2A"],
            "code_commune": ["ZZ001", "ZA101", "179", "x", "004"],
            "voix": range(5),
        }
    )
    file = tmp_path / "votes.csv"
    table.to_csv(file, sep=";", index=False)
    (tmp_path / "out").mkdir()
    rows, unplaced = cutting.cut_by_department(file, tmp_path / "out", Silent())
    assert rows == {"2A": 1, "49": 1, "971": 1, "ZZ": 1, "other": 1}
    assert unplaced == 1
    assert pq.read_table(tmp_path / "out" / "49.parquet")["voix"].to_pylist() == ["2"]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.csv", b"x;y\n1;2\n", "says of which commune"),
        (
            "a.geojson",
            b'<OGRVRTDataSource><OGRVRTLayer name="a"/></OGRVRTDataSource>',
            "not a file",
        ),
        (
            "a.geojson",
            b'{"type":"FeatureCollection","features":[{"type":"Feature",',
            "cut or damaged",
        ),
    ],
)
def test_a_file_that_cannot_be_cut_says_why(tmp_path, name, content, what):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=what):
        cutting.cut_by_department(file, tmp_path, Silent())


def test_the_store_lies_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("PALIER_FILES", str(tmp_path))
    assert national_store.store_folder() == tmp_path
    monkeypatch.delenv("PALIER_FILES")
    assert national_store.store_folder().name == "palier"
    assert Path.home() in national_store.store_folder().parents or os.name == "nt"
