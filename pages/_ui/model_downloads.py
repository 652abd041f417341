"""Tables and figures of a model to take away; a file is made when its button is pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import streamlit as st

from analysis.exports.model_export import Finding, Written
from pages._ui.i18n import _, language

# Puts what is on screen so that it can leave: which figure (none: the table), how written.
Make = Callable[[str, Written], Finding]
FIGURES = (".png", ".svg", ".pdf")


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
    formats = {
        ".csv": _("CSV for a spreadsheet"),
        ".xlsx": _("Excel, with units and sources"),
        ".geojson": _("GeoJSON"),
        ".parquet": _("Parquet"),
    }
    if places is None:
        formats.pop(".geojson")
    st.markdown("**" + _("Table") + "**")
    how = written(notes)
    for column, (suffix, label) in zip(st.columns(len(formats)), formats.items(), strict=True):
        without = suffix == ".geojson" and not places
        column.download_button(
            label,
            partial(_content, make, "", how, suffix),
            f"{name}{suffix}",
            key=f"{key}{suffix}",
            on_click="ignore",
            width="stretch",
            disabled=without,
            help=_("This place has no contours.") if without else None,
        )


def offer_figures(
    make: Make, name: str, *, key: str, figures: Mapping[str, str], disabled: bool = False
) -> None:
    """Offer figures (id → label) as PNG, SVG and PDF; `disabled` where contours are missing."""
    how = written()
    for figure, label in figures.items():
        st.markdown(f"**{label}**")
        for column, suffix in zip(st.columns(len(FIGURES)), FIGURES, strict=True):
            column.download_button(
                _("Figure ({format})").format(format=suffix.lstrip(".").upper()),
                partial(_content, make, figure, how, suffix),
                f"{name}_{figure}{suffix}",
                key=f"{key}.{figure}{suffix}",
                on_click="ignore",
                width="stretch",
                disabled=disabled,
                help=_("This place has no contours.") if disabled else None,
            )


def _content(make: Make, figure: str, how: Written, suffix: str) -> bytes:
    # The writers load when a file is wanted, not when the page opens.
    from analysis.exports.model_export import file_of

    return file_of(make(figure, how), suffix)
