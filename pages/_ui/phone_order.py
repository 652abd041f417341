"""On a phone the map comes first, then its bureau, then the list; what is asked comes last."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

# Of a map, where what it shows lies when it opens: the wide one fits a phone that asks for the
# version of computers, too.
_PHONE_PX, _WIDE_PX = 300, 540

_ASKED, _MAP, _LIST, _SIDES = "asked_last", "map_first", "list_after", "sides_turned"
_ROW = f'[data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] .st-key-{_MAP})'
_SIDE = f'{_ROW} > [data-testid="stColumn"]'
_PHONE = f"""<style>
@media (max-width: 640px) {{
  [data-testid="stVerticalBlock"] > :has(> [class*="st-key-{_ASKED}"]) {{ order: 9; }}
  .st-key-{_SIDES} > * > [data-testid="stHorizontalBlock"],
  .st-key-{_SIDES} > [data-testid="stHorizontalBlock"] {{ flex-direction: column-reverse; }}
  .st-key-{_SIDES} > * > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"],
  .st-key-{_SIDES} > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {{
    min-width: 100%;
  }}
  {_ROW} {{ flex-direction: column; flex-wrap: nowrap; }}
  {_SIDE}, {_SIDE} > [data-testid="stVerticalBlock"] {{ display: contents; }}
  {_SIDE} > [data-testid="stVerticalBlock"] > * {{ order: 3; }}
  {_SIDE}:last-child > [data-testid="stVerticalBlock"] > * {{ order: 2; }}
  {_SIDE} > [data-testid="stVerticalBlock"] > :has(> .st-key-{_MAP}) {{ order: 1; }}
  {_SIDE}:last-child > [data-testid="stVerticalBlock"] > :has(> .st-key-{_LIST}) {{ order: 3; }}
}}
</style>"""


def asked_last(part: str = "page") -> DeltaGenerator:
    """Return where to ask: above the answer, and below it on a phone.

    Parameters
    ----------
    part
        Which questions, where a page asks in several places.
    """
    st.html(_PHONE)
    return st.container(key=f"{_ASKED}_{part}")


def map_px() -> int:
    """Return how many pixels a map shall fill from side to side when it opens.

    Nobody tells a page how wide its window is; a phone says what it is.
    """
    return _PHONE_PX if on_phone() else _WIDE_PX


def on_phone() -> bool:
    """Tell whether the browser says that it is one of a phone."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


def map_box() -> DeltaGenerator:
    """Return where the map goes, in the first of two columns."""
    return st.container(key=_MAP)


def list_box() -> DeltaGenerator:
    """Return where the list goes, at the head of the second column: last on a phone."""
    return st.container(key=_LIST)


def sides_turned() -> DeltaGenerator:
    """Return where two columns stand side by side; on a phone the second comes first."""
    st.html(_PHONE)
    return st.container(key=_SIDES)
