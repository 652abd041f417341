"""Files to take away, in every format; a file is made when its button is pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import streamlit as st

from analysis.exports.model_export import Finding, Written
from analysis.exports.registry import MAPS, Format, formats_of
from pages._ui.access import taken_away
from pages._ui.i18n import _, language
from pages._ui.messages import translate

# Puts what is on screen so that it can leave: which figure (none: the table), how written.
Make = Callable[[str, Written], Finding]
# Gives a file that ends in a suffix, in another thread, which knows nothing of the session.
Content = Callable[[str], bytes]
# Of a table: the format that holds contours.
_PLACES = ".geojson"
# Buttons of a row: with more, their words are cut.
_A_ROW = 3


def written(notes: Iterable[str] = ()) -> Written:
    """Say how files of this session are written."""
    tongue = language()
    return Written(tongue, "excel_fr" if tongue == "fr" else "plain", "\n".join(notes))


def promise() -> None:
    """Say what every file carries."""
    st.markdown(
        _(
            "Each file carries its sources, its settings and its seed; "
            "`python -m analysis reproduce FILE` makes the same bytes again."
        )
    )


def offer_ranking(content: Content, name: str, *, places: bool) -> None:
    """Offer a ranking in every format, in two columns; maps only where contours are known."""
    formats = formats_of("ranking")
    mute = () if places else MAPS
    _buttons(formats, content, name, key="download", mute=mute, columns=2)


def offer_table(
    make: Make, name: str, *, key: str, notes: Iterable[str] = (), places: bool | None = None
) -> None:
    """Offer a table in every format.

    Parameters
    ----------
    make
        Gives what leaves.
    name
        Of the file, without suffix.
    key
        Names the buttons.
    notes
        What a reader must know, in the language of the session.
    places
        Whether contours of its rows are known; None where rows are no places.
    """
    formats = [one for one in formats_of("table") if places is not None or one.suffix != _PLACES]
    st.markdown("**" + _("Table") + "**")
    content = partial(_content, make, "", written(notes))
    _buttons(formats, content, name, key=key, mute=() if places else (_PLACES,))


def offer_figures(
    make: Make, name: str, *, key: str, figures: Mapping[str, str], disabled: bool = False
) -> None:
    """Offer figures (id → label) in every format; `disabled` where contours are missing."""
    formats = formats_of("picture")
    for figure, label in figures.items():
        st.markdown(f"**{label}**")
        _buttons(
            formats,
            partial(_content, make, figure, written()),
            f"{name}_{figure}",
            key=f"{key}.{figure}",
            mute=[one.suffix for one in formats] if disabled else (),
            label=_figure,
        )


def _figure(form: Format) -> str:
    return _("Figure ({format})").format(format=form.suffix.lstrip(".").upper())


def _table(form: Format) -> str:
    return translate(form.label)


def _buttons(  # noqa: PLR0913 - what a row of buttons is
    formats: Sequence[Format],
    content: Content,
    name: str,
    *,
    key: str,
    mute: Iterable[str],
    columns: int = 0,
    label: Callable[[Format], str] = _table,
) -> None:
    """Show a button for each format; those of `mute` say that contours are missing."""
    sides = st.columns(columns or min(len(formats), _A_ROW))
    for number, form in enumerate(formats):
        without = form.suffix in mute
        taken_away.offer(
            sides[number % len(sides)],
            label(form),
            partial(content, form.suffix),
            f"{name}{form.suffix}",
            key=f"{key}{form.suffix}",
            on_click="ignore",
            width="stretch",
            disabled=without,
            help=_("This place has no contours.") if without else None,
        )


def _content(make: Make, figure: str, how: Written, suffix: str) -> bytes:
    # The writers load when a file is wanted, not when the page opens.
    from analysis.exports.registry import file_of

    return file_of(make(figure, how), suffix)
