"""A map and a list of bureaux that follow one another, whatever they show."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from analysis.errors import some
from analysis.geography.vintages import numbered_otherwise
from analysis.geography.zones import territory_of
from analysis.i18n import MISSING
from pages._ui import loaders, phone_order, state
from pages._ui.bureau_map import Geometry, MapOptions, Paint, bureau_map
from pages._ui.i18n import _, election_name, ngettext, number
from pages._ui.messages import plain, translate
from pages._ui.trial.number_tables import written

# Rows of a list that travel to the screen on each run.
SHOWN = 1000
# Pixels of a column: a figure's at least, and what a letter of its title asks for.
_FIGURE, _MARGIN, _LETTER = 52, 18, 7
# Pixels of a bureau's name; of the list, and of its rows where the browser chooses those.
_NAME, _HIGH = 300, 420
# Beside a map a list is narrow: a name stands in lines, and figures that follow scroll.
_NAME_BESIDE, _FIGURE_BESIDE, _HIGH_BESIDE, _ROW_BESIDE = 110, 40, 420, 76
_LEADING_BESIDE, _SHORT, _LONG_BESIDE = 68, 10, 83
# Lines of a name in a row beside a map, pixels left and right of them and of a letter.
_LINES, _PADDING, _LETTER_BESIDE, _LETTER_ALONE = 4, 16, 6.7, 6.1
_BUREAU = re.compile(r"\b(?:\d[\dAB]|ZZ)\d{3}_[0-9A-Z]{4}\b")
_FOLLOWED = re.compile(rf"(?<=_[0-9A-Z]{{4}}), (?={_BUREAU.pattern})")
_ELECTION = re.compile(r"\b\d{4}_[a-z]{4}_t\d\b")


def show_map(geometry: Geometry | None, paint: Paint | None, *, label: str, key: str) -> None:
    """Show a map; a click brings a bureau into view. Without contours, say so."""
    if geometry is None or paint is None:
        st.info(
            _(
                "No map: this place has no contours of its bureaux. The list below is complete. "
                "Add contours on the Data page to see them."
            )
        )
        return
    options = MapOptions(selected=state.selected(), on_select=state.select, label=label, height=460)
    bureau_map(geometry, paint, key=key, options=options)


def without_ground(table: pd.DataFrame) -> None:
    """Name the bureaux that nobody can walk to: they stand apart, last; where all are, not."""
    nowhere = table.loc[~table["reachable"].astype(bool), "label"]
    if 0 < len(nowhere) < len(table):
        st.caption(
            ngettext(
                "{n} bureau without ground to walk on (postal, administrative) is last: {which}.",
                "{n} bureaux without ground to walk on (postal, administrative) are last: {which}.",
                len(nowhere),
            ).format(
                n=number(len(nowhere)),
                which=plain(translate(some(nowhere))),
            )
        )


def without_contour(geometry: Geometry | None, table: pd.DataFrame) -> None:
    """Say how many bureaux of the list are not on the map."""
    if geometry is None:
        return
    if missing := int((~table["bureau_id"].isin(geometry.ids)).sum()):
        st.caption(
            ngettext(
                "{n} bureau has no contour: it is in the list, not on the map.",
                "{n} bureaux have no contour: they are in the list, not on the map.",
                missing,
            ).format(n=number(missing))
        )
    if other := numbered_otherwise(table["bureau_id"].astype("str"), geometry.ids):
        st.caption(
            _(
                "Grey for this reason: {parts} of the contours are numbered otherwise than the "
                "results ({n} bureaux were given new numbers since {year}). Contours of the year "
                "of the results fill them: add that file on the Data page."
            ).format(
                parts=", ".join(f"{part} ({number(count)})" for part, count in other.items()),
                n=number(sum(other.values())),
                year=geometry.year or "—",
            )
        )


def show_list(
    table: pd.DataFrame,
    columns: Mapping[str, Sequence[object]],
    *,
    key: str,
    first: Mapping[str, Sequence[object]] | None = None,
    beside: bool = False,
) -> None:
    """Show a list; it follows the map, and a click on a row brings the bureau into view.

    Parameters
    ----------
    table
        `bureau_id` and `label`, in the order of the list; what lies overseas or abroad comes
        after the rest.
    columns
        Title → values, as long as the table.
    key
        Names the list.
    first
        Columns that stand before the bureau.
    beside
        Whether it stands beside the map, in a quarter of the page, rather than under it; on a
        phone it is as narrow.
    """
    # The whole name of a bureau would leave a phone no room for its first figure.
    beside = beside or phone_order.on_phone()
    order = _apart(table["bureau_id"])
    ids = table["bureau_id"].to_numpy()[order]
    rows = _travelling(ids, state.selected())
    ids = ids[rows]
    labels = table["label"]
    whole = pd.DataFrame({**(first or {}), _("Bureau"): labels, **columns})
    shown = whole.iloc[order[rows]].reset_index(drop=True)
    if beside:
        shown[_("Bureau")] = _in_short(shown[_("Bureau")], of=labels)
    row = _row_of(ids, state.selected())
    name = _begun_anew(key, None if row is None else str(ids[row]), row)
    figure, letter = (_FIGURE_BESIDE, _LETTER - 1) if beside else (_FIGURE, _LETTER)
    named = _NAME_BESIDE if beside else _NAME
    widths = {title: max(figure, _MARGIN + letter * len(title)) for title in shown}
    if beside and first:
        # After a column before the name, the first figure would stand half outside: its title
        # is set close, and the name gives way to a long one.
        leading = next(iter(columns))
        most = _LEADING_BESIDE if len(leading) <= _SHORT else _LONG_BESIDE
        widths[leading] = min(widths[leading], most)
        named -= widths[leading] - _LEADING_BESIDE
    fitted = within_lines(shown[_("Bureau")], wide_px=named, lines=_LINES if beside else 1)
    shown = shown.assign(**{_("Bureau"): fitted})
    figures, numbers = written(shown, widths)
    st.dataframe(
        figures,
        key=name,
        hide_index=True,
        height=_HIGH_BESIDE if beside else _HIGH,
        row_height=_ROW_BESIDE if beside else None,
        placeholder=MISSING,
        on_select=lambda: _select_row(key, name, ids),
        selection_mode="single-row",
        selection_default={"selection": {"rows": [] if row is None else [row]}},
        column_config={
            _("Bureau"): st.column_config.TextColumn(width=named),
            **numbers,
        },
    )
    if len(rows) < len(table):
        st.caption(
            _("The first {shown} of {n} bureaux; the files hold all of them.").format(
                shown=number(SHOWN), n=number(len(table))
            )
        )


def in_words(codes: pd.Series, word: Callable[[str], str]) -> pd.Series:
    """Return the word of each code, looked up once: a nation has 69,000 bureaux."""
    return codes.map({code: word(code) for code in codes.unique()})


def first_listed(bureau_ids: pd.Series) -> int:
    """Return the position of the bureau that leads the list (`show_list`) of all these."""
    return int(_apart(bureau_ids)[0])


def ask_for_another() -> None:
    """Say that a card shows the first of the list as long as nobody has chosen."""
    st.caption(_("First of the list. Click a bureau on the map or in the list to see it."))


def _in_short(labels: pd.Series, *, of: pd.Series) -> pd.Series:
    """Leave out the commune that all of a list lie in, and the word that heads their column."""
    town = ", " + of.iloc[0].rpartition(", ")[2] if len(of) > 1 else ""
    if of.str.endswith(town).all():
        labels = labels.str.removesuffix(town)
    apart = labels.str.replace(r", bureau (?=\S)", " · ", n=1, regex=True)
    return apart.str.replace(r"\bbureau (?=\S)", "", n=1, regex=True)


def within_lines(names: pd.Series, *, wide_px: int, lines: int = _LINES) -> pd.Series:
    """Write names as far as the lines of a row hold them; what is left out is marked.

    Parameters
    ----------
    names
        Of bureaux.
    wide_px
        Of their column.
    lines
        Of a row.

    Returns
    -------
    pandas.Series
        A name that does not fit ends in « … »: the browser would cut it in silence.
    """
    if lines == 1:
        # Cut where the column ends, in the middle of a word too: there is no other line.
        letters = max(int((wide_px - _PADDING) / _LETTER_ALONE), 2)
        return names.where(names.str.len() <= letters, names.str[: letters - 1].str.rstrip() + "…")
    letters = max(int((wide_px - _PADDING) / _LETTER_BESIDE), 2)
    # As browsers fill lines: up to the last space that fits, or through a word longer than a line.
    line = rf"(?:\S.{{0,{letters - 1}}}(?=\s|$)|\S{{1,{letters - 1}}})\s*"
    fits = names.str.extract(rf"^((?:{line}){{0,{lines}}})")[0].str.rstrip()
    cut = fits.str.len() < names.str.len()
    whole = fits.str.slice(0, -1).str.rstrip(" ,(-") + "…"
    return names.where(~cut, whole)


def _apart(bureau_ids: pd.Series) -> np.ndarray:
    """Return positions: the mainland first, then overseas, then consulates, each in its order."""
    place = territory_of(bureau_ids).to_numpy()
    return np.argsort((place == "overseas") + 2 * (place == "abroad"), kind="stable")


def _travelling(ids: np.ndarray, bureau_id: str | None) -> np.ndarray:
    """Return the rows that travel to the screen: the first, and the bureau in view."""
    first = np.arange(min(len(ids), SHOWN))
    return np.union1d(first, np.flatnonzero(ids == bureau_id))


def _row_of(ids: np.ndarray, bureau_id: str | None) -> int | None:
    found = np.flatnonzero(ids == bureau_id)
    return int(found[0]) if len(found) else None


def _begun_anew(key: str, bureau_id: str | None, row: int | None) -> str:
    """Return the name of the list, another where another bureau or row is to be chosen in it.

    A new name makes the list take over a choice made on the map. No name comes twice: a browser
    that is behind still sends what was chosen in a list that has left the screen.
    """
    *begun, count = st.session_state.get(f"{key}.begun", ("", None, 0))
    if begun != [bureau_id, row]:
        count += 1
        st.session_state[f"{key}.begun"] = (bureau_id, row, count)
    return f"{key}.{count}"


def _select_row(key: str, name: str, ids: np.ndarray) -> None:
    if name != f"{key}.{st.session_state[f'{key}.begun'][2]}":
        return
    rows = st.session_state[name]["selection"]["rows"]
    state.select(str(ids[rows[0]]) if rows else None)


def by_name(text: str) -> str:
    """Write bureaux and elections by name where a text of the library has their codes."""
    text = _ELECTION.sub(lambda code: election_name(code[0]), text)
    # Names hold commas themselves.
    text = _FOLLOWED.sub("; ", text)
    codes = [code[0] for code in _BUREAU.finditer(text)]
    names = dict(zip(codes, loaders.labels(codes), strict=True))
    return _BUREAU.sub(lambda code: names[code[0]], text)


def title_of(bureau: pd.Series) -> str:
    """Name a bureau at the head of its card: « Bureau 11, École rue des Vignes, Valmont »."""
    label = str(bureau["label"])
    return label[:1].upper() + label[1:]
