"""From the name of a place typed on the page Données to its map, in headless Chromium.

python benchmarks/name_to_map.py [--pictures FOLDER] [--width 1400] [--language fr] [--first 7]

A server on this machine publishes the official files: the national results and all of Paris are
those of `../shared/data`; contours, addresses and the roll's tables of the other places are made up
in the official layouts, each file of addresses as long as a département's. Everything starts from
an empty folder; the first place also pays for cutting the national files, once for all.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
from common import FRANCE, ROOT, need_france, promise
from playwright.sync_api import Error as BrowserError
from shapely import voronoi_polygons
from shapely.geometry import MultiPoint, box

from tests.browser import chromium, chromium_path, open_page, serve, settle
from tests.official_nation import CATALOGUE
from tests.publisher import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SECONDS, PATIENCE_MS = 30.0, 900_000
PARIS = ROOT.parent / "shared" / "data" / "paris"
# As many as a département of middling size has, and doors of one bureau.
ROWS, DOORS = 250_000, 250
ENTRIES = (
    ("general_results", "general_results.parquet", 'keep = "cut"'),
    ("candidats_results", "candidats_results.parquet", 'keep = "cut"'),
    ("addresses", "adresses-{department}.csv.gz", 'keep = "shared"'),
    ("contours", "contours.geojson", 'keep = "cut"\nvintage = 2022'),
    ("reu", "table-adresses-reu.parquet", 'keep = "cut"\nasked_only = true'),
    ("reu_bureaux", "table-bv-reu.csv", 'keep = "cut"\nmay_fail = true'),
)


@dataclass(frozen=True)
class Town:
    """What is typed, what it is, and where its made-up ground lies (metres in `crs`)."""

    typed: str
    what: str
    code: str
    corner: tuple[float, float] = (0.0, 0.0)
    crs: int = 2154
    drawn: bool = True

    @property
    def department(self) -> str:
        """Code of its département, as files of addresses are named."""
        return self.code[:3] if self.code.startswith("97") else self.code[:2]


TOWNS = (
    Town("javron les chapelles", "2 bureaux", "53121", (467_000, 6_817_000)),
    Town("St Etienne (42)", "101 bureaux", "42218", (808_000, 6_482_000)),
    Town("paris", "903 bureaux", "75056"),
    Town("sevremoine", "merged", "49301", (399_000, 6_670_000)),
    Town("Anglet", "no contours", "64024", (337_000, 6_276_000), drawn=False),
    Town("Saint-Denis (974)", "overseas", "97411", (338_000, 7_690_000), crs=2975),
    Town("consulats", "abroad", "ZZ"),
)
MADE = tuple(town for town in TOWNS if town.corner[0])
# What is pressed and read on the way, in each language.
WORDS = {
    "fr": {
        "find": "Trouver un territoire",
        "name": "Nom d’une commune",
        "open": "ouvrir la carte",
        "read": "a été lu en",
        "abroad": "Voir qui s’abstient",
        "doors": "Trouver les bureaux prioritaires",
    },
    "en": {
        "find": "Find a place",
        "name": "Name of a commune",
        "open": "open the map",
        "read": "was read in",
        "abroad": "See who abstains",
        "doors": "Find the priority bureaux",
    },
}


@dataclass(frozen=True)
class Visit:
    """How the places are looked at."""

    width: int
    language: str
    towns: tuple[Town, ...]
    pictures: Path | None


def numbers(results: pd.DataFrame, town: Town) -> list[str]:
    """Return the numbers of its bureaux at the newest round."""
    code = town.code if town.department != "974" else "97411"
    own = results[(results["code_commune"] == code) & (results["id_election"] == "2024_legi_t1")]
    return sorted(own["code_bv"])


def ground(town: Town, bureaux: list[str], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return a polygon for each bureau: cells of points drawn in a square."""
    side = 700 * len(bureaux) ** 0.5
    x, y = town.corner
    square = box(x, y, x + side, y + side)
    points = MultiPoint(rng.uniform((x, y), (x + side, y + side), (len(bureaux), 2)))
    cells = [cell.intersection(square) for cell in voronoi_polygons(points).geoms]
    told = {
        "codeDepartement": town.department,
        "codeCommune": town.code,
        "codeBureauVote": [f"{town.code}_{number}" for number in bureaux],
    }
    return gpd.GeoDataFrame(told, geometry=cells, crs=town.crs)


def doors(shapes: gpd.GeoDataFrame, town: Town, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return addresses in each bureau, in streets of fifty numbers."""
    points = shapes.geometry.sample_points(DOORS, rng=rng).explode()
    held = gpd.GeoDataFrame(shapes.loc[points.index, ["codeBureauVote"]], geometry=points)
    held = held.to_crs(4326).reset_index(drop=True)
    n = np.arange(len(held))
    return held.assign(
        numero=(n % 50 + 1).astype(str), nom_voie=[f"Rue du Chêne {k // 50}" for k in n]
    )


def ban(held: gpd.GeoDataFrame, town: Town) -> bytes:
    """Return a département's file of addresses: the town's, and others up to `ROWS`."""
    of_town = {
        "numero": held["numero"],
        "rep": "",
        "nom_voie": held["nom_voie"],
        "code_postal": town.code,
        "code_insee": town.code,
        "nom_commune": town.typed,
        "lon": held.geometry.x.round(6),
        "lat": held.geometry.y.round(6),
    }
    own = pd.DataFrame(of_town)
    others = own.sample(max(ROWS - len(own), 1), replace=True, random_state=1)
    others = others.assign(code_insee=town.department.ljust(3, "0")[:3] + "99")
    table = pd.concat([own, others], ignore_index=True)
    table.insert(0, "id", table["code_insee"] + "_" + table.index.astype(str))
    return gzip.compress(table.to_csv(index=False, sep=";").encode(), 1, mtime=0)


def roll(held: gpd.GeoDataFrame, town: Town) -> pd.DataFrame:
    """Return addresses in the layout of the electoral roll."""
    told = {
        "code_commune_ref": town.code,
        "reconstitution_code_commune": "",
        "id_brut_bv_reu": held["codeBureauVote"],
        "id": held.index.astype(str),
        "geo_adresse": held["numero"] + " " + held["nom_voie"],
        "geo_type": "housenumber",
        "geo_score": 0.97,
        "longitude": held.geometry.x,
        "latitude": held.geometry.y,
        "api_line": "",
        "nb_bv_commune": held["codeBureauVote"].nunique(),
        "nb_adresses": 2,
    }
    return pd.DataFrame(told)


def polling_places(ids: list[str]) -> bytes:
    """Return the roll's table of polling places: a school for each bureau."""
    told = {
        "id_brut_reu": ids,
        "id_brut_miom": ids,
        "code_commune": [one[:5] for one in ids],
        "code": [one.rpartition("_")[2] for one in ids],
        "libelle_reu": [f"École du Chêne {n % 40 + 1}" for n in range(len(ids))],
        "num_voie_reu": "3",
        "voie_reu": "rue du Chêne",
        "nb_adresses_initial": 100,
    }
    return pd.DataFrame(told).to_csv(index=False).encode()


def official_files() -> dict[str, bytes]:
    """Return what is published, by file name."""
    rng = np.random.default_rng(7)
    names = ("general_results.parquet", "candidats_results.parquet")
    files = {name: (FRANCE / name).read_bytes() for name in names}
    columns = ["id_election", "code_commune", "code_bv"]
    results = pd.read_parquet(FRANCE / names[0], columns=columns)
    paris = gpd.read_file(PARIS / "secteurs-des-bureaux-de-vote-2017.geojson").to_crs(4326)
    number = paris["id_bv"].str.split("-").map(lambda at: f"{int(at[0]):02d}{int(at[1]):02d}")
    told = {"codeDepartement": "75", "codeCommune": "75056", "codeBureauVote": "75056_" + number}
    shapes = [gpd.GeoDataFrame(told, geometry=paris.geometry)]
    undrawn: list[str] = []
    for town in MADE:
        cells = ground(town, numbers(results, town), rng)
        held = doors(cells, town, rng)
        files[f"adresses-{town.department}.csv.gz"] = ban(held, town)
        if town.drawn:
            shapes.append(cells.to_crs(4326))
        else:
            undrawn += [f"{town.code}_{n}" for n in numbers(results, town)]
            stream = io.BytesIO()
            roll(held, town).to_parquet(stream)
            files["table-adresses-reu.parquet"] = stream.getvalue()
    drawn = pd.concat(shapes, ignore_index=True)
    files["contours.geojson"] = drawn.to_json(drop_id=True).encode()
    files["adresses-75.csv.gz"] = (PARIS / "adresses-75.csv.gz").read_bytes()
    files["table-bv-reu.csv"] = polling_places(sorted({*drawn["codeBureauVote"], *undrawn}))
    return files


def empty_house(folder: Path) -> Path:
    """Return the app's script in a folder without any place but the embedded sample's files."""
    for name in ("analysis", "pages", "locales", "data_samples", ".streamlit"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "static").mkdir()
    for name in ("app.py", "serve.py"):
        shutil.copy(ROOT / name, folder)
    return folder / "app.py"


def from_name_to_map(
    window: Page, url: str, town: Town, words: dict[str, str]
) -> tuple[float, float, float]:
    """Return seconds until the offer stands, until it is built, until the map is painted."""
    window.goto(url)
    settle(window, timeout=PATIENCE_MS)
    window.get_by_text(words["find"], exact=True).click()
    settle(window)
    started = time.perf_counter()
    window.get_by_label(words["name"], exact=False).fill(town.typed)
    window.keyboard.press("Enter")
    button = window.get_by_role("button", name=words["open"])
    button.wait_for(timeout=PATIENCE_MS)
    offered = time.perf_counter() - started
    button.click()
    read = window.get_by_text(words["read"], exact=False)
    failed = window.get_by_test_id("stAlertContentError")
    read.or_(failed).first.wait_for(timeout=PATIENCE_MS)
    if failed.count():
        raise ValueError(failed.first.inner_text())
    built = time.perf_counter() - started
    # Of consulates the map is that of who abstains: there are no doors.
    page = words["abroad" if town.code == "ZZ" else "doors"]
    window.get_by_role("link", name=page).first.click()
    window.locator("section.map[data-paints]").first.wait_for(timeout=PATIENCE_MS)
    return offered, built, time.perf_counter() - started


def worked() -> float:
    """Return seconds of processor that server and browser have taken: other work does not count."""
    own = psutil.Process().children(recursive=True)
    times = []
    for process in own:
        with contextlib.suppress(psutil.NoSuchProcess):
            times.append(process.cpu_times())
    return sum(each.user + each.system for each in times)


def measure(browser: Browser, url: str, asked: Visit) -> bool:
    """Walk every place, print its seconds, and tell whether each is within the limit."""
    kept = True
    print(f"      load of the machine {os.getloadavg()[0]:.1f}, processors {os.cpu_count()}")
    print(
        f"{'typed':<22}{'place':<14}{'offer s':>8}{'built s':>9}{'map s':>7}{'processor s':>13}",
        flush=True,
    )
    page = f"{url}/data?lang={asked.language}"
    for n, town in enumerate(asked.towns):
        visit = open_page(browser, page, width=asked.width, height=1000)
        before = worked()
        try:
            offered, built, seconds = from_name_to_map(
                visit.page, page, town, WORDS[asked.language]
            )
        except (ValueError, BrowserError) as error:
            print(f"FAIL  {town.typed}: {str(error).splitlines()[0]}", flush=True)
            kept = False
        else:
            print(
                f"{town.typed:<22}{town.what:<14}{offered:>8.1f}{built:>9.1f}{seconds:>7.1f}"
                f"{worked() - before:>13.1f}"
            )
            if n:
                kept &= promise(f"name to map, {town.what}", seconds, SECONDS, "s")
        if visit.errors:
            print(f"      the browser's console: {visit.errors[:3]}")
        if asked.pictures:
            settle(visit.page)
            visit.page.wait_for_timeout(1500)
            name = f"{n}_{town.code}_{asked.language}_{asked.width}.png"
            visit.page.screenshot(path=asked.pictures / name, full_page=True)
        visit.page.context.close()
    return kept


def run(asked: Visit) -> bool:
    """Publish, serve, and walk."""
    if not chromium_path():
        print("not measured: no Chromium on this machine (make setup-dev installs it)")
        return True
    need_france()
    with tempfile.TemporaryDirectory() as name, serving() as publisher:
        folder = Path(name)
        publisher.files |= {f"/{file}": content for file, content in official_files().items()}
        entries = (
            CATALOGUE.format(
                id=role, role=role, title=role, url=publisher.url, file=file, more=more
            )
            for role, file, more in ENTRIES
        )
        (folder / "catalogue.toml").write_text("\n".join(entries), encoding="utf-8")
        told = {
            "PALIER_CATALOGUE": str(folder / "catalogue.toml"),
            "PALIER_FILES": str(folder / "store"),
            "PALIER_TILES": "off",
            "NO_PROXY": "127.0.0.1",
        }
        script = empty_house(folder)
        with serve(script, env=told) as url, chromium() as browser:
            return measure(browser, url, asked)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--language", choices=WORDS, default="fr")
    parser.add_argument("--first", type=int, default=len(TOWNS), help="only so many places")
    given = parser.parse_args()
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    sys.exit(not run(Visit(given.width, given.language, TOWNS[: given.first], given.pictures)))
