"""Languages without Streamlit: catalogues, and numbers and dates as each language writes them."""

from __future__ import annotations

import datetime as dt
import math
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.core import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

DEFAULT = "fr"
LANGUAGES = {"fr": "Français", "en": "English"}
LOCALES = Path(__file__).parents[2] / "locales"
# Texts are written in English, with the day before the month as in the French ones.
_LOCALE = {"fr": Locale("fr"), "en": Locale("en", "GB")}
MISSING = "–"


def choose(*wishes: str | None) -> str:
    """Return the first wish that is a language of the app, or the default."""
    return next((wish for wish in wishes if wish in LANGUAGES), DEFAULT)


def catalogue_file(language: str) -> Path:
    """Return where the texts of `language` are kept."""
    return LOCALES / language / "LC_MESSAGES" / "palier.po"


def read_catalogue(file: Path) -> Catalog:
    """Read a `.po` file; a malformed one raises with its line."""
    with file.open("rb") as stream:
        return read_po(stream, locale=file.parts[-3], domain="palier", abort_invalid=True)


@cache
def translations(language: str) -> NullTranslations:
    """Return the texts of `language`; English is what the code says.

    The `.po` is compiled in memory: a fresh clone has no compiled file that could be absent or
    older than the texts.
    """
    file = catalogue_file(language)
    if not file.exists():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(file))
    compiled.seek(0)
    return GNUTranslations(compiled)


def format_number(x: float | None, digits: int, *, language: str, sign: bool = False) -> str:
    """Write `x` with exactly `digits` decimals; a missing value is a dash.

    Parameters
    ----------
    x
        The number; None and NaN are missing.
    digits
        Decimals kept, zeros included.
    language
        Key of `LANGUAGES`.
    sign
        Write the plus of a positive number too; what rounds to zero has no sign.
    """
    if x is None or math.isnan(x):
        return MISSING
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    # Of the text of the number, not of its binary value: 0.125 is 0.13, and so is 1.125.
    rounded = Decimal(str(x)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(abs(rounded), pattern, locale=_LOCALE[language])
    plus = "+" if sign else ""
    return f"{'−' if rounded < 0 else plus if rounded > 0 else ''}{text}"


def format_percent(share: float | None, digits: int, *, language: str, sign: bool = False) -> str:
    """Write a share of 1 as a percentage; French sets a narrow no-break space before the sign."""
    if share is None or not math.isfinite(share):
        return MISSING
    text = format_number(float(Decimal(str(share)) * 100), digits, language=language, sign=sign)
    return f"{text}\u202f%" if language == "fr" else f"{text}%"


def format_day(day: dt.date, *, language: str) -> str:
    """Write a day in full: « 9 juin 2024 », "9 June 2024"."""
    return format_date(day, "long", locale=_LOCALE[language])
