"""What the columns of a ranking are: unit, meaning, and how a spreadsheet shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

# column: (unit fr, unit en, meaning fr, meaning en)
COLUMNS: dict[str, tuple[str, str, str, str]] = {
    "bureau_id": (
        "—",
        "—",
        "code de la commune, tiret bas, numéro du bureau de vote",
        "commune code, underscore, number of the polling station",
    ),
    "rank": ("rang", "rank", "1 = où frapper d’abord", "1 = where to knock first"),
    "score": (
        "indice",
        "index",
        "priorité avec les poids choisis ; 100 = le bureau moyen",
        "priority under the chosen weights; 100 = the average bureau",
    ),
    "gain_per_hour": (
        "voix/heure de bénévole",
        "votes/volunteer-hour",
        "voix nettes attendues d’une heure de porte-à-porte",
        "net votes expected of an hour of canvassing",
    ),
    "gain_lower": (
        "voix/heure de bénévole",
        "votes/volunteer-hour",
        "borne basse de l’intervalle à 90 % du gain",
        "lower limit of the 90% interval of the gain",
    ),
    "gain_upper": (
        "voix/heure de bénévole",
        "votes/volunteer-hour",
        "borne haute de l’intervalle à 90 % du gain",
        "upper limit of the 90% interval of the gain",
    ),
    "top_k_probability": (
        "probabilité, 0 à 1",
        "probability, 0 to 1",
        "probabilité d’être parmi les K premiers, quand paramètres et taux varient",
        "probability of being among the top K as parameters and rates vary",
    ),
    "registered": ("personnes", "persons", "inscrits", "registered voters"),
    "arm": (
        "—",
        "—",
        "bras de l’essai ; vide tant qu’il n’y en a pas",
        "arm of the trial; empty until there is one",
    ),
    "commune_id": ("—", "—", "code de la commune", "code of the commune"),
    "commune": ("—", "—", "nom de la commune", "name of the commune"),
    "name": ("—", "—", "nom du bureau, s’il est connu", "name of the bureau, where known"),
    "doors": ("portes", "doors", "portes à frapper", "doors to knock at"),
    "hours": (
        "heures de bénévole",
        "volunteer-hours",
        "temps pour frapper à toutes les portes",
        "time to knock at every door",
    ),
    "expected_abstention": (
        "part des inscrits, 0 à 1",
        "share of registered, 0 to 1",
        "abstention attendue à l’élection préparée",
        "abstention expected at the coming election",
    ),
    "support": (
        "part, 0 à 1",
        "share, 0 to 1",
        "soutien au bloc parmi ceux qui s’abstiennent",
        "support for the bloc among those who abstain",
    ),
    "mobilisable": (
        "personnes",
        "persons",
        "abstentionnistes qui voteraient pour le bloc",
        "abstainers who would vote for the bloc",
    ),
    "persuadable": (
        "personnes",
        "persons",
        "votants qui changent de bloc d’une élection à l’autre",
        "voters who change bloc between elections",
    ),
    "measured": (
        "—",
        "—",
        "ce qui a été mesuré dans ce bureau",
        "what was measured in this bureau",
    ),
    "assumed": (
        "—",
        "—",
        "ce qui a été supposé, faute de donnée",
        "what was assumed for want of data",
    ),
}
_PART = (
    "points de score",
    "points of score",
    "part du score ; les parts s’additionnent",
    "part of the score; parts add up",
)
_UNKNOWN = ("", "", "", "")

_FORMATS = {
    "score": "0.0",
    "gain_per_hour": "0.000",
    "gain_lower": "0.000",
    "gain_upper": "0.000",
    "top_k_probability": "0%",
    "expected_abstention": "0.0%",
    "support": "0.0%",
    "doors": "#,##0",
    "hours": "0.0",
    "mobilisable": "#,##0.0",
    "persuadable": "#,##0.0",
}


def units_of(
    columns: Iterable[str], *, stated: Iterable[Mapping[str, str]], language: str
) -> list[dict[str, str]]:
    """Say unit and meaning of each column.

    Parameters
    ----------
    columns
        Names, in the order wanted.
    stated
        The provenance's own units, for columns that are not in `COLUMNS`.
    language
        "fr" or "en".

    Returns
    -------
    list of dict
        `column`, `unit`, `meaning`; empty texts for a column nobody described.
    """
    others = {entry.get("column", ""): entry for entry in stated}
    at = 0 if language == "fr" else 1
    rows = []
    for column in columns:
        known = COLUMNS.get(column, _PART if column.startswith("part_") else _UNKNOWN)
        other = others.get(column, {})
        unit = known[at] or other.get("unit", "")
        meaning = known[2 + at] or other.get("meaning", "")
        rows.append({"column": column, "unit": unit, "meaning": meaning})
    return rows


def format_of(column: str, values: pd.Series) -> str:
    """Return the number format Excel shows a column in."""
    if not pd.api.types.is_numeric_dtype(values):
        return "@"
    default = "#,##0" if pd.api.types.is_integer_dtype(values) else "0.000"
    return _FORMATS.get(column, default)
