"""An electoral roll of people who do not exist, at the addresses of a place.

With what makes such files hard to read and people hard to tell apart; beside it, the truth.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.sample.invented_names import first_names, surnames
from analysis.sample.roll_files import EUROPEAN, HEADINGS, MAIN, MUNICIPAL

# Households: one person, a couple, with a child, with twins, with a son of his father's name.
_SIZES = np.array([1, 2, 3, 4, 3])
_KINDS = (0.46, 0.40, 0.12, 0.01, 0.01)
_TWINS, _NAMESAKE = 3, 4
_HEAD, _PARTNER, _CHILD, _TWIN = 0, 1, 2, 3
# Shares of people, of the size seen in real extracts: 3.4% of dates have no day and no month.
_FOREIGN, _ON_BOTH, _TWICE = 0.015, 0.4, 0.0005
_YEAR_ALONE, _NO_DAY, _BARE_YEAR, _NO_BUREAU = 0.03, 0.003, 0.001, 0.004
_NO_NUMBER, _HAMLET_ALONE, _STRANGE_STREET = 0.005, 0.003, 0.004
_YEARS = (1926, 2008)  # of birth, both included
# Places that no map has, so that a search for one of them finds nothing else.
_BIRTH_TOWNS = np.array([f"NATIVILLE-SOUS-{name}" for name in ("ARDRE", "BRAY", "CUSE", "DORNE")])
_COUNTRIES = np.array(["BORDURIE", "SYLDAVIE", "U.R.S.S.", "POLDÉVIE"], dtype=object)
_NATIONS = np.array(["Belge", "Italienne", "Portugaise", "Allemande"], dtype=object)
_ABBREVIATED = {"AVENUE ": "AV ", "BOULEVARD ": "BD ", "RUE ": "R ", "PLACE ": "PL "}

Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class InventedRoll:
    """A roll and what is true of it.

    Attributes
    ----------
    table
        The columns of `HEADINGS`, one row per registration; texts, "" for nothing.
    truth
        Of the same rows: `person` and `household` (numbers), `role` (alone, head, partner,
        child), `address_id`, `bureau_id`, `born` (the day, where the file may have the year
        alone), and whether each is a `twin`, a `namesake` of father or son, `married` (bears a
        spouse's name), `spouse`, on `both_lists`, written `twice`, has a `partial_date`.
    """

    table: pd.DataFrame
    truth: pd.DataFrame


def invent_roll(
    addresses: pd.DataFrame, rng: np.random.Generator, *, rows: int, city: str, postcode: str
) -> InventedRoll:
    """Draw a roll of people who do not exist.

    Parameters
    ----------
    addresses
        Canonical table of addresses; more people live where more are registered.
    rng
        Source of chance.
    rows
        Rows wanted, at least 20.
    city, postcode
        As envelopes have them.

    Returns
    -------
    InventedRoll
        Of exactly `rows` rows, in the order of lists, bureaux and names.
    """
    twice = round(rows * _TWICE) + 1
    both = round(rows * _FOREIGN * _ON_BOTH) + 1
    people = _people(rows - twice - both, rng)
    people = people.join(_homes(addresses, people["household"].to_numpy(), rng))
    people = _with_lists(people, rng, both)
    again = people[people["list"] == MAIN].sample(twice, random_state=rng).assign(twice=True)
    people["twice"] = people["person"].isin(again["person"])
    european = people[people["both_lists"]].assign(list=EUROPEAN)
    every = _ordered(pd.concat([people, again, european], ignore_index=True))
    return InventedRoll(_table(every, city, postcode), _truth(every))


def _people(count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw people in households; the last ones live alone so that the count is right."""
    kind = rng.choice(len(_SIZES), count, p=_KINDS)
    kind = kind[np.cumsum(_SIZES[kind]) <= count]
    kind = np.append(kind, np.zeros(count - _SIZES[kind].sum(), dtype=kind.dtype))
    sizes = _SIZES[kind]
    household = np.repeat(np.arange(len(kind)), sizes)
    role = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kind, size = kind[household], sizes[household]
    namesake = (kind == _NAMESAKE) & (role != _PARTNER)
    women = rng.random(count) < 0.5
    # One couple in fifty is of the same sex.
    women = np.where(role == _PARTNER, rng.random(count) < 0.98, women)
    women &= ~((role == _HEAD) & (size > 1)) & ~namesake
    return pd.DataFrame(
        {
            "person": np.arange(count),
            "household": household,
            "role": np.where(size == 1, "alone", _ROLES[role]),
            "women": women,
            **_named(household, role, namesake, women, rng),
            "born": _born(household, role, size, rng),
            "twin": (kind == _TWINS) & (role >= _CHILD),
            "namesake": namesake,
            "spouse": (size > 1) & (role < _CHILD),
        }
    )


_ROLES = np.array(["head", "partner", "child", "child"], dtype=object)


def _named(
    household: npt.NDArray[np.int64],
    role: npt.NDArray[np.int64],
    namesake: Bools,
    women: Bools,
    rng: np.random.Generator,
) -> dict[str, Objects | Bools]:
    """Draw names: children have their father's, wives often use their husband's."""
    count = len(role)
    family = surnames(household[-1] + 1, rng)[household]
    birth = np.where(role == _PARTNER, surnames(count, rng), family)
    of_spouse = np.where(role == _PARTNER, family, surnames(count, rng))
    says, alone = rng.random(count), role == _HEAD
    married = women & (((role == _PARTNER) & (says < 0.58)) | (alone & (says < 0.15)))
    used = np.where(married, of_spouse, "")
    used = np.where(married & (says < 0.08), birth + "-" + of_spouse, used)
    # Real extracts repeat the name of birth now and then.
    used = np.where(~married & (says > 0.97), birth, used)
    first = first_names(women, rng)
    father = np.flatnonzero(role == _HEAD)[household]
    first = np.where(namesake, first[father], first)
    second = np.flatnonzero(role == _TWIN)
    while (same := second[first[second] == first[second - 1]]).size:
        first[same] = first_names(women[same], rng)
    return {"birth_name": birth, "used_name": used, "first_names": first, "married": married}


def _born(
    household: npt.NDArray[np.int64],
    role: npt.NDArray[np.int64],
    size: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> npt.NDArray[np.datetime64]:
    """Draw days of birth: children are adults, twins have one."""
    count = len(role)
    first, last = _YEARS
    of_father = rng.integers(first, np.where(size > 2, 1975, last - 1))
    head = of_father[np.flatnonzero(role == _HEAD)[household]]
    year = np.where(role == _PARTNER, head + rng.integers(-6, 7, count), head)
    year = np.where(role >= _CHILD, head + rng.integers(22, 33, count), year)
    years = (np.clip(year, first, last - 1) - 1970).astype("datetime64[Y]")
    days = years.astype("datetime64[D]") + rng.integers(0, 365, count).astype("timedelta64[D]")
    twins = np.flatnonzero(role == _TWIN)
    days[twins] = days[twins - 1]
    return days


def _homes(
    addresses: pd.DataFrame, household: npt.NDArray[np.int64], rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the address of each household, and how the roll spells it."""
    count = int(household[-1]) + 1
    weight = addresses["registered"].fillna(1).to_numpy(dtype=float) + 0.2
    row = rng.choice(len(addresses), count, p=weight / weight.sum())
    home = addresses[["address_id", "bureau_id", "commune_id"]].astype("str").iloc[row]
    number = addresses["number"].astype("str").replace("<NA>", "")
    suffix = addresses["suffix"].astype("str").str.upper()
    number = (number + np.where(suffix != "", " " + suffix, "")).to_numpy(dtype=object)[row]
    spelt = _spellings(addresses["street"])[rng.choice(3, count, p=(0.2, 0.7, 0.1)), row]
    lacks = rng.random(count)
    hamlet = lacks < _HAMLET_ALONE
    strange = (lacks > 0.5) & (lacks < 0.5 + _STRANGE_STREET)
    none = hamlet | ((lacks > 0.9) & (lacks < 0.9 + _NO_NUMBER))
    door = np.array([f"APT {i}" for i in range(1, 61)], dtype=object)
    crowded = np.bincount(row, minlength=len(addresses))[row] > 4
    homes = home.assign(
        number=np.where(none, "", number),
        street=np.where(hamlet, "", np.where(strange, "CHEMIN QUI N'EXISTE PAS", spelt)),
        hamlet=np.where(hamlet, "LES GRANGES NEUVES", ""),
        extra=np.where(crowded & (rng.random(count) < 0.6), door[rng.integers(60, size=count)], ""),
    )
    return homes.iloc[household].reset_index(drop=True)


def _spellings(streets: pd.Series) -> Objects:
    """Return three spellings of each street, 3 × addresses: as it is, in capitals, shortened."""
    capitals = {name: _plain_capitals(name) for name in streets.unique()}
    short = {}
    for name, text in capitals.items():
        word = next((word for word in _ABBREVIATED if text.startswith(word)), "")
        short[name] = _ABBREVIATED.get(word, "") + text[len(word) :]
    spelt = [streets, streets.map(capitals), streets.map(short)]
    return np.stack([one.to_numpy(dtype=object) for one in spelt])


def _plain_capitals(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.upper())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _with_lists(people: pd.DataFrame, rng: np.random.Generator, both: int) -> pd.DataFrame:
    """Put citizens of other countries of the Union on the lists they may vote on."""
    count = len(people)
    foreign = rng.choice(count, both + round(count * _FOREIGN * (1 - _ON_BOTH)), replace=False)
    kind = np.full(count, MAIN, dtype=object)
    kind[foreign[: both + (len(foreign) - both) // 2]] = MUNICIPAL
    kind[foreign[both + (len(foreign) - both) // 2 :]] = EUROPEAN
    on_both = np.zeros(count, dtype=bool)
    on_both[foreign[:both]] = True
    born = rng.random(count)
    bureau = people["bureau_id"].mask(rng.random(count) < _NO_BUREAU, "")
    return people.assign(
        list=kind,
        both_lists=on_both,
        nation=np.where(kind == MAIN, "Française", _NATIONS[people["household"] % 4]),
        town=_BIRTH_TOWNS[rng.integers(len(_BIRTH_TOWNS), size=count)],
        country=np.where(
            (kind != MAIN) | (born < 0.1), _COUNTRIES[rng.integers(4, size=count)], "FRANCE"
        ),
        written=_written(people["born"], rng),
        listed=bureau,
    )


def _written(born: pd.Series, rng: np.random.Generator) -> Objects:
    """Return days of birth as the roll writes them: some lack the day, or the month too."""
    days = pd.date_range(f"{_YEARS[0]}-01-01", f"{_YEARS[1]}-12-31")
    position = (born - days[0]).dt.days.to_numpy()
    part = rng.random(len(born))
    limits = np.cumsum([_YEAR_ALONE, _NO_DAY, _BARE_YEAR])
    formats = ("00/00/%Y", "00/%m/%Y", "%Y", "%d/%m/%Y")
    texts = np.stack([np.array(days.strftime(one), dtype=object) for one in formats])
    written: Objects = texts[np.searchsorted(limits, part), position]
    return written


def _ordered(people: pd.DataFrame) -> pd.DataFrame:
    """Return rows by list, bureau and name, each with its number within them."""
    lists = people["list"].map({MAIN: 0, MUNICIPAL: 1, EUROPEAN: 2}).to_numpy()
    bureau, _bureaux = pd.factorize(people["listed"], sort=True)
    name, _names = pd.factorize(people["birth_name"], sort=True)
    ordered = people.iloc[np.lexsort((name, bureau, lists))].reset_index(drop=True)
    order = ordered.groupby(["list", "listed"], sort=False).cumcount() + 1
    ordered["order"] = order.astype("str").where(ordered["listed"] != "", "")
    return ordered


def _table(people: pd.DataFrame, city: str, postcode: str) -> pd.DataFrame:
    bureau = people["listed"].str.rpartition("_")[2]
    listed = bureau != ""
    abroad = people["country"] != "FRANCE"
    towns = pd.Series(_BIRTH_TOWNS)
    codes = people["town"].map(dict(zip(towns, ["98Y01", "98Y02", "98Y03", "98Y04"], strict=True)))
    cities = np.array([city.upper(), city, city.upper().replace("-", " "), f"{city} "])
    values = (
        *(people["commune_id"], city.upper(), people["list"]),
        *(people["birth_name"], people["used_name"], people["first_names"]),
        *(people["women"].map({True: "F", False: "M"}), people["written"]),
        *(codes.mask(abroad, ""), people["town"], np.where(abroad, "99", "98Y")),
        *(people["country"], people["nation"]),
        *(people["number"], people["street"], people["extra"], "", people["hamlet"]),
        *(postcode, cities[people["household"] % 4], np.where(people["person"] % 5, "", "FRANCE")),
        *(bureau, np.where(listed, "ECOLE " + bureau, "")),
        *(np.where(listed, "99-01", ""), np.where(listed, "Canton Est", ""), "", people["order"]),
    )
    table = pd.DataFrame(dict(zip(HEADINGS, values, strict=True)), index=people.index)
    return table.astype("str")


def _truth(people: pd.DataFrame) -> pd.DataFrame:
    names = ("person", "household", "role", "address_id", "born", "twin", "namesake", "married")
    truth = people[[*names, "spouse", "both_lists", "twice"]]
    partial = people["written"].str.startswith("00/") | (people["written"].str.len() == 4)
    return truth.assign(bureau_id=people["listed"], partial_date=partial)
