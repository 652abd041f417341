"""Who of two lists is the same person: Fellegi and Sunter's weights, by splink, in memory.

What was measured decides the form. How often a person's own data differ (m) is not learnt by
expectation and maximisation: blocked on addresses it learns households, and what no training pair
shows (another birth date) stays without weight, so that contradiction costs nothing. How often
strangers agree (u) is not sampled either: in a short list the matches themselves would be taken
for chance. Both are beliefs, below; only what a place decides is counted in it, how many people
live at one address, in one street, in one town.

References: Fellegi and Sunter 1969, JASA 64(328); Linacre et al. 2022, IJPDS 7(3).
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection
from typing import Any, Literal, NamedTuple

import duckdb
import pandas as pd
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from analysis.contacts.normalise import bare_key, first_key, is_mobile, name_key, name_words

# The strongest first; `u` 0 is counted in the lists.
COUNTED = 0.0


class Level(NamedTuple):
    """A way in which two rows may agree.

    Attributes
    ----------
    word
        Its name.
    sql
        When they do.
    m, u
        How often two rows of one person do, and two of strangers.
    """

    word: str
    sql: str
    m: float
    u: float


OTHER, UNKNOWN = "other", "unknown"
_NEAR_NAME = (
    "list_min(list_transform(names_l, lambda x : list_min(list_transform(names_r, lambda y : "
    "damerau_levenshtein(x, y))))) <= 1"
)
_NEAR_FIRST = "damerau_levenshtein(first_l, first_r) <= 1 AND least(len(first_l), len(first_r)) > 3"
_INITIAL = (
    "(len(first_l) <= 2 AND first_l = initials_r) OR (len(first_r) <= 2 AND first_r = initials_l)"
)
COMPARISONS: dict[str, tuple[Level, ...]] = {
    # Names of birth and in use, each with each: half of the married give the other one.
    "family": (
        Level("rare", "list_has_any(rare_l, rare_r)", 0.52, 1e-4),
        Level("same", "list_has_any(names_l, names_r)", 0.37, 2.5e-3),
        Level("near", _NEAR_NAME, 0.08, 1e-3),
        Level(OTHER, "ELSE", 0.03, 0.9964),
    ),
    "first": (
        # « J. » at jeanne.petit@example.org is Jeanne.
        Level("mail", "(mailed_l OR mailed_r) AND list_has_any(firsts_l, firsts_r)", 0.03, 3.5e-4),
        Level("same", "list_has_any(firsts_l, firsts_r)", 0.83, 0.01),
        # « Louis » is no slip for « Louise »: both are names that others bear.
        Level("near", f"{_NEAR_FIRST} AND NOT (known_l AND known_r)", 0.06, 1e-3),
        Level("initial", _INITIAL, 0.05, 8e-3),
        Level("second", "list_has_any(given_l, given_r)", 0.02, 7e-3),
        Level(OTHER, "ELSE", 0.01, 0.974),
    ),
    "born": (
        Level("same", "born_l = born_r", 0.88, 5e-5),
        Level("swapped", "born_l = swapped_r", 0.04, 2e-5),
        Level("near", "damerau_levenshtein(born_l, born_r) <= 1", 0.06, 1.1e-3),
        Level(OTHER, "ELSE", 0.02, 0.9988),
    ),
    "year": (
        Level("same", "year_l = year_r", 0.97, 0.012),
        Level(OTHER, "ELSE", 0.03, 0.988),
    ),
    "home": (
        Level("same", "home_l = home_r", 0.82, COUNTED),
        Level("street", "street_l = street_r", 0.06, COUNTED),
        Level("town", "place_l = place_r", 0.09, COUNTED),
        Level(OTHER, "ELSE", 0.03, COUNTED),
    ),
}
_POINTS: dict[str, tuple[Level, ...]] = {
    "email": (
        Level("same", "email_l = email_r", 0.55, 4e-6),
        Level(OTHER, "ELSE", 0.45, 1 - 4e-6),
    ),
    # A mobile is of one person, a line of a household.
    "phone": (
        Level("mobile", "list_has_any(mobiles_l, mobiles_r)", 0.45, 1e-5),
        Level("line", "list_has_any(phones_l, phones_r)", 0.20, 5e-5),
        Level(OTHER, "ELSE", 0.35, 0.9999),
    ),
}
_NULL = {
    "family": "len(names_l) = 0 OR len(names_r) = 0",
    "first": "first_l IS NULL OR first_r IS NULL",
    "born": "born_l IS NULL OR born_r IS NULL",
    # Where both dates are whole, the year is in them and counts once.
    "year": "year_l IS NULL OR year_r IS NULL OR (born_l IS NOT NULL AND born_r IS NOT NULL)",
    "home": "place_l IS NULL OR place_r IS NULL",
    "email": "email_l IS NULL OR email_r IS NULL",
    "phone": "len(phones_l) = 0 OR len(phones_r) = 0",
}
# A name that fewer than this share bear tells more than another.
_RARE_SHARE = 5e-4
# A first name that so many bear on the roll is not a slip of the finger; in a file, where slips
# repeat themselves, it takes this share too.
_KNOWN, _KNOWN_SHARE = 3, 1e-3
# Of a file of supporters so many are on the roll; so many rows are a second one.
_ON_ROLL, _TWICE = 0.4, 0.04
# Below this chance a pair is not even a rival.
LEAST = 0.05

# Columns of the tables that are compared; texts, "" where unknown.
COLUMNS = (
    *("id", "birth_name", "used_name", "first_names", "birth_date", "birth_year"),
    *("home", "street", "postcode", "email", "phones"),
)


def link_rolls(people: pd.DataFrame, roll: pd.DataFrame) -> pd.DataFrame:
    """Return pairs of a person and a line of the roll that may be one.

    Parameters
    ----------
    people, roll
        `COLUMNS`: `birth_date` as in ISO 8601, or `birth_year` alone; `home`, `street` in one
        spelling; the roll has no e-mail and no telephone.

    Returns
    -------
    pandas.DataFrame
        `one` (person), `other` (line), `probability`, and a word of `COMPARISONS`, "other" or
        "unknown" in a column for each of them.
    """
    if people.empty or roll.empty:
        return _nothing(COMPARISONS)
    chance = min(_ON_ROLL / len(roll), 0.5)
    pairs = _pairs(people, roll, COMPARISONS, chance=chance, names=known_names(roll))
    # splink puts the two in the order of their ids.
    turned = pairs["source_dataset_l"].to_numpy() == "roll"
    one, other = pairs["one"].copy(), pairs["other"].copy()
    pairs["one"], pairs["other"] = one.mask(turned, other), other.mask(turned, one)
    return pairs.drop(columns=["source_dataset_l"])


def find_twice(people: pd.DataFrame, names: Collection[str] = ()) -> pd.DataFrame:
    """Return pairs of people of the files that may be one, as `link_rolls` does.

    Parameters
    ----------
    people
        `COLUMNS`; `phones` with spaces between them. Their contact points are compared too.
    names
        First names that are no slip of another, as `known_names` finds them on a roll.
    """
    if len(people) < 2:
        return _nothing(COMPARISONS | _POINTS)
    chance = min(2 * _TWICE / len(people), 0.5)
    borne = Counter(_first_names(people))
    least = max(_KNOWN, _KNOWN_SHARE * len(people))
    known = {name for name, count in borne.items() if count >= least} | set(names)
    return _pairs(people, None, COMPARISONS | _POINTS, chance=chance, names=known)


def known_names(roll: pd.DataFrame) -> set[str]:
    """Return the first names that several people of a roll bear."""
    return {name for name, count in Counter(_first_names(roll)).items() if count >= _KNOWN}


def _first_names(people: pd.DataFrame) -> list[str]:
    keys = {text: first_key(text) for text in people["first_names"].unique()}
    return [keys[text] for text in people["first_names"]]


def _nothing(comparisons: dict[str, tuple[Level, ...]]) -> pd.DataFrame:
    return pd.DataFrame(columns=["one", "other", "probability", *comparisons])


def _pairs(
    people: pd.DataFrame,
    roll: pd.DataFrame | None,
    comparisons: dict[str, tuple[Level, ...]],
    *,
    chance: float,
    names: Collection[str],
) -> pd.DataFrame:
    every = people if roll is None else pd.concat([people, roll], ignore_index=True)
    ready = _prepared(every, names)
    parts = {"people": ready.iloc[: len(people)]}
    kind: Literal["link_only", "dedupe_only"] = "dedupe_only"
    if roll is not None:
        kind, parts["roll"] = "link_only", ready.iloc[len(people) :]
    said = ", ".join(f"gamma_{name} AS {name}" for name in comparisons)
    source = ", source_dataset_l" if roll is not None else ""
    # Decrypted people stay in memory: nothing may be spilled to a folder.
    with duckdb.connect(":memory:", config={"temp_directory": ""}) as connection:
        backend = DuckDBAPI(connection)
        frames = [
            backend.register(part.reset_index(drop=True), dataset_display_name=name)
            for name, part in parts.items()
        ]
        settings = SettingsCreator(
            link_type=kind,
            comparisons=[_comparison(name, levels, ready) for name, levels in comparisons.items()],
            blocking_rules_to_generate_predictions=_blocks(comparisons),
            probability_two_random_records_match=chance,
            unique_id_column_name="id",
        )
        # The settings are ours: to check them anew each time tells nothing.
        linker = Linker(frames, settings, log_level=logging.ERROR, validate_settings=False)
        scored = linker.inference.predict(threshold_match_probability=LEAST)
        found: pd.DataFrame = connection.sql(
            f"SELECT id_l AS one, id_r AS other, match_probability AS probability, {said}{source} "
            f"FROM {scored.physical_name} ORDER BY id_l, id_r"  # noqa: S608
        ).df()
    for name, levels in comparisons.items():
        words = {-1: UNKNOWN} | {len(levels) - 1 - i: level.word for i, level in enumerate(levels)}
        found[name] = found[name].map(words)
    return found


def _blocks(comparisons: dict[str, tuple[Level, ...]]) -> list[Any]:
    """Return which pairs are looked at: of one birth date, one home, one name, one point."""
    blocks = [
        block_on("born"),
        block_on("home", "letter"),
        block_on("names", "first", arrays_to_explode=["names"]),
    ]
    if "email" in comparisons:
        blocks += [block_on("email"), block_on("phones", arrays_to_explode=["phones"])]
    return blocks


def _comparison(name: str, levels: tuple[Level, ...], ready: pd.DataFrame) -> dict[str, Any]:
    counted = _shared(ready) if name == "home" else {}
    told = [
        {
            "sql_condition": level.sql,
            "label_for_charts": level.word,
            "m_probability": level.m,
            "u_probability": level.u or counted[level.word],
        }
        for level in levels
    ]
    null = {"sql_condition": _NULL[name], "is_null_level": True}
    return {"output_column_name": name, "comparison_levels": [null, *told]}


def _shared(ready: pd.DataFrame) -> dict[str, float]:
    """Return how often two strangers of the lists live at one address, street, town, or neither."""
    reached = {
        word: _agree(ready[column])
        for word, column in (("same", "home"), ("street", "street"), ("town", "place"))
    }
    # Some chance of each, or a list of one street would divide by nothing.
    same = max(reached["same"], 1e-5)
    street = max(reached["street"] - same, 1e-4)
    town = max(reached["town"] - same - street, 1e-3)
    return {
        "same": same,
        "street": street,
        "town": town,
        OTHER: max(1 - same - street - town, 1e-3),
    }


def _agree(values: pd.Series) -> float:
    counts = values.value_counts()
    among = int(counts.sum())
    return float((counts * (counts - 1)).sum()) / max(among * (among - 1), 1)


def _prepared(people: pd.DataFrame, known: Collection[str]) -> pd.DataFrame:
    """Return what is compared, worked out once for each row."""
    blank = people.replace({"": None})
    phones = [text.split() for text in people["phones"]]
    names = [
        sorted({key for text in pair for key in _family_keys(text)})
        for pair in zip(people["birth_name"], people["used_name"], strict=True)
    ]
    shares = pd.Series([key for keys in names for key in keys]).value_counts() / max(len(names), 1)
    rare = set(shares.index[shares < _RARE_SHARE])
    words = [
        [name_key(w) for w in text.replace(",", " ").split()] for text in people["first_names"]
    ]
    mailed = [
        _by_mail(one, email, family, known)
        for one, email, family in zip(words, people["email"], names, strict=True)
    ]
    words = [[by] if by else one for by, one in zip(mailed, words, strict=True)]
    first = [one[0] if one else None for one in words]
    date = people["birth_date"]
    swapped = date.str[:5] + date.str[8:10] + "-" + date.str[5:7]
    year = date.str[:4].where(date != "", people["birth_year"])
    return pd.DataFrame(
        {
            "id": people["id"],
            "names": names,
            "rare": [[key for key in keys if key in rare] for keys in names],
            "first": first,
            "firsts": [_called(one) for one in words],
            "given": [[word for word in one if len(word) > 2] for one in words],
            "initials": [_initials(text) for text in people["first_names"]],
            "letter": [one[:1] if one else None for one in first],
            "known": [one in known for one in first],
            "mailed": [by is not None for by in mailed],
            "born": blank["birth_date"],
            "swapped": swapped.where(date != "", None),
            "year": year.where(year != "", None),
            "home": blank["home"],
            "street": blank["street"],
            "place": blank["postcode"],
            "email": blank["email"],
            "phones": phones,
            "mobiles": [[one for one in several if is_mobile(one)] for several in phones],
        }
    )


def _family_keys(name: str) -> set[str]:
    """Return the spellings of a family name: whole, without particle, and both of a double one."""
    halves = [name_key(half) for half in name.split("-")]
    every = {name_key(name), bare_key(name), *(half for half in halves if len(half) > 2)}
    return every - {""}


def _by_mail(
    words: list[str], email: str, family: Collection[str], known: Collection[str]
) -> str | None:
    """Return the first name that the address of mail tells of who gave an initial."""
    if not words or len(words[0]) > 2:
        return None
    told = (name_key(part) for part in re.split(r"[\d._+-]+", email.partition("@")[0]))
    fits = (one for one in told if one in known and one not in family and len(one) > 2)
    return next((one for one in fits if one.startswith(words[0][:1])), None)


def _called(words: list[str]) -> list[str]:
    """Return what somebody may be called by: the first name, or the first two as one."""
    return ["".join(words[:n]) for n in range(1, min(len(words), 2) + 1) if len(words[0]) > 1]


def _initials(first_names: str) -> str | None:
    """Return the initials of the first name: of « Jean-Marc Louis », `jm`."""
    begins = first_names.split(" ")[0]
    return "".join(word[0] for word in name_words(begins)) or None
