"""What stands around every page: the place, its warning, and what is not known of it."""

from __future__ import annotations

import streamlit as st

from analysis.geography.zones import departments
from analysis.readers.codes import ABROAD
from pages._ui import loaders, messages, state
from pages._ui.i18n import _, number, speak_of

# Rows of numbers alone, not those that hold such rows: two side by side on a phone.
_NUMBERS = (
    '[data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [data-testid="stMetric"])'
    ':not(:has([data-testid="stHorizontalBlock"]))'
)
# Streamlit leaves a hand of white round a page; here the map is the page. A written table wider
# than a phone scrolls by itself, or all of the page would. Files are taken away where the house
# writes them: Streamlit's own of a table holds formulas as they were typed, and nobody notes it.
# What keeps the keys of a table (`typed_tables`) is not seen.
_ROOM = (
    """<style>
[data-testid="stMainBlockContainer"] { padding: 3.25rem 1.25rem 4rem; }
@media (max-width: 640px) { [data-testid="stMainBlockContainer"] { padding: 4.25rem 1rem 4rem; } }
[data-testid="stMainBlockContainer"] h1 { padding-top: 0; }
@media (max-width: 640px) {
  [data-testid="stHeading"] :is(h2, h3, h4), [data-testid="stMarkdownContainer"] > h4 {
    padding-right: 5.5rem;
  }
}
[data-testid="stMetricLabel"] p { white-space: normal; }
[data-testid="stMarkdownContainer"]:has(> table) { overflow-x: auto; }
[data-testid="stElementToolbarButton"]:has(> button[aria-label^="Download as CSV"]),
button[aria-label^="Download as CSV"] { display: none; }
[data-testid="stButtonGroup"] [role="radiogroup"] { flex-wrap: wrap; }
[data-testid="stElementContainer"][class*="-typed "] { display: none; }
"""
    f"""@media (max-width: 640px) {{
  {_NUMBERS} > [data-testid="stColumn"] {{ flex: 1 1 40%; min-width: 40%; }}
  {_NUMBERS} [data-testid="stMetricValue"] {{ font-size: 1.5rem; }}
}}
</style>"""
)


# Of a window of 1,400 pixels the map has six tenths, beside the menu and list, card or settings.
MAP_AND_CARD, SETTINGS_AND_MAP = (3.2, 1.0), (1.0, 3.4)


def frame() -> None:
    """Show which place is open; an invented one is marked on every page."""
    st.html(_ROOM)
    with messages.explain_data_errors():
        place = loaders.workspace()
    speak_of(place.manifest.get("terrain"))
    missing = state.absent()
    state.write_link()
    name = place_name()
    if missing:
        st.warning(
            _(
                "The link asks for the place “{missing}”, which is not on this machine. What you "
                "see is {name}. Build or open the place on the page Data, then use the link again."
            ).format(missing=missing, name=name)
        )
    with st.sidebar:
        st.caption(_("Place open: **{name}**").format(name=name))
    if place.fictional:
        st.caption(
            ":material/science: "
            + _("**Fictional place.** {name} and its voters are invented, to learn with.").format(
                name=name
            )
        )


def place_name() -> str:
    """Name the place that is open, as its communes do."""
    place = loaders.workspace()
    places = loaders.table(str(place.path), place.digest, "places")
    if len(places) == 1:
        return str(places["name"].iloc[0])
    if terrain := place.manifest.get("terrain"):
        return str(terrain["name"])
    several = places["department_id"].nunique()
    if several == 1 and places["department_id"].iloc[0] == ABROAD:
        return _("French citizens abroad ({n} consulates)").format(n=number(len(places)))
    if several == 1:
        code = str(places["department_id"].iloc[0])
        return _("{department} ({n} communes)").format(
            department=departments().get(code, code), n=number(len(places))
        )
    return _("{n} communes of {d} départements").format(n=number(len(places)), d=number(several))
