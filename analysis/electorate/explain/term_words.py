"""Names of what a model holds: « Arrondissement : 18e », not `C(arrondissement)[T.75056_18]`."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from analysis.electorate.explain.covariates import label_of
from analysis.errors import Text
from analysis.geography.bureau_names import CITIES, ordinal
from analysis.geography.zones import departments
from analysis.i18n import Words
from analysis.tables.workspace import Workspace

# By column, the name of each of its levels.
LevelNames = Mapping[str, Mapping[str, str]]
# What each family of model is called.
FAMILIES = {
    "quasi_binomial": Text("quasi-binomial logit"),
    "fractional": Text("fractional logit"),
    "least_squares": Text("least squares"),
}
_LEVEL = re.compile(r"^C\((\w+)[^)]*\)\[(?:T\.)?(.*)\]$")
_NAME = re.compile(r"[A-Za-z_]\w*(?!\w*\()")
_ONE, _MORE = "one: ", "+ "
_SAID = Words(
    "chart",
    {
        "level_of": "{}: {}",
        "constant": "Constant",
        "mean": "The mean alone",
        "one": "One covariate alone: {}",
        "own": "+ effects of their own ({})",
        "contours": "+ density",
        "squares": "+ census squares",
        "census": "+ census by bureau",
        "income": "+ income of the commune",
        "past": "+ past blocs",
        "place": "+ parts of the place",
        "file": "+ your table",
    },
)


def level_names(workspace: Workspace, table: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Name the communes, arrondissements and départements of some bureaux.

    Parameters
    ----------
    workspace
        Knows the communes.
    table
        `commune_id`, `arrondissement`, `department_id`.

    Returns
    -------
    dict
        By column, of each code its name; a name that two have says its département.
    """
    places = workspace.read("places")[["commune_id", "name", "department_id"]].astype("str")
    places = places[places["commune_id"].isin(set(table["commune_id"]))]
    named = places["name"]
    # Of one name: the département tells which, else the code.
    for other in ("department_id", "commune_id"):
        twice = named.duplicated(keep=False)
        named = named.where(~twice, places["name"] + " (" + places[other] + ")")
    communes = dict(zip(places["commune_id"], named, strict=True))
    parts = {str(code): _part(str(code), communes) for code in table["arrondissement"].unique()}
    codes = map(str, table["department_id"].unique())
    return {
        "commune_id": communes,
        "arrondissement": parts,
        "department_id": {code: departments().get(code, code) for code in codes},
    }


def _part(code: str, communes: Mapping[str, str]) -> str:
    """Name `75056_18`; of a place that holds more than the city, with the city."""
    commune, _line, number = code.partition("_")
    if not number:
        return communes.get(commune, commune)
    city = "" if len(communes) == 1 else CITIES.get(commune, communes.get(commune, commune))
    return f"{city} {ordinal(int(number))}".strip()


def level_name(names: LevelNames, column: str, level: object) -> object:
    """Name a level of a category.

    Parameters
    ----------
    names
        Of the levels.
    column, level
        The category, and one of its codes.

    Returns
    -------
    object
        Its name; what has no other name, a number among them, as it is.
    """
    return names.get(column, {}).get(str(level), level)


def column_label(column: str, names: LevelNames, language: str) -> str:
    """Name a column of a model as people speak of it.

    Parameters
    ----------
    column
        As patsy writes it: `log(density_km2)`, `C(arrondissement)[T.75056_18]`, `a:C(b)[T.c]`.
    names
        Of the levels.
    language
        "fr" or "en".

    Returns
    -------
    str
        Covariates and levels by name; functions stay as they were written.
    """
    words = _SAID[language]
    if column == "Intercept":
        return words["constant"]
    # The name of a level may hold a colon, that of no column does.
    parts = re.split(r":(?=[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*$)", column)
    said = []
    for part in parts:
        if found := _LEVEL.match(part):
            of, level = found[1], str(level_name(names, found[1], found[2]))
            said.append(words["level_of"].format(label_of(of, language), level))
        else:
            said.append(_NAME.sub(lambda one: label_of(one[0], language), part))
    return " × ".join(said)


def model_label(model: str, names: LevelNames, language: str) -> str:
    """Say what a model of `compare_models` holds.

    Parameters
    ----------
    model
        `mean`, `one: degree`, `+ squares`, `+ C(commune_id)`.
    names
        Of the levels.
    language
        "fr" or "en".

    Returns
    -------
    str
        As it is, where no name of it is known.
    """
    words = _SAID[language]
    if model.startswith(_ONE):
        return words["one"].format(column_label(model.removeprefix(_ONE), names, language))
    key = model.removeprefix(_MORE)
    if key.startswith("C("):
        return words["own"].format(label_of(key[2:-1], language))
    return words.get(key, model)


def labelled(table: pd.DataFrame, names: LevelNames, language: str) -> pd.DataFrame:
    """Say beside the first column of a table of a model what it is, in words.

    Parameters
    ----------
    table
        Its first column is `column`, `name` or `model`.
    names
        Of the levels.
    language
        "fr" or "en".

    Returns
    -------
    pandas.DataFrame
        With `in_words` as second column; any other table as it is.
    """
    say = {"column": column_label, "name": column_label, "model": model_label}
    if (key := str(table.columns[0])) not in say:
        return table
    labels = [say[key](str(one), names, language) for one in table[key]]
    fresh = table.copy()
    fresh.insert(1, "in_words", pd.Series(labels, table.index, dtype="object"))
    return fresh


def named_levels(effects: pd.DataFrame, names: LevelNames) -> pd.DataFrame:
    """Return effects whose `start` and `end` are names where they are levels of a category."""
    if not set(effects["name"]) & set(names):
        return effects
    return effects.assign(
        **{
            end: [level_name(names, *both) for both in zip(effects["name"], effects[end])]  # noqa: B905 - one table
            for end in ("start", "end")
        }
    )
