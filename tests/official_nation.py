"""A small nation in the official layouts, made of Valmont: national files, and who publishes them.

Towns of 2 and 98 bureaux, one that others merged into, one without contours but with the roll's
addresses. Each is Valmont, or copies of it side by side, under the code of a real commune.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd

from tests import roll
from tests.made import VALMONT, sample_results

COUNTS = {"inscrits", "votants", "blancs", "nuls", "exprimes", "abstentions"}
CATALOGUE = """[[source]]
id = "{id}"
role = "{role}"
title = {{fr = "{title}", en = "{title}"}}
urls = ["{url}/{file}"]
file = "{file}"
licence = "Licence Ouverte 2.0"
page = "https://publisher.example/{id}"
checked = true
{more}
"""


@dataclass(frozen=True)
class Town:
    """A commune: its code, how many bureaux of Valmont it has, or how many copies of all."""

    code: str
    name: str
    bureaux: int = 0
    copies: int = 1
    drawn: bool = True
    # Degrees from Valmont to the town itself: contours elsewhere are refused.
    east: float = 0.0
    north: float = 0.0

    @property
    def department(self):
        """Code of its département."""
        return self.code[:2]


SMALL = Town("01004", "Ambérieu-en-Bugey", bureaux=2, east=1.13, north=-2.72)
LARGE = Town("33063", "Bordeaux", copies=2, east=-4.8, north=-3.84)
MERGED = Town("49301", "Sèvremoine", bureaux=4, east=-5.33, north=-1.64)
UNDRAWN = Town("64024", "Anglet", bureaux=6, drawn=False, east=-5.74, north=-5.19)
# Those who vote at one consulate: results, and no ground.
ABROAD = Town("ZZ001", "Abidjan", bureaux=1, drawn=False)
TOWNS = (SMALL, LARGE, MERGED, UNDRAWN, ABROAD)
# Two of the four bureaux of the merged town were another commune until 2018.
FORMER, FORMER_BUREAUX = "49179", ("0003", "0004")


@cache
def files():
    """Return the official files by name."""
    counts, votes = sample_results()
    ballots = [name for name in counts if name in COUNTS]
    counts, votes = counts.astype(dict.fromkeys(ballots, "int64")), votes.astype({"voix": "int64"})
    drawn = gpd.read_file(VALMONT / "contours_2024.geojson")
    doors = pd.read_csv(VALMONT / "adresses-99.csv.gz", sep=";", dtype=str, keep_default_na=False)
    out = {
        "general_results.parquet": _parquet(_results(counts)),
        "candidats_results.parquet": _parquet(_results(votes)),
        "contours.geojson": _contours(drawn),
        "table-adresses-reu.parquet": _parquet(_roll()),
    }
    for town in (one for one in TOWNS if one is not ABROAD):
        table = doors.assign(
            code_insee=town.code,
            nom_commune=town.name,
            id=town.code + doors["id"].str[5:],
            lon=(doors["lon"].astype(float) + town.east).round(7).astype(str),
            lat=(doors["lat"].astype(float) + town.north).round(7).astype(str),
        )
        text = table.to_csv(index=False, sep=";")
        out[f"adresses-{town.department}.csv.gz"] = gzip.compress(text.encode(), 1, mtime=0)
    return out


def catalogue(url):
    """Return a catalogue (TOML) of these files at an address."""
    entries = [
        ("general_results", "general_results.parquet", 'keep = "cut"'),
        ("candidats_results", "candidats_results.parquet", 'keep = "cut"'),
        ("addresses", "adresses-{department}.csv.gz", 'keep = "shared"'),
        ("contours", "contours.geojson", 'keep = "cut"\nvintage = 2024'),
        ("reu", "table-adresses-reu.parquet", 'keep = "cut"\nasked_only = true'),
    ]
    return "\n".join(
        CATALOGUE.format(id=role, role=role, title=f"Fichier {role}", url=url, file=file, more=more)
        for role, file, more in entries
    )


def _copies(table, town):
    """Return rows of the town's bureaux; the bureaux of each further copy are 100 higher."""
    if town.bureaux:
        return table[table["code_bv"].isin([f"{n + 1:04d}" for n in range(town.bureaux)])]
    table = table[table["code_bv"].str.fullmatch(r"\d+")]
    more = [table.assign(code_bv=_higher(table["code_bv"], n)) for n in range(town.copies)]
    return pd.concat(more)


def _higher(numbers, copy):
    return (numbers.astype(int) + 100 * copy).astype(str).str.zfill(4)


def _results(table):
    towns = []
    for town in TOWNS:
        own = _copies(table, town).assign(code_departement=town.department, code_commune=town.code)
        if "libelle_commune" in own:
            own = own.assign(libelle_commune=town.name)
        if town is MERGED:
            old = own["id_election"].str[:4].astype(int) < 2018
            old &= own["code_bv"].isin(FORMER_BUREAUX)
            # There they were the bureaux 1 and 2.
            own.loc[old, "code_bv"] = [f"{int(n) - 2:04d}" for n in own.loc[old, "code_bv"]]
            own.loc[old, "code_commune"] = FORMER
        towns.append(own.assign(id_brut_miom=own["code_commune"] + "_" + own["code_bv"]))
    # As published: by election, then by place.
    return pd.concat(towns).sort_values(["id_election", "id_brut_miom"], kind="stable")


def _contours(drawn):
    parts = []
    number = drawn["codeBureauVote"].str.rpartition("_")[2]
    for town in (town for town in TOWNS if town.drawn):
        own = _copies(drawn.assign(code_bv=number), town).reset_index(drop=True)
        copy = np.maximum(own["code_bv"].astype(int) // 100, 0)
        shapes = [
            shape
            for shape, at in zip(own.geometry, copy, strict=True)
            for shape in gpd.GeoSeries([shape]).translate(town.east + 0.08 * at, town.north)
        ]
        told = {"codeDepartement": town.department, "codeCommune": town.code}
        told["codeBureauVote"] = town.code + "_" + own["code_bv"].to_numpy()
        parts.append(gpd.GeoDataFrame(told, geometry=shapes, crs="EPSG:4326"))
    return pd.concat(parts).to_json(drop_id=True).encode()


def _roll():
    table = roll.addresses()
    number = table["id_brut_bv_reu"].str.rpartition("_")[2]
    own = table[number.isin([f"{n + 1:04d}" for n in range(UNDRAWN.bureaux)])]
    return own.assign(
        code_commune_ref=UNDRAWN.code,
        id_brut_bv_reu=UNDRAWN.code + own["id_brut_bv_reu"].str[5:],
        longitude=own["longitude"] + UNDRAWN.east,
        latitude=own["latitude"] + UNDRAWN.north,
    )


def _parquet(table):
    stream = io.BytesIO()
    table.reset_index(drop=True).to_parquet(stream)
    return stream.getvalue()


def publish(publisher, folder):
    """Put the files at a publisher, and write a catalogue of them; return its path."""
    publisher.files |= {f"/{name}": content for name, content in files().items()}
    file = folder / "catalogue.toml"
    file.write_text(catalogue(publisher.url), encoding="utf-8")
    return file


if __name__ == "__main__":
    print(json.dumps({name: len(content) for name, content in files().items()}))
