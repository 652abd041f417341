"""2,000 damaged files, seeded: every reader reads them, or says what is wrong with them."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from analysis.electorate.transfers.surveys import survey_in
from analysis.errors import DataError
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.seal import verify
from analysis.experiments.unit_files import read_content, read_units
from analysis.fieldwork import inbox
from analysis.fieldwork.store import open_store
from analysis.readers.addresses import read_addresses
from analysis.readers.aggregated import read_aggregated
from analysis.readers.blocs import read_blocs
from analysis.readers.calendar import election_of
from analysis.readers.column_map import read_terrain
from analysis.readers.contours import read_contours
from analysis.readers.covariate_tables import read_covariates
from analysis.readers.electors import read_electors
from analysis.readers.polling_places import read_polling_places
from analysis.readers.raw_layouts import read_raw
from analysis.readers.results import assemble
from analysis.readers.reu import read_roll
from analysis.readers.squares import read_squares
from analysis.tables.covered import read_covered
from analysis.tables.workspace import Workspace
from analysis.workflows.ranking import read_scenario
from analysis.workflows.trial_design import Promise, design_to_file
from tests import roll
from tests.analysis.fieldwork.made_returns import NOW, as_bytes, attempt, phone_file
from tests.made import RESULTS, ROOT, VALMONT
from tests.mutations import damaged, flipped

SEED, INPUTS, FLIPS = 20_251_122, 2_000, 200
LAMBERT = "EPSG:2154"


def head(path, lines):
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return b"".join(file.readline() for _ in range(lines))


class Bench(NamedTuple):
    """What readers stand on: a folder to write into, sound things beside the damaged one."""

    folder: Path
    workspace: Workspace
    store: object
    bureaux: pd.DataFrame
    addresses: pd.DataFrame


@pytest.fixture(scope="module")
def bench(valmont, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    place = Workspace(shutil.copytree(valmont.path, folder / "place"))
    bureaux = place.read("bureaux")
    bureaux = bureaux[bureaux["vintage"] == bureaux["vintage"].max()]
    store = open_store(folder / "place")
    for name, text in EXAMPLE.items():
        (folder / name).write_text(text, encoding="utf-8")
    yield Bench(folder, place, store, bureaux, _cypresses(place.read("addresses")))
    store.engine.dispose()


def _cypresses(addresses):
    """Return the addresses of the streets that the beginning of the file of electors is of."""
    return addresses[addresses["number"] == 1].reset_index(drop=True)


def contours():
    told = json.loads((VALMONT / "contours_2024.geojson").read_text(encoding="utf-8"))
    return json.dumps({**told, "features": told["features"][:4]}).encode()


def units():
    rows = (f"u{i},{i % 4},{i * 7 % 13},{800 + i},0.{i:02d}" for i in range(40))
    return ("unit_id,territory,gain,registered,lagged\n" + "\n".join(rows)).encode()


def workbook(content, **options):
    out = io.BytesIO()
    pd.read_csv(io.BytesIO(content), dtype="str", **options).to_excel(out, index=False)
    return out.getvalue()


SHEET = b"""turf_id,address_id,date,time,team_id,outcome,doors,floor,door,note
T1,99900_0001_00001,21/11/2025,18:00,A,absent,1,2,3,code 12
T1,99900_0001_00002,21/11/2025,18:05,A,discussion,2,,,
T1,99900_0001_00003,22/11/2025,18:10,A,refus,1,1,1,chien
"""
SCENARIO = b"""election = "2027_pres_t1"
bloc = "left"
hours = 400.0
seed = 3
draws = 100
preset = "gain_per_hour"
[excluded]
"99900_0001" = "no doors"
"""
# A map, its files of two rounds and its contours: the example of the manual.
_PAGE = (ROOT / "docs" / "any_terrain.md").read_text(encoding="utf-8")
EXAMPLE = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL))
RAW = (
    "Code département;Libellé département;Code commune;Libellé commune;Code BV;Inscrits;Votants;"
    "Exprimés;Blancs;Nuls;Numéro de panneau 1;Nuance candidat 1;Nom candidat 1;Voix 1;Elu 1;"
    "Numéro de panneau 2;Nuance candidat 2;Nom candidat 2;Voix 2;Elu 2\n"
    "1;Ain;1004;Ambérieu;2;900;500;480;15;5;1;UG;DUPONT;300;élu;2;RN;LE GRAND;180;\n"
    "1;Ain;1004;Ambérieu;3;800;400;390;5;5;1;UG;DUPONT;200;élu;2;RN;LE GRAND;190;\n"
).encode()
SURVEY = b"""origin,destination,share,n
left,left,0.7,200
left,right,0.2,200
left,abstention,0.1,200
right,right,0.8,150
"""
COVERED = b"bureau_id,covered\n99900_0001,0.5\n99900_0002,1\n"
PLACES = b"id_bv;libelle;adresse\n99900_0001;Ecole;1 rue A\n99900_0002;Mairie;2 rue B\n"
COVARIATES = b"bureau_id,poverty,age\n99900_0001,0.2,40\n99900_0002,0.3,41\n99900_0003,0.1,39\n"


def national(name):
    """Return five bureaux of one round."""
    table = pd.read_csv(VALMONT / name, sep=";", dtype="str", keep_default_na=False)
    five = table["code_bv"].str.lstrip("0").isin(list("12345"))
    rows = table[five & (table["id_election"] == "2022_pres_t1")]
    return rows.to_csv(sep=";", index=False).encode()


def _results(bench, path):
    other = bench.folder / "other.csv"
    other.write_bytes(national(RESULTS[1])) if not other.is_file() else None
    return assemble(read_aggregated(path, other), read_blocs(), election_of)


def _votes(bench, path):
    other = bench.folder / "counts.csv"
    other.write_bytes(national(RESULTS[0])) if not other.is_file() else None
    return assemble(read_aggregated(other, path), read_blocs(), election_of)


def _map(_bench, path):
    """Read a damaged map beside its sound files."""
    return read_terrain(path)


def _mapped(bench, path):
    """Read a sound map beside a damaged file of its own."""
    folder = bench.folder / "mapped"
    if not folder.is_dir():
        folder.mkdir()
        for name in EXAMPLE:
            shutil.copy(bench.folder / name, folder)
    shutil.copy(path, folder / "wahl_2019.csv")
    return read_terrain(folder / "eupenau.toml")


def _design(bench, path):
    out = bench.folder / "arms.csv"
    for old in bench.folder.glob("arms.*"):
        old.unlink()
    return design_to_file(path, Rule("gain"), Promise(past=("lagged",)), seed=1, out=out)


def _covered(bench, path):
    shutil.copy(path, bench.folder / "covered.csv")
    return read_covered(bench.folder, pd.Series(["99900_0001", "99900_0002"]))


def _returns(bench, path):
    return inbox.read(path.read_bytes(), bench.store, name=path.name, now=NOW)


def phone(bench):
    attempts = [attempt(n, floor="2", note="chien", themes=[]) for n in range(6)]
    return as_bytes(phone_file(bench.store.campaign, attempts))


def sealed(bench):
    source = bench.folder / "sound.csv"
    source.write_bytes(units())
    _design(bench, source)
    return (bench.folder / "arms.seal.json").read_bytes()


# Name, suffix, a sound file, and what reads it.
KINDS = {
    "general": (".csv", lambda _b: national(RESULTS[0]), _results),
    "votes": (".csv", lambda _b: national(RESULTS[1]), _votes),
    "squares": (
        ".csv",
        lambda _b: head(VALMONT / "carreaux_200m.csv", 12),
        lambda _b, p: read_squares(p, crs_metric=LAMBERT),
    ),
    "addresses": (
        ".csv",
        lambda _b: head(VALMONT / "adresses-99.csv.gz", 12),
        lambda b, p: read_addresses(p, crs_metric=LAMBERT, bureaux=b.bureaux),
    ),
    "electors": (
        ".csv",
        lambda _b: head(VALMONT / "electeurs_par_adresse.csv", 12),
        lambda b, p: read_electors(p, b.addresses),
    ),
    "contours": (
        ".geojson",
        lambda _b: contours(),
        lambda _b, p: read_contours(p, vintage=2024, crs_metric=LAMBERT),
    ),
    "raw": (
        ".csv",
        lambda _b: RAW,
        lambda _b, p: read_raw(p, election_id="2024_legi_t1"),
    ),
    "map": (".toml", lambda _b: EXAMPLE["eupenau.toml"].encode(), _map),
    "mapped": (".csv", lambda _b: EXAMPLE["wahl_2019.csv"].encode(), _mapped),
    "blocs": (
        ".csv",
        lambda b: head(b.workspace.path / "blocs.csv", 15),
        lambda _b, p: read_blocs(p),
    ),
    "polling places": (".csv", lambda _b: PLACES, lambda _b, p: read_polling_places(p)),
    "roll": (
        ".csv",
        lambda _b: roll.addresses().head(8).to_csv(index=False).encode(),
        lambda _b, p: read_roll(p, crs_metric=LAMBERT),
    ),
    "covariates": (
        ".csv",
        lambda _b: COVARIATES,
        lambda _b, p: read_covariates(p, frozenset({"99900"})),
    ),
    "covered": (".csv", lambda _b: COVERED, _covered),
    "units": (".csv", lambda _b: units(), lambda _b, p: read_units(p)),
    "unit workbook": (
        ".xlsx",
        lambda _b: workbook(units()),
        lambda _b, p: read_content(p.name, p.read_bytes()),
    ),
    "design": (".csv", lambda _b: units(), _design),
    "scenario": (".toml", lambda _b: SCENARIO, lambda _b, p: read_scenario(p)),
    "survey": (".csv", lambda _b: SURVEY, lambda _b, p: survey_in(p.name, p.read_bytes())),
    "phone": (".json", phone, _returns),
    "sheet": (".csv", lambda _b: SHEET, _returns),
    "sheet workbook": (".xlsx", lambda _b: workbook(SHEET, keep_default_na=False), _returns),
    "seal": (".seal.json", sealed, lambda _b, p: verify(p)),
}
# A file that carries its own digest may not be read once its content is another.
SEALED = ("phone", "seal")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused_with_advice(bench, kind):
    suffix, make, read = KINDS[kind]
    sound = make(bench)
    rng = np.random.default_rng([SEED, *kind.encode()])
    faults, told = [], []
    for n in range(-(-INPUTS // len(KINDS))):
        content = damaged(sound, rng)
        path = bench.folder / f"damaged{suffix}"
        path.write_bytes(content)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(bench, path)
        except DataError as error:
            told.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever is raised is the finding
            at = traceback.extract_tb(error.__traceback__)[1:]
            ours = [f"{Path(f.filename).name}:{f.lineno}" for f in at if "analysis" in f.filename]
            faults.append(f"{n}: {type(error).__name__}: {error}"[:300] + f" ({', '.join(ours)})")
        else:
            if kind in SEALED and _content(content) != _content(sound):
                faults.append(f"{n}: taken in silence though its content is another")
    assert faults == []
    assert told
    assert all(told)


def _content(text):
    try:
        return json.loads(text.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError):
        return text


@pytest.mark.parametrize("kind", KINDS)
def test_the_sound_file_is_read(bench, kind):
    suffix, make, read = KINDS[kind]
    path = bench.folder / f"sound{suffix}"
    path.write_bytes(make(bench))
    read(bench, path)


def test_every_turned_bit_of_a_workspace_is_found(valmont, tmp_path):
    folder = shutil.copytree(valmont.path, tmp_path / "place")
    rng = np.random.default_rng(SEED)
    files = sorted(folder.glob("*.parquet"))
    sizes = np.array([file.stat().st_size for file in files], dtype=float)
    silent, named = [], []
    for n in range(FLIPS):
        file = files[rng.choice(len(files), p=sizes / sizes.sum()) if n % 2 else n % len(files)]
        sound = file.read_bytes()
        file.write_bytes(flipped(sound, rng))
        try:
            Workspace(folder).read(file.stem)
            silent.append((n, file.name))
        except DataError as error:
            named.append(file.stem in str(error))
        file.write_bytes(sound)
    assert silent == []
    assert len(named) == FLIPS
    assert all(named)
    assert len(Workspace(folder).read("turnout"))
