"""The terms of a model, read from a formula of statsmodels: columns, curves and categories."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import patsy

from analysis.errors import DataError, Text, some

# A formula is run as code by those who read it: nothing but these may be called in one.
FUNCTIONS = {"log": np.log, "log1p": np.log1p, "sqrt": np.sqrt}
_OF_PATSY = ("bs", "cr", "C", "I")
_OPTIONS = ("df", "degree")
_TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|(\*\*|[+*:(),=-]))\s*")
_CURVES = re.compile(r"\b(bs|cr|I)\(")
_SPLINE = re.compile(r"\bcr\(([^()]*)\)")
# Below this share of its length, a column adds nothing to those before it.
_NOTHING_NEW = 1e-8
# Beside a constant of 1, statsmodels takes larger numbers for all there is.
_LARGEST = 1e12
# A formula that would keep a machine busy for hours is a slip of the pen, or no slip: powers of
# powers, products of many columns, curves that bend at every bureau, brackets without end.
_LONGEST, _TERMS, _DEEPEST, _PRODUCTS, _POWERS, _BENDS = 200, 100, 5, 3, 2, 20
_POWER = re.compile(r"\*\*")
_SMALL_POWER = re.compile(r"\*\*\s*[1-6](?![\d.])")
_DEGREES = re.compile(r"\b(?:bs|cr)\([^()]*?,\s*(?:df\s*=\s*)?(\d+)")


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a formula.

    Attributes
    ----------
    text
        As it was written: `income`, `bs(density, 4)`, `C(commune_id)`.
    names
        Columns it is made of.
    curved, category
        Whether it bends; whether its column holds names rather than numbers.
    """

    text: str
    names: tuple[str, ...]
    curved: bool
    category: bool

    @property
    def formula(self) -> str:
        """As statsmodels reads it.

        Left to itself, a natural spline holds the constant too, which stands in the model already.
        """
        return _SPLINE.sub(r"cr(\1, constraints='center')", self.text)

    @property
    def bent(self) -> tuple[str, ...]:
        """Columns that bend, in `bs`, `cr` or `I`; one crossed with them may be straight."""
        return tuple(n for part in self._factors() if _CURVES.search(part) for n in _named(part))

    @property
    def categories(self) -> tuple[str, ...]:
        """Columns taken by their levels, in `C`; one crossed with them may be a number."""
        return tuple(n for part in self._factors() if part.startswith("C(") for n in _named(part))

    def _factors(self) -> list[str]:
        """Return what is multiplied."""
        cuts = sorted([*_outside(self.text, ":"), *_outside(self.text, "*")])
        ends = zip([-1, *cuts], [*cuts, len(self.text)], strict=True)
        return [self.text[start + 1 : end].strip() for start, end in ends]


def read_terms(formula: str | Sequence[str], columns: Collection[str]) -> tuple[Term, ...]:
    """Read the right-hand side of a formula.

    Parameters
    ----------
    formula
        `income + bs(density, 4) + C(kind)`, or its terms one by one.
    columns
        Names that may stand in it.

    Returns
    -------
    tuple of Term
        In the order given, each once.

    Raises
    ------
    DataError
        When a name is unknown, or something else than a formula stands there.
    """
    parts = _split(formula) if isinstance(formula, str) else [p for f in formula for p in _split(f)]
    if len(parts) > _TERMS:
        raise _too_much(f"{len(parts):,} terms")
    terms = [_term(part, columns) for part in parts]
    return tuple({term.text: term for term in terms}.values())


def _split(formula: str) -> list[str]:
    """Part a formula at the plus signs that stand outside of brackets."""
    parts, begun = [], 0
    for place in _outside(formula, "+"):
        parts.append(formula[begun:place])
        begun = place + 1
    return [part.strip() for part in (*parts, formula[begun:]) if part.strip()]


def _outside(text: str, wanted: str) -> list[int]:
    """Return where a sign stands outside of brackets."""
    depth, found = 0, []
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == wanted and depth == 0:
            found.append(place)
    return found


def _too_much(text: str) -> DataError:
    return DataError(
        "That is more than a formula can hold.",
        where="{text}",
        mend="Take powers up to 6 and two of them, products of four columns, curves of 20 degrees, "
        "and no more than 100 terms.",
        text=text if len(text) <= _LONGEST else text[:_LONGEST] + "…",
    )


def _check_size(text: str) -> None:
    """Refuse a term that would take hours to work out, before it is run."""
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    powers = len(_POWER.findall(text))
    if (
        len(text) > _LONGEST
        or deepest > _DEEPEST
        or powers > min(_POWERS, len(_SMALL_POWER.findall(text)))
        or text.count("*") - 2 * powers + text.count(":") > _PRODUCTS
        or any(int(bends) > _BENDS for bends in _DEGREES.findall(text))
    ):
        raise _too_much(text)


def _term(text: str, columns: Collection[str]) -> Term:
    _check_size(text)
    names = []
    for name, called, option in _names(text):
        if called or option:
            known: Collection[str] = (*FUNCTIONS, *_OF_PATSY) if called else _OPTIONS
        else:
            known = columns
            names.append(name)
        if name not in known or keyword.iskeyword(name):
            raise DataError(
                "There is no column {name} to explain with."
                if known is columns
                else "A formula may not use {name} here.",
                where="{text}",
                mend="Take some of: {known}.",
                name=name,
                text=text,
                known=some(filter(None, known), most=40),
            )
    if not names or _outside(text, "-"):
        raise DataError(
            "This is no term of a formula: {text}.",
            where="{rest}",
            mend="Write columns, log(x), bs(x, 4), cr(x, df=4), I(x**2), C(x), x:y.",
            text=text,
            rest=text,
        )
    return Term(text, tuple(dict.fromkeys(names)), bool(_CURVES.search(text)), "C(" in text)


def _named(text: str) -> list[str]:
    """Return the columns that stand in a term, or in a part of one."""
    return [name for name, called, option in _names(text) if not (called or option)]


def _names(text: str) -> list[tuple[str, bool, bool]]:
    """Return the names of a term, whether each is called, and whether it is an option."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise DataError(
                "This is no term of a formula: {text}.",
                where="{rest}",
                mend="Write columns, log(x), bs(x, 4), cr(x, df=4), I(x**2), C(x), x:y.",
                text=text,
                rest=text[at:],
            )
        at = match.end()
        if name := match[1]:
            follows = text[at : at + 1]
            found.append((name, follows == "(", follows == "="))
    return found


@dataclass(frozen=True)
class Design:
    """The columns of a model.

    Attributes
    ----------
    matrix
        Bureaux × columns that say something of their own, the constant first.
    terms
        Which term each column belongs to, by its text; the constant to "".
    dropped
        Columns that others already hold: they add nothing, and have no number of their own.
    """

    matrix: pd.DataFrame
    terms: tuple[str, ...]
    dropped: tuple[str, ...]
    _info: Any
    _parts: dict[str, tuple[str, ...]]

    def along(
        self, data: pd.DataFrame, name: str, values: Sequence[object]
    ) -> Iterator[np.ndarray]:
        """Yield the columns were one covariate the same everywhere, for each of its values.

        Parameters
        ----------
        data
            What the design was made from.
        name, values
            The covariate, and what it is then.

        Yields
        ------
        numpy.ndarray
            As the design's matrix: rows × columns.
        """
        # Only its own terms are made again: hundreds of columns of communes stay as they are.
        own = [part for part, names in self._parts.items() if name in names]
        others = dict.fromkeys(one for part in own for one in self._parts[part] if one != name)
        info = self._info.subset(own)
        if others:
            there = data[list(others)]
            made = (_columns(info, there.assign(**{name: value})) for value in values)
        else:
            # Without others its columns are the same in every bureau: one row for each value.
            every = _columns(info, pd.DataFrame({name: list(values)}))
            made = ({c: v[place] for c, v in every.items()} for place in range(len(values)))
        for fresh in made:
            matrix = self.matrix.to_numpy(dtype=float, copy=True)
            for place, column in enumerate(self.matrix):
                if column in fresh:
                    matrix[:, place] = fresh[column]
            yield matrix


def _columns(info: Any, table: pd.DataFrame) -> dict[str, np.ndarray]:  # noqa: ANN401
    """Return the columns of terms that were learned before, on other rows."""
    found = np.asarray(patsy.dmatrix(info, plain(table)))
    return dict(zip(info.column_names, found.T, strict=True))


def make_design(terms: Sequence[Term], data: pd.DataFrame) -> Design:
    """Return the columns of a model on a table without gaps.

    Parameters
    ----------
    terms
        Of the formula; none gives the constant alone.
    data
        The columns that they name.

    Raises
    ------
    DataError
        When a function has no value there, such as the logarithm of nought.
    """
    formula = " + ".join(["1", *(term.formula for term in terms)])
    known = patsy.EvalEnvironment([FUNCTIONS])
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            named = plain(data[list(dict.fromkeys(name for term in terms for name in term.names))])
            # The constant alone is as long as the table.
            made = patsy.dmatrix(formula, named or data, known)
    # What patsy hands to Python raises whatever Python does: a bracket left open, an overflow.
    except (patsy.PatsyError, ValueError, SyntaxError, ArithmeticError, TypeError) as error:
        raise _unread(formula, error) from error
    values, info = np.asarray(made), made.design_info
    if len(values) < len(data) or not np.isfinite(values).all():
        raise _unread(formula, Text("no number in some bureaux"))
    whole = pd.DataFrame(values, data.index, info.column_names)
    if np.abs(values).max(initial=0.0) > _LARGEST:
        raise DataError(
            "A column of the formula holds numbers too large to work with.",
            where="{names}",
            mend="Write it in thousands or millions, or take log1p(x).",
            names=some(whole.columns[np.abs(values).max(axis=0) > _LARGEST]),
        )
    kept = independent(values)
    owners = np.empty(whole.shape[1], dtype=object)
    written = _written(terms)
    for name, columns in info.term_name_slices.items():
        owners[columns] = written[name][0]
    return Design(
        whole.loc[:, kept],
        tuple(owners[kept]),
        tuple(whole.columns[~kept]),
        info,
        {name: names for name, (_text, names) in written.items() if name != "Intercept"},
    )


def _written(terms: Sequence[Term]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return which term, as it was written, each of patsy's belongs to, and its covariates."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {"Intercept": ("", ())}
    for term in terms:
        for part in patsy.ModelDesc.from_formula(term.formula).rhs_termlist:
            found.setdefault(part.name(), (term.text, term.names))
    return found


def _unread(formula: str, error: object) -> DataError:
    return DataError(
        "The formula has no value in some bureaux, or cannot be read.",
        where="{formula}: {error}",
        mend="Take log1p(x) or sqrt(x) for columns that hold noughts; give a curve fewer degrees.",
        formula=formula,
        error=error if isinstance(error, Text) else str(error).partition("\n")[0],
    )


def plain(data: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return columns as floats or objects, which is all that patsy knows.

    Of columns of pandas it would ask cell after cell, in a table of its own, what is missing.
    """
    return {
        str(name): values.astype(
            "float64" if pd.api.types.is_numeric_dtype(values) else "object"
        ).to_numpy()
        for name, values in data.items()
    }


def independent(matrix: np.ndarray) -> np.ndarray:
    """Tell which columns are no combination of those before them."""
    length = np.linalg.norm(matrix, axis=0)
    scaled = matrix / np.where(length > 0, length, 1.0)
    kept = np.ones(matrix.shape[1], dtype=bool)
    # One pass is enough: what is left of a column, once those before it are taken off.
    left = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    kept[: len(left)] = left > _NOTHING_NEW
    kept[len(left) :] = False
    return kept & (length > 0)
