"""Spellings of French commune and bureau codes, brought into one: `75056_0101`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection
from functools import cache, lru_cache

import pandas as pd

from analysis.readers.known_places import movements

# Paris, Marseille and Lyon vote by arrondissement but are one commune.
_ARRONDISSEMENTS = {"751": ("75056", 20), "132": ("13055", 16), "6938": ("69123", 9)}
OF_ARRONDISSEMENTS = frozenset(city for city, _ in _ARRONDISSEMENTS.values())
# Stands in an id between the former commune and the number of its bureau: 49301_49179-0001.
_FORMER = "-"
# What spreadsheets put around a code: « Bureau n° 4 », « BV 4 », « 4.0 », « ="0004" ».
_CALLED = re.compile(
    r"(?i)^(?:bureau(?: (?:de )?vote)?|b\.? ?v\.?)? *(?:n ?[°o]\.?|n\.|num[ée]ro)? *(?=\d)"
    r"|(?<=\d)[.,]0+$"
)
_SHORT = re.compile(r"[\w.]{1,6}")
_FORMULA = re.compile(r'="([^"]*)"')
# « 0101 - École Ferry », « 12 : Mairie »: what stands behind the number is the place of voting.
# Behind a word for bureau anything may; « 12, rue de la Gare » alone is an address.
_NUMBER, _LABEL = r"(\d[\w.]{0,9}(?:_\w{1,6})?)", r"(?!.*\b(?:bis|ter)\b).*[^\W\d_]{3}.*"
_LABELLED = re.compile(rf"{_NUMBER}(?:\s+[-–]\s+|\s*:\s*){_LABEL}")  # noqa: RUF001
_LABELLED_BUREAU = re.compile(rf"(?i){_NUMBER}\W+{_LABEL}")
# One column, or several whose values are put together: Land, Kreis, Gemeinde.
# What surrounds a code in some files: no digit of it.
_SLIPS = re.compile(r"\.0+$|SR\d\d$|^0(?=\d[\dAB]\d{3}$)")
# Communes that went to one of another département, under the code that INSEE gave them there.
# Deputies are still elected where they were, and the Ministry keeps their own code for that:
# Gernicourt, Pont-Farcy, Le Fresne-sur-Loire, Freigné.
_ACROSS = {"02344": "51664", "02899": "51664", "14513": "50649", "44060": "49382", "49144": "44225"}
# Communes that left Guadeloupe in 2007 under other codes, as INSEE has them.
_RENUMBERED = {"97123": "97701", "97127": "97801", **_ACROSS}
# Since the merger their bureaux stand in the numbers of the whole; before, each had one.
_ALONE = "0001"
Named = str | tuple[str, ...]
# The Ministry's département of those who vote at a consulate: results are published, no ground.
ABROAD = "ZZ"
# The Ministry's letters for overseas, and the INSEE prefix they stand for.
_OVERSEAS = {
    "ZA": "971",
    "ZB": "972",
    "ZC": "973",
    "ZD": "974",
    "ZM": "976",
    "ZN": "988",
    "ZP": "987",
    "ZS": "975",
    "ZW": "986",
}


@cache
def bare_code(cell: str) -> str:
    """Return a code of a commune or a bureau without what spreadsheets put around it.

    Examples
    --------
    >>> [bare_code(c) for c in ("0004", "Bureau n° 4", "BV 4", "4.0", '="0004"', "01.1", "JUS1")]
    ['0004', '4', '4', '4', '0004', '01.1', 'JUS1']
    >>> [bare_code(c) for c in ("0101 - École Ferry", "Bureau 12 Mairie", "BV 1 bis", "12, rue A")]
    ['0101', '12', '1 bis', '12, rue A']
    """
    whole = bare_text(cell)
    told = _CALLED.sub("", whole)
    called = whole.endswith(told) and whole != told
    labelled = (_LABELLED_BUREAU if called else _LABELLED).fullmatch(told)
    return labelled[1] if labelled else told


def bare_text(cell: str) -> str:
    """Return a text that a table keeps from a spreadsheet: « ="01000" » is « 01000 »."""
    told = cell.strip()
    formula = _FORMULA.fullmatch(told)
    return formula[1].strip() if formula else told


@cache
def commune_code(code: str, department: str = "") -> str:
    """Return the INSEE code of a commune of today from any official spelling.

    One that is part of another by now gives the code of that other.

    Parameters
    ----------
    code
        `75056`, `75115`, `056` (with its département), `ZA101`, `971101`, `97101`.
    department
        Code of the département, needed where `code` has three digits.
    """
    told = code_of_its_day(code, department)
    return movements().get(told, told)


@cache
def code_of_its_day(code: str, department: str = "") -> str:
    """Return the INSEE code that a commune had when the file was made.

    Parameters
    ----------
    code, department
        As for `commune_code`.
    """
    own = _own_code(code, department)
    return _city_of(own)[0] or own


@cache
def _own_code(code: str, department: str) -> str:
    """Return the code of what is meant itself, an arrondissement or a commune."""
    # As nearly all of a nation are: nothing to tidy.
    if len(code) == 5 and code.isascii() and code.isdecimal():
        return _renumbered(code)
    code, department = bare_text(code).upper(), bare_text(department).upper()
    # « 75 118 », « 01004.0 », 075056 (a département on three digits), 055SR04 (a sector).
    code = _SLIPS.sub("", re.sub(r"\s", "", code))
    if len(code) <= 3 and department:
        department = department.removeprefix("0").zfill(2)
        code = department + code.zfill(3)
    # 1004 is 01004 with its zero lost in a spreadsheet.
    if len(code) == 4 and code.isdecimal():
        code = code.zfill(5)
    if code[:2] in _OVERSEAS:
        return _OVERSEAS[code[:2]] + code[-2:]
    # Saint-Barthélemy (977) and Saint-Martin (978) share a département in both spellings.
    if re.fullmatch(r"(ZX|977)\d{3}", code):
        return "97" + code[-3:]
    if re.fullmatch(r"9[78]\d{4}", code):
        return code[:3] + code[-2:]
    return _renumbered(code)


def _city_of(own: str) -> tuple[str, str]:
    """Return the city of an arrondissement and its two digits; 75115 is the 15th of Paris.

    Both empty where the code is not of one: 75199 and « 7511A » are no arrondissements.
    """
    for prefix, (city, most) in _ARRONDISSEMENTS.items():
        number = own.removeprefix(prefix)
        if len(own) == len(city) and number != own and number.isdecimal() and int(number) <= most:
            return city, number.zfill(2) if int(number) else ""
    return "", ""


def _renumbered(code: str) -> str:
    """Return the code of today of what left its département, or became one: Mayotte was 985."""
    mayotte = code.startswith("985") and re.fullmatch(r"985(0\d|1[0-7])", code)
    return f"976{mayotte[1]}" if mayotte else _RENUMBERED.get(code, code)


@lru_cache(1 << 17)
def bureau_code(commune: str, number: str) -> str:
    """Return the canonical bureau id, `commune_number`, from any official spelling.

    Parameters
    ----------
    commune
        As the file has it; an arrondissement goes into the number, and so does a commune that is
        part of another by now: its bureau 1 is not that of the other.
    number
        `1`, `0001`, `01.1`, `JUS1`, `1A`; padded to four signs.
    """
    before, arrondissement = _before_number(commune)
    number = bare_code(number)
    if number.isdecimal() and arrondissement and int(number) < 100:
        number = f"{arrondissement}{int(number):02d}"
    # The Ministry pads letters too: 1A is its 001A, A1 its 00A1.
    if number.isdecimal() or _SHORT.fullmatch(number):
        number = number.upper().zfill(4)
    if number != _ALONE and left_its_department(commune):
        before = f"{commune_code(commune)}_"
    return before + number


@cache
def left_its_department(commune: str) -> bool:
    """Tell whether a code is of a commune that went to one of another département (49144)."""
    return _own_code(commune, "") in _ACROSS.values()


@cache
def _before_number(commune: str) -> tuple[str, str]:
    """Return what stands in an id before the number, and the arrondissement in two digits or ""."""
    own = _own_code(commune, "")
    city, arrondissement = _city_of(own)
    if city:
        return f"{city}_", arrondissement
    whole = commune_code(own)
    return (f"{whole}_" if own == whole else f"{whole}_{own}{_FORMER}"), ""


def former_commune(bureau_id: str) -> str:
    """Return the code of the former commune that a bureau was of; "" where it is of today's."""
    _commune, _, number = bureau_id.rpartition("_")
    former, found, _number = number.partition(_FORMER)
    return former if found and former in movements() else ""


_CONTOUR_SPELLINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]], ...] = (
    # 29019_0076: the national file, and most city portals; some with a dash or a space.
    (
        re.compile(r"([0-9Z][0-9ABC-Zab]\d{3})[_ -]((?:\d[\dAB]\d{3}-)?\w[\w.]*)"),
        lambda m, _: bureau_code(m[1], m[2]),
    ),
    # 1004_0001: its first zero lost in a spreadsheet.
    (re.compile(r"(\d{4})_(\d{1,4})"), lambda m, _: bureau_code(m[1], m[2])),
    # 19-5, 18_12: Paris, arrondissement and number.
    (
        re.compile(r"(\d{1,2})[-_](\d{1,3})"),
        lambda m, commune: f"{commune_code(commune) or '75056'}_{int(m[1]):02d}{int(m[2]):02d}",
    ),
    # 750060019: Paris 2012, département, arrondissement on three digits, number on four.
    (
        re.compile(r"75(0\d\d)(\d{4})"),
        lambda m, _: f"75056_{int(m[1]):02d}{int(m[2]):02d}",
    ),
    # 290190076: commune on five, number on four or three.
    (re.compile(r"(\d[\dAB]\d{3})(\d{3,4})"), lambda m, _: bureau_code(m[1], m[2])),
    # 0327, 001A, 01.1, JUS1: the number alone, inside a commune that is known.
    (re.compile(r"(\w[\w.]{0,5})"), lambda m, commune: commune and bureau_code(commune, m[1])),
)


@cache
def contour_code(text: str, commune: str = "") -> str:
    """Return the canonical bureau id from the spellings contours files use; empty if unknown.

    Parameters
    ----------
    text
        `29019_0076`, `19-5`, `750060019`, `0327`.
    commune
        Code of the commune, needed for numbers alone.
    """
    for pattern, give in _CONTOUR_SPELLINGS:
        if match := pattern.fullmatch(bare_code(text)):
            return give(match, commune)
    return ""


def parts(named: Named) -> tuple[str, ...]:
    """Return the columns that make up a name."""
    return (named,) if isinstance(named, str) else named


def put_together(table: pd.DataFrame, named: Named) -> pd.Series:
    """Return the values of one column, or of several without a gap: 09, 1, 62 is 09162.

    Where two would become one (1, 12 and 11, 2), numbers are padded to the longest of their column.
    """
    columns = [table[name].astype("str").str.strip() for name in parts(named)]
    whole = _glued(columns)
    if len(columns) > 1 and whole.nunique() < len(pd.concat(columns, axis=1).drop_duplicates()):
        return _glued([c.mask(c.str.isdigit(), c.str.zfill(c.str.len().max())) for c in columns])
    return whole


def _glued(columns: list[pd.Series]) -> pd.Series:
    first, *others = columns
    return sum(others, first)


def without_zeros(bureau_id: str) -> str:
    """Return an id without zeros before its numbers, case and spaces: 01_0042 is 1_42.

    Examples
    --------
    >>> without_zeros("Adams_PRECINCT  007A")
    'adams_precinct 7a'
    """
    text = " ".join(bureau_id.casefold().split())
    return re.sub(r"(?<![\d.])0+(?=\d)", "", text)


def but_for_zeros(ids: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Return ids that are known but for zeros before their numbers, case and spaces, and as what.

    Spreadsheets take these zeros away, offices write in capitals at one election. What two known
    ids would be is left as it stands.

    Parameters
    ----------
    ids
        Of units of a terrain.
    known
        Ids of the same terrain.

    Examples
    --------
    >>> but_for_zeros(["1_42", "1_7"], ["01_0042", "01_07", "01_007"])
    {'1_42': '01_0042'}
    """
    spelt: dict[str, list[str]] = {}
    for one in sorted(set(known)):
        spelt.setdefault(without_zeros(one), []).append(one)
    told = {one: spelt.get(without_zeros(one), []) for one in sorted(set(ids) - set(known))}
    # Two that would become one are two.
    bare = Counter(map(without_zeros, set(ids)))
    alone = {one for one in told if bare[without_zeros(one)] == 1}
    return {one: near[0] for one, near in told.items() if len(near) == 1 and one in alone}


def own_ids(communes: pd.Series | str, units: pd.Series) -> pd.Series:
    """Return ids of a terrain outside France, `commune_unit`; "" where the unit is empty.

    The last underscore parts commune and unit, so that those of the unit become dashes.
    """
    unit = units.str.strip().str.replace("_", "-")
    commune = communes.str.strip() if isinstance(communes, pd.Series) else communes
    return (commune + "_" + unit).where(unit != "", "").astype("str")


def arrondissement_of(code: str, number: str = "") -> str:
    """Return the arrondissement, two digits, of a code such as 75115 or of a bureau of its city.

    Parameters
    ----------
    code
        Of a commune or an arrondissement.
    number
        Of a bureau: 1503 is of the 15th where `code` is Paris, Marseille or Lyon.
    """
    own = _own_code(code, "")
    if own in OF_ARRONDISSEMENTS:
        return number.strip().zfill(4)[:2] if number.strip().isdecimal() else ""
    return _city_of(own)[1]


def of_arrondissements(places: tuple[str, ...]) -> bool:
    """Tell whether one of `places` is an arrondissement of Paris, Marseille or Lyon."""
    return any(arrondissement_of(place) for place in places if len(place.strip()) == 5)


def in_place(commune: str, places: tuple[str, ...], arrondissement: str = "") -> bool:
    """Tell whether a commune lies in one of `places`: communes or départements by code.

    `75056`, `ZA101` name a commune; `75115` an arrondissement, of which only what has the same
    `arrondissement` (two digits) lies in it; `75`, `2A`, `971` a département. An empty tuple
    means everywhere.

    Parameters
    ----------
    commune
        Its code.
    places
        Codes of communes, arrondissements or départements.
    arrondissement
        Two digits, where they are known.

    Returns
    -------
    bool
        For an arrondissement, True also where `arrondissement` is not known.
    """
    if not places:
        return True
    for place in (_SLIPS.sub("", re.sub(r"\s", "", place.upper())) for place in places):
        # 1 is 01, and 1004 is 01004.
        place = place.zfill(2 if len(place) == 1 else 5) if len(place) in {1, 4} else place
        whole = commune_code(place) if len(place) >= 5 else place
        part = arrondissement_of(place) if len(place) == 5 else ""
        if commune.startswith(whole) and part in ("", arrondissement):
            return True
    return False
