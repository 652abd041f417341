"""A file of supporters who do not exist, drawn from an invented roll and damaged as files are.

Beside it the truth: who is who, and what is wrong with each row.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.sample.invented_roll import InventedRoll

# Columns of the roll's table that are used, as `roll_files.HEADINGS` names them.
_BIRTH, _USED, _FIRST = "nom de naissance", "nom d'usage", "prénoms"
_NUMBER, _STREET, _POSTCODE, _CITY = "numéro de voie", "libellé de voie", "code postal", "commune"
# Numbers that ARCEP keeps for films and books: nobody answers.
_MOBILES, _LANDLINES = 10_000, ("019900", "026191", "035301", "046571", "053649")
_DOMAINS = np.array(["example.org", "example.net", "example.com"], dtype=object)
_LETTERS = "aeinrstlouc"

Objects = npt.NDArray[np.object_]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a file, as shares of its rows.

    The defaults leave 31% of the rows findable by exact name, first name and birth date, and 66%
    by name and first name.

    Attributes
    ----------
    no_date, swapped_date, digit_in_date
        Birth dates.
    wrong_family, wrong_first, short_first
        Slips of the finger; initials.
    other_name
        Of the married, who give the name of birth.
    no_address, moved
        Addresses.
    no_email, family_email, new_email
        Addresses of mail; a new one is of a second row.
    mobile, landline
        Who gives one.
    """

    no_date: float = 0.43
    swapped_date: float = 0.05
    digit_in_date: float = 0.05
    wrong_family: float = 0.14
    wrong_first: float = 0.12
    short_first: float = 0.06
    other_name: float = 0.5
    no_address: float = 0.03
    moved: float = 0.03
    no_email: float = 0.15
    family_email: float = 0.10
    new_email: float = 0.45
    mobile: float = 0.35
    landline: float = 0.25


# Of a file that nobody kept up to date, three rows in twenty have no address that is of use.
OLD_FILE = Damage(no_address=0.08, moved=0.07)


@dataclass(frozen=True, slots=True)
class InventedSupporters:
    """A file of supporters and what is true of it.

    Attributes
    ----------
    table
        Prénom, Nom, E-mail, Téléphone, Date de naissance, Adresse, Code postal, Ville; texts.
    truth
        Of the same rows: `person` and `household` of the roll's truth, `second` (the person has
        a row before), `twin`, `namesake`, `spouse`, `married`, and what is wrong: `no_date`,
        `wrong_date`, `wrong_name`, `moved`, `family_email`.
    on_roll
        Whether each row of the roll is kept in the roll's own file; the others never were on it.
    """

    table: pd.DataFrame
    truth: pd.DataFrame
    on_roll: Bools


def invent_supporters(
    roll: InventedRoll,
    rng: np.random.Generator,
    *,
    rows: int,
    both: int,
    damage: Damage | None = None,
) -> InventedSupporters:
    """Draw supporters: some of the roll, some who never were on it, some twice.

    Parameters
    ----------
    roll
        As `invented_roll.invent_roll` returns it.
    rng
        Source of chance.
    rows
        Rows wanted; one in 25 is a second row of somebody.
    both
        How many people of the file are on the roll too.
    damage
        What is wrong with the file; None for the usual.

    Returns
    -------
    InventedSupporters
        Father and son of one name are both on the roll or neither; of other households one in
        ten is there in part.
    """
    truth, damage = roll.truth, damage or Damage()
    first = ~truth["person"].duplicated().to_numpy()
    people = truth[first].join(
        roll.table[[_BIRTH, _USED, _FIRST, _NUMBER, _STREET, _POSTCODE, _CITY]]
    )
    people = people.reset_index(drop=True)
    second = rows // 25
    others = rows - second - both
    off = _off_roll(people, others, rng)
    chosen = np.concatenate(
        [_by_household(people, ~off, both, rng), _by_household(people, off, others, rng)]
    )
    chosen = np.concatenate([chosen, rng.choice(chosen, second, replace=False)])
    table, wrong = _file(people.iloc[chosen].reset_index(drop=True), people, damage, rng)
    kept = ["person", "household", "twin", "namesake", "spouse", "married"]
    facts = people[kept].iloc[chosen].reset_index(drop=True).assign(**wrong)
    facts["second"] = facts["person"].duplicated()
    order = rng.permutation(rows)
    gone = set(people["person"][off])
    return InventedSupporters(
        table.iloc[order].reset_index(drop=True),
        facts.iloc[order].reset_index(drop=True),
        ~truth["person"].isin(gone).to_numpy(),
    )


def _off_roll(people: pd.DataFrame, least: int, rng: np.random.Generator) -> Bools:
    """Choose who never was on the roll: whole households, and in one of ten a part."""
    household = people["household"].to_numpy()
    order = rng.permutation(household.max() + 1)[household]
    split = (rng.random(household.max() + 1) < 0.1)[household]
    split &= ~people.groupby("household")["namesake"].transform("any").to_numpy()
    rank = order + np.where(split, rng.integers(-len(order), len(order), len(order)), 0)
    off = np.zeros(len(people), dtype=bool)
    off[np.argsort(rank, kind="stable")[:least]] = True
    # A household of namesakes at the border goes whole.
    names = people["namesake"].to_numpy()
    off |= names & np.isin(household, household[off & names])
    return off


def _by_household(
    people: pd.DataFrame, among: Bools, count: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return rows of people; most of a household come together."""
    household = people["household"].to_numpy()
    order = rng.random(household.max() + 1)[household] + rng.random(len(people)) * 0.3
    order[~among] = np.inf
    return np.argsort(order, kind="stable")[:count]


def _file(
    rows: pd.DataFrame, people: pd.DataFrame, damage: Damage, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, Bools]]:
    count = len(rows)
    family, wrong_family = _family_names(rows, damage, rng)
    first, wrong_first = _first_names(rows, damage, rng)
    date, no_date, wrong_date = _dates(rows["born"], damage, rng)
    address, postcode, moved = _addresses(rows, people, damage, rng)
    email, family_email = _emails(rows, damage, rng)
    upper = rng.random(count) < 0.2
    table = pd.DataFrame(
        {
            "Prénom": first,
            "Nom": np.where(upper, [name.upper() for name in family], family),
            "E-mail": email,
            "Téléphone": _phones(rows, damage, rng),
            "Date de naissance": date,
            "Adresse": address,
            "Code postal": postcode,
            "Ville": np.where(address == "", "", rows[_CITY].str.strip().str.title()),
        }
    ).astype("str")
    wrong = {"no_date": no_date, "wrong_date": wrong_date, "moved": moved}
    return table, wrong | {"wrong_name": wrong_family | wrong_first, "family_email": family_email}


def _family_names(
    rows: pd.DataFrame, damage: Damage, rng: np.random.Generator
) -> tuple[Objects, Bools]:
    """Return the name each gives: the one in use, or for half of the married that of birth."""
    used = rows[_USED].to_numpy(dtype=object)
    birth = rows[_BIRTH].to_numpy(dtype=object)
    other = rng.random(len(rows)) < damage.other_name
    name = np.where((used != "") & ~other, used, birth)
    wrong = rng.random(len(rows)) < damage.wrong_family
    gives_birth = other & (used != "") & (used != birth)
    return _typed([text.title() for text in name], wrong, rng), wrong | gives_birth


def _first_names(
    rows: pd.DataFrame, damage: Damage, rng: np.random.Generator
) -> tuple[Objects, Bools]:
    first = np.array([text.split()[0] for text in rows[_FIRST]], dtype=object)
    chance = rng.random(len(rows))
    wrong, short = chance < damage.wrong_first, chance > 1 - damage.short_first
    without = rng.random(len(rows)) < 0.3
    typed = _typed(first, wrong, rng)
    initial = np.array(["-".join(f"{p[0]}." for p in text.split("-")) for text in first])
    plain = np.array([_bare(text) for text in typed], dtype=object)
    return np.where(short, initial, np.where(without, plain, typed)), wrong | short


def _bare(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).replace("-", " ")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _typed(names: list[str] | Objects, wrong: Bools, rng: np.random.Generator) -> Objects:
    """Return names, those that are wrong with one slip of the finger."""
    typed = np.array(names, dtype=object)
    for i in np.flatnonzero(wrong):
        text = typed[i]
        at = int(rng.integers(1, max(len(text) - 1, 2)))
        letter = _LETTERS[rng.integers(len(_LETTERS))]
        typed[i] = (
            text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + letter + text[at + 1 :],
        )[rng.integers(4)]
    return typed


def _dates(
    born: pd.Series, damage: Damage, rng: np.random.Generator
) -> tuple[Objects, Bools, Bools]:
    chance = rng.random(len(born))
    none = chance < damage.no_date
    swapped = (chance > 1 - damage.swapped_date) & (born.dt.day <= 12).to_numpy()
    slip = (chance < damage.no_date + damage.digit_in_date) & ~none
    text = born.dt.strftime("%d/%m/%Y").to_numpy(dtype=object)
    text = np.where(swapped, born.dt.strftime("%m/%d/%Y"), text)
    years = born.dt.year + rng.choice([-10, -1, 1, 10], len(born))
    text = np.where(slip, born.dt.strftime("%d/%m/") + years.astype("str"), text)
    return np.where(none, "", text), none, slip | (swapped & (born.dt.day != born.dt.month))


def _addresses(
    rows: pd.DataFrame, people: pd.DataFrame, damage: Damage, rng: np.random.Generator
) -> tuple[Objects, Objects, Bools]:
    """Return address and postcode; who moved gives a place where another elector lives."""
    chance = rng.random(len(rows))
    none, moved = chance < damage.no_address, chance > 1 - damage.moved
    told = rows[_NUMBER] + " " + rows[_STREET].str.capitalize()
    elsewhere = people.iloc[rng.integers(len(people), size=len(rows))].reset_index(drop=True)
    other = elsewhere[_NUMBER] + " " + elsewhere[_STREET].str.capitalize()
    address = np.where(none, "", np.where(moved, other, told).astype(object))
    return address, np.where(none, "", rows[_POSTCODE]), moved


def _emails(rows: pd.DataFrame, damage: Damage, rng: np.random.Generator) -> tuple[Objects, Bools]:
    """Return addresses of mail: a person's own, a new one, or that of the household."""
    number = rows["person"].to_numpy()
    own = np.array(
        [
            f"{_bare(first.split()[0])}.{_bare(name)}{n}".replace(" ", "").replace("'", "").lower()
            for first, name, n in zip(rows[_FIRST], rows[_BIRTH], number, strict=True)
        ],
        dtype=object,
    )
    home = "famille" + rows["household"].astype("str").to_numpy(dtype=object)
    by_house = rng.random(rows["household"].max() + 1)[rows["household"]] < damage.family_email
    fresh = rows["person"].duplicated().to_numpy() & (rng.random(len(rows)) < damage.new_email)
    local = np.where(by_house & ~fresh, home, np.where(fresh, "nouveau." + own, own))
    email = local + "@" + _DOMAINS[np.where(by_house, rows["household"], number) % len(_DOMAINS)]
    capital = rng.random(len(rows)) < 0.1
    email = np.where(capital, [text.capitalize() for text in email], email)
    return np.where(rng.random(len(rows)) < damage.no_email, "", email), by_house & ~fresh


def _phones(rows: pd.DataFrame, damage: Damage, rng: np.random.Generator) -> Objects:
    """Return telephones: a mobile of one's own, or the line of the household."""
    chance = rng.random(len(rows))
    person, home = rows["person"].to_numpy(), rows["household"].to_numpy()
    mobiles = rng.permutation(_MOBILES)
    # The first people drawn have one; there are no more numbers than that.
    rank = pd.factorize(person)[0]
    has = (chance < damage.mobile) & (rank < _MOBILES)
    mobile = np.array([f"06 39 98 {n // 100:02d} {n % 100:02d}" for n in mobiles], dtype=object)
    lines = np.array([f"{_LANDLINES[n % 5]}{n // 5 % 10_000:04d}" for n in home], dtype=object)
    line = (chance > 1 - damage.landline) & (home < 5 * _MOBILES)
    return np.where(has, mobile[rank % _MOBILES], np.where(line, lines, ""))
