"""Two invented places in layouts of other countries: a German town and a county of the USA.

The German files follow the results by Wahlbezirk of the Bundeswahlleiterin (2021 and 2025: titles
above the header, `;`, both votes in one row, postal districts without registered); those of the
county follow OpenElections (one row for each precinct, office and candidate) with the registered
in a file of their own. Names, numbers and shapes are invented; docs/any_terrain.md works with them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from analysis.errors import DataError

PLACES = ("waldau", "cedar")
# Those who come to the district's own room, by its leaning to the left, and who vote by post.
_URN_TURNOUT, _POST_SHARE = 0.62, 0.33
_PARTIES = ("SPD", "CDU", "GRÜNE", "FDP", "AfD", "Die Linke")
_GERMAN = (
    *("Wahlkreis", "Land", "Regierungsbezirk", "Kreis", "Verbandsgemeinde", "Gemeinde"),
    *("Kennziffer Urnenwahlbezirke nach § 68 BWO", "Kennziffer Briefwahlzugehörigkeit"),
    *("Gemeindename", "Wahlbezirk", "Bezirksart", "Wahlberechtigte (A)"),
    *("Wahlberechtigte ohne Sperrvermerk (A1)", "Wahlberechtigte mit Sperrvermerk (A2)"),
    *("Wahlberechtigte nach § 25 Abs. 2 BWO (A3)", "Wählende (B)"),
    "Wählende mit Wahlschein (B1)",
)
_LONG = ("county", "precinct", "office", "district", "party", "candidate", "votes")
_OFFICES = (
    ("President", "", (("DEM", "Ana Oak"), ("REP", "Bo Pine"), ("LIB", "Cy Elm"))),
    ("U.S. House", "7", (("DEM", "Di Ash"), ("REP", "Ed Fir"))),
)


def write_abroad(place: str, out: Path, *, seed: int) -> Path:
    """Write one of the two places: its column map and the files that it names.

    Parameters
    ----------
    place
        One of `PLACES`.
    out
        Folder to write into; made if it is not there.
    seed
        The same seed gives the same bytes.

    Returns
    -------
    pathlib.Path
        The column map.

    Raises
    ------
    DataError
        When there is no such place.
    """
    if place not in PLACES:
        raise DataError(
            "There is no sample place “{place}”.",
            where="--place",
            mend="Write one of: {known}.",
            place=place,
            known=", ".join(("valmont", *PLACES)),
        )
    out.mkdir(parents=True, exist_ok=True)
    written = {"waldau": _waldau, "cedar": _cedar}[place](np.random.default_rng(seed))
    for name, content in written.items():
        (out / name).write_bytes(content.encode("utf-8"))
    # The map is the same for every seed: people read it, and the manual shows it.
    text = files("analysis.sample").joinpath("data", f"{place}.toml").read_text(encoding="utf-8")
    target = out / f"{place}.toml"
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def _waldau(rng: np.random.Generator) -> dict[str, str]:
    """Return the files of a German town of 20 districts, and 4 of the village beside it."""
    units = [("001", "Waldau, Stadt", f"{n:04d}") for n in range(1, 21)]
    units += [("002", "Grünhöhe", f"{n:04d}") for n in range(1, 5)]
    registered = rng.integers(700, 1500, len(units))
    left = rng.normal(0, 0.35, len(units))
    shapes = _grid([(f"09162{commune}", unit) for commune, _, unit in units], 11.55, 48.10, "ags")
    written = {"wahlbezirke.geojson": shapes}
    for year, swing, day in ((2021, 0.10, "26. September"), (2025, -0.05, "23. Februar")):
        drawn = _german_rows(rng, units, registered, left + swing)
        names = [*_GERMAN, *_german_votes("Erststimmen"), *_german_votes("Zweitstimmen")]
        above = f"© Erfunden{';' * (len(names) - 1)}\r\n\r\nBundestagswahl am {day} {year} - "
        above += "Ergebnisse nach Wahlbezirken (Waldau ist erfunden)\r\n\r\n"
        written[f"btw{year % 100}_wbz_ergebnisse.csv"] = "\ufeff" + above + _csv(names, drawn, ";")
    return written


def _german_votes(kind: str) -> list[str]:
    return [f"{name} - {kind}" for name in ("Ungültige", "Gültige", *_PARTIES)]


def _german_rows(
    rng: np.random.Generator,
    units: Sequence[tuple[str, str, str]],
    registered: np.ndarray,
    left: np.ndarray,
) -> list[list[object]]:
    """Return a row for each urn district and, by commune, for each postal one (Bezirksart 5)."""
    post = rng.binomial(registered, _POST_SHARE)
    here = registered - post
    came = rng.binomial(here, np.clip(_URN_TURNOUT + 0.06 * left, 0.3, 0.9))
    rows: list[list[object]] = []
    for (commune, name, unit), n, sealed, voters, lean in zip(
        units, registered, post, came, left, strict=True
    ):
        ballots = int(voters)
        counts = [int(n), int(n - sealed), int(sealed), 0, ballots, int(rng.integers(0, 9))]
        rows.append([*_german_place(commune, name, unit, 0), *counts, *_both(rng, ballots, lean)])
    for commune in sorted({unit[0] for unit in units}):
        mine = [n for n, unit in enumerate(units) if unit[0] == commune]
        name, lean = units[mine[0]][1], float(left[mine].mean())
        for number, part in enumerate(np.array_split(mine, max(1, len(mine) // 7)), 901):
            ballots = int(rng.binomial(post[part].sum(), 0.93))
            counts = [0, 0, 0, 0, ballots, ballots]
            place = _german_place(commune, name, f"{number:04d}", 5)
            rows.append([*place, *counts, *_both(rng, ballots, lean)])
    return rows


def _german_place(commune: str, name: str, unit: str, kind: int) -> list[object]:
    return ["217", "09", "1", "62", "0000", commune, "", "00", name, unit, kind]


def _both(rng: np.random.Generator, ballots: int, lean: float) -> list[int]:
    """Return invalid, valid and the votes of each party, for both votes."""
    given: list[int] = []
    for tilt in (0.15, 0.0):
        invalid = int(rng.binomial(ballots, 0.012))
        weights = np.exp([lean + tilt, 0.25 - lean + tilt, lean - 0.2, -0.9, -0.1 - lean, -1.1])
        votes = rng.multinomial(ballots - invalid, weights / weights.sum())
        given += [invalid, ballots - invalid, *map(int, votes)]
    return given


def _cedar(rng: np.random.Generator) -> dict[str, str]:
    """Return the files of a county of 18 precincts in the USA."""
    units = [f"{ward:02d}-{n}" for ward in range(1, 7) for n in "ABC"]
    registered = rng.integers(600, 2200, len(units))
    left = rng.normal(0, 0.6, len(units))
    written = {"precincts.geojson": _grid([("Cedar", u) for u in units], -93.62, 41.60, "county")}
    for year, swing in ((2020, 0.05), (2024, -0.10)):
        ballots = rng.binomial(registered, np.clip(0.66 + 0.05 * left, 0.3, 0.95))
        rows = [
            row
            for unit, n, lean in zip(units, ballots, left + swing, strict=True)
            for row in _precinct(rng, unit, int(n), float(lean))
        ]
        turnout = zip(units, registered, ballots, strict=True)
        counted = [["Cedar", unit, f"{int(n):,}", f"{int(b):,}"] for unit, n, b in turnout]
        names = ("County", "Precinct", "Registered Voters", "Ballots Cast")
        written[f"{year}__general__cedar__precinct.csv"] = _csv(_LONG, rows, ",")
        written[f"{year}_turnout_precinct.csv"] = _csv(names, counted, ",")
    return written


def _precinct(rng: np.random.Generator, unit: str, ballots: int, lean: float) -> list[list[object]]:
    """Return a precinct's rows for every office, with the over and under votes."""
    rows: list[list[object]] = []
    for office, district, stood in _OFFICES:
        under, over = int(rng.binomial(ballots, 0.02)), int(rng.binomial(ballots, 0.001))
        weights = np.exp([lean, 0.05 - lean, -3.2][: len(stood)])
        votes = rng.multinomial(ballots - under - over, weights / weights.sum())
        named = [*((p, name, n) for (p, name), n in zip(stood, votes, strict=True))]
        named += [("", "Over Votes", over), ("", "Under Votes", under)]
        rows += [["Cedar", unit, office, district, p, name, int(n)] for p, name, n in named]
    return rows


def _csv(names: Sequence[str], rows: Sequence[Sequence[object]], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def _grid(units: Sequence[tuple[str, str]], west: float, south: float, area: str) -> str:
    """Return squares of about a kilometre side by side, longitude and latitude, as GeoJSON."""
    unit_name, wide = ("wahlbezirk" if area == "ags" else "precinct"), 6
    features = []
    for n, (commune, unit) in enumerate(units):
        x, y = round(west + 0.013 * (n % wide), 4), round(south + 0.009 * (n // wide), 4)
        x2, y2 = round(x + 0.013, 4), round(y + 0.009, 4)
        ring = [[x, y], [x2, y], [x2, y2], [x, y2], [x, y]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append(
            {"type": "Feature", "properties": {area: commune, unit_name: unit}, "geometry": shape}
        )
    return json.dumps({"type": "FeatureCollection", "features": features}) + "\n"
