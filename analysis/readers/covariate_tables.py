"""Read what bureaux or communes are like: census by bureau, income by commune, any other table."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import DataError, Text, some
from analysis.readers.codes import bureau_code, commune_code, contour_code
from analysis.readers.tabular import header, read_columns
from analysis.tables.sources import LeftOut
from analysis.tables.spreadsheet_text import plain
from analysis.tables.whole_numbers import SPACES

# How files call the column that says of which bureau, or of which commune, a row is.
BUREAU = ("bureau_id", "BUREAU_ID", "id_brut_miom", "codeBureauVote", "id_bv", "code_bv")
COMMUNE = ("commune_id", "code_commune", "codgeo", "CODGEO", "code", "com")
_CENSUS = "P09_POP"
# Texts that differ in more rows name something, and are no categories.
_CATEGORIES = 12
_INCOME = {
    "MED_SL": ("commune_income_eur", 1.0),
    "PR_MD60": ("commune_poverty_rate", 0.01),
    "IR_D9_D1_SL": ("commune_inequality", 1.0),
}
_JOBS = ("CDI", "CDD", "INTERIM", "EMPAID", "APPR")
_SCHOOL = ("DIPL0", "CEP", "BEPC", "CAPBEP", "BAC", "BACP2", "SUP")


def read_covariates(
    path: Path, communes: frozenset[str]
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Read covariates by bureau or by commune.

    Parameters
    ----------
    path
        CSV or Parquet with one of the columns `BUREAU` or `COMMUNE`. The census of 2009 by bureau
        and Filosofi by commune are known and brought into shares; of other files, columns of
        numbers are taken as they are.
    communes
        Codes of those wanted; where there is one, bureaux may be named by their number alone.

    Returns
    -------
    tuple
        Columns of numbers, and texts of 2 to 12 values as categories, by canonical id of bureau or
        commune; what is left out: rows of other communes, two of one id, as nobody knows which is
        meant, columns that are neither.

    Raises
    ------
    DataError
        When no column names bureaux or communes, none is wanted, or no column holds numbers.
    """
    names = header(path)
    key = next((name for name in (*BUREAU, *COMMUNE) if name in names), None)
    if key is None:
        raise DataError(
            "No column of {file} says of which bureau or commune a row is.",
            where="columns: {names}",
            mend="Call it bureau_id (75056_1905) or commune_id (75056).",
            file=path.name,
            names=some(names, most=12),
        )
    uneven: list[LeftOut] = []
    read = read_columns(path, {name: (name,) for name in names}, left_out=uneven)
    table = plain(read.to_pandas()[names])
    texts = table.pop(key).astype("str")
    alone = next(iter(communes)) if len(communes) == 1 else ""
    ids = texts.map(lambda text: _bureau(text, alone)) if key in BUREAU else texts.map(commune_code)
    table = table.set_axis(pd.Index(ids, name="id"))
    wanted = np.array([one.rpartition("_")[0] in communes or one in communes for one in ids])
    twice = table.index.duplicated(keep=False) & wanted
    left = tuple(
        LeftOut(reason, int(gone.sum()), some(dict.fromkeys(ids[gone])))
        for gone, reason in (
            (~wanted, Text("rows of other communes")),
            (twice, Text("rows that share their id with another")),
        )
        if gone.any()
    )
    left = (*uneven, *left)
    # Of a national file only the place tells whether texts are categories: few, each of several.
    kept = _usable(table[wanted & ~twice].apply(_number_or_category), path)
    if words := [name for name in table if name not in kept]:
        reason = Text("columns without numbers or categories of this place")
        left = (*left, LeftOut(reason, len(words), some(words)))
    return _shares(kept), left


def _usable(numbers: pd.DataFrame, path: Path) -> pd.DataFrame:
    known = numbers.loc[:, numbers.notna().any()]
    if known.empty:
        raise DataError(
            "{file} holds no numbers of this place.",
            where="columns: {names}",
            mend="Give rows of its bureaux or communes, and columns of numbers.",
            file=path.name,
            names=some(numbers, most=12),
        )
    return known


def _shares(numbers: pd.DataFrame) -> pd.DataFrame:
    """Bring known layouts into shares; others keep their columns, under names of formulas."""
    if _CENSUS in numbers:
        return _census(numbers)
    if set(_INCOME) <= set(numbers):
        return pd.DataFrame({own: s * numbers[n] for n, (own, s) in _INCOME.items()})
    return numbers.rename(columns=_identifier)


def _bureau(text: str, commune: str) -> str:
    """Return the canonical id; arrondissements go into the number (`75119_0005`, `13216_1612`)."""
    before, underscore, number = text.strip().rpartition("_")
    return bureau_code(before, number) if underscore else contour_code(text, commune)


def _number_or_category(values: pd.Series) -> pd.Series:
    """Return numbers; where there are none, texts of a few values, each in several rows."""
    numbers = _number(values)
    if numbers.notna().any():
        return numbers
    texts = values.astype("str").str.strip().where(values.notna())
    texts = texts.where(texts != "")
    few = 1 < texts.nunique() <= min(_CATEGORIES, texts.notna().sum() // 2)
    return texts if few else numbers


def _number(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values):
        return values.astype("float64")
    texts = values.astype("str").str.strip().str.removesuffix("%").str.strip()
    # « 1 234,5 » beside « 987 » would lose the large ones alone.
    grouped = texts.str.fullmatch(rf"-?\d{{1,3}}({SPACES}\d{{3}})+([.,]\d+)?")
    texts = texts.mask(grouped, texts.str.replace(SPACES, "", regex=True))
    return pd.to_numeric(texts.str.replace(",", ".", regex=False), errors="coerce")


def _identifier(name: object) -> str:
    """Return a name that a formula can hold."""
    text = re.sub(r"\W", "_", str(name).strip(), flags=re.ASCII).strip("_").lower()
    return text if text[:1].isalpha() else f"x_{text}"


def _census(raw: pd.DataFrame) -> pd.DataFrame:
    """Bring counts of the census of 2009 into shares."""
    counts = raw.drop(columns=["COUNT"], errors="ignore")

    def of(*names: str) -> pd.Series:
        return counts[list(names)].sum(axis=1)

    adults = of("P09_POP") - of("P09_POP0017")
    active = of("P09_POP1564") - of("P09_INACT1564")
    school = of(*(f"P09_NSCOL15P_{name}" for name in _SCHOOL))
    jobs = of(*(f"P09_SAL15P_{name}" for name in _JOBS))
    homes = of("P09_MEN_ANEM0002", "P09_MEN_ANEM0204", "P09_MEN_ANEM0509", "P09_MEN_ANEM10P")
    housed = of("P09_NPER_RP_PROP", "P09_NPER_RP_LOC", "P09_NPER_RP_GRAT")
    shares = {
        "aged_18_24": of("P09_POP1824") / adults,
        "aged_65_over": of("P09_POP6579", "P09_POP80P") / adults,
        "foreigners": of("P09_POP_ETR") / of("P09_POP"),
        "unemployed": of("P09_CHOM1564") / active,
        "students": of("P09_ETUD1564") / of("P09_POP1564"),
        "managers": of("C09_ACT1564_CS3") / active,
        "workers": of("C09_ACT1564_CS6") / active,
        "unsure_jobs": of(*(f"P09_SAL15P_{n}" for n in ("CDD", "INTERIM", "EMPAID"))) / jobs,
        "no_diploma": of("P09_NSCOL15P_DIPL0", "P09_NSCOL15P_CEP") / school,
        "degree": of("P09_NSCOL15P_BACP2", "P09_NSCOL15P_SUP") / school,
        "moved_in": of("P09_MEN_ANEM0002") / homes,
        "owners": of("P09_NPER_RP_PROP") / housed,
        "social_tenants": of("P09_NPER_RP_LOCHLMV") / housed,
    }
    return pd.DataFrame(shares).replace([np.inf, -np.inf], np.nan)
