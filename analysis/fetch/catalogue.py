"""Where each official file is published, and which ones a place needs."""

from __future__ import annotations

import os
import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from analysis.errors import DataError, Listed, Text
from analysis.readers.codes import ABROAD, commune_code
from analysis.readers.reader_registry import NATIONAL, PUBLISHED

ROLES = PUBLISHED
KEEPS = ("", "cut", "shared")
_MAINLAND = {f"{n:02d}" for n in range(1, 96)} - {"20"} | {"2A", "2B"}
_OVERSEAS = {str(n) for n in (*range(971, 979), *range(986, 989))}
_TERRITORIES = dict.fromkeys(_MAINLAND, "met") | {"972": "mart", "974": "reun"}


@dataclass(frozen=True, slots=True)
class Place:
    """A commune, or a whole département where `commune` is empty.

    Attributes
    ----------
    department, commune
        INSEE codes.
    territory
        What INSEE calls it in its squares: met, mart, reun; empty where it publishes none.
    """

    department: str
    commune: str

    @classmethod
    def of(cls, code: str) -> Place:
        """Recognise the INSEE code of a commune or département, in any official spelling.

        Raises
        ------
        DataError
            When no commune or département can have this code.
        """
        text = code.strip().upper()
        if text in _MAINLAND | _OVERSEAS | {ABROAD}:
            return cls(text, "")
        if re.fullmatch(rf"{ABROAD}\d{{3}}", text):
            return cls(ABROAD, text)
        commune = commune_code(text)
        department = commune[:3] if commune[:2] in {"97", "98"} else commune[:2]
        # Four digits may be a code that lost its zero, or one that lost its end: ask again.
        whole = len(text) > 4 and not commune.endswith("000")  # noqa: PLR2004
        shaped = whole and re.fullmatch(r"[0-9][0-9AB][0-9]{3}", commune)
        if not shaped or department not in _MAINLAND | _OVERSEAS:
            raise DataError(
                "No commune or département has the code {code!r}.",
                where="--place",
                mend="Give the INSEE code, not the postal code nor the name: 75056 for Paris, "
                "2A004 for Ajaccio, 33 for Gironde.",
                code=code,
            )
        return cls(department, commune)

    @property
    def territory(self) -> str:
        """Name INSEE gives its files of squares; empty where it publishes none."""
        return _TERRITORIES.get(self.department, "")

    @property
    def code(self) -> str:
        """The code, as `build --place` takes it."""
        return self.commune or self.department


@dataclass(frozen=True, slots=True)
class Source:
    """A published file.

    Attributes
    ----------
    id, role, title
        Name in the catalogue; what `build` reads it as; what people call it, by language.
    urls
        Addresses, asked in turn until one answers.
    file, member
        Name it is kept under; for a zip, the file to take out of it.
    licence, page
        Licence, and the publisher's page about it.
    checked
        Whether the address was confirmed by the publisher's documentation.
    sha256, size
        What the content must be; empty or None where the publisher changes it.
    vintage
        Of contours, the year.
    most_mb
        Size above which it cannot be the file.
    about_mb
        Its usual size, where one can say.
    keep
        "cut" for a file of all France that is cut by département into the shared store, "shared"
        for one that is kept there as it is, "" for one that goes into the workspace.
    asked_only
        Whether it is fetched only when asked for, or when nothing else gives contours.
    may_fail
        Whether a place is read without it where it cannot be had.
    """

    id: str
    role: str
    title: Mapping[str, str]
    urls: tuple[str, ...]
    file: str
    licence: str
    page: str
    checked: bool
    sha256: str = ""
    size: int | None = None
    member: str = ""
    vintage: int | None = None
    most_mb: int = 3000
    about_mb: int | None = None
    keep: str = ""
    asked_only: bool = False
    may_fail: bool = False

    @property
    def most_bytes(self) -> int:
        """Size in bytes above which it cannot be the file."""
        return self.most_mb * 1_000_000

    def at(self, place: Place) -> Source | None:
        """Fill in the codes of `place`; None where the publisher has no such file for it."""
        if place.department == ABROAD and self.role not in NATIONAL:
            return None
        codes = {
            "department": place.department,
            "commune": place.commune,
            "territory": place.territory,
        }
        if any(not codes[name] for name in _placeholders(self)):
            return None
        return replace(
            self,
            urls=tuple(url.format(**codes) for url in self.urls),
            file=self.file.format(**codes),
            member=self.member.format(**codes),
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sources, in the order of `ROLES`."""

    sources: tuple[Source, ...]
    file: Path = field(default=Path(__file__).with_name("catalogue.toml"))


def read_catalogue(file: Path | None = None) -> Catalogue:
    """Read a catalogue; without `file`, that of `PALIER_CATALOGUE`, else the one of Palier.

    Raises
    ------
    DataError
        When it cannot be read, or with every fault of its entries.
    """
    own = os.environ.get("PALIER_CATALOGUE")
    file = file or (Path(own) if own else Path(__file__).with_name("catalogue.toml"))
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            "The catalogue cannot be read.",
            where="{file}: {error}",
            mend="Give a TOML file in UTF-8; start from a copy of analysis/fetch/catalogue.toml.",
            file=file,
            error=error,
        ) from error
    entries = content.get("source")
    entries = entries if isinstance(entries, list) else []
    faults: list[str] = [
        Text("{label}: {fault}", label=_label(e, n), fault=f)
        for n, e in enumerate(entries, 1)
        for f in _faults(e)
    ]
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    faults += [
        Text("{name}: given twice", name=name)
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if faults or not entries:
        raise DataError(
            "The catalogue has faults." if entries else "The catalogue has no [[source]].",
            where="{file}: {faults}",
            mend="Correct these entries; analysis/fetch/catalogue.toml shows their form.",
            file=file,
            faults=Listed(faults, "; "),
        )
    sources = [Source(**{**entry, "urls": tuple(entry["urls"])}) for entry in entries]
    return Catalogue(tuple(sorted(sources, key=lambda s: ROLES.index(s.role))), file)


def _label(entry: object, position: int) -> str:
    return str(entry.get("id", f"entry {position}")) if isinstance(entry, dict) else str(entry)


_FORMS: dict[str, tuple[type, str]] = {
    **dict.fromkeys(
        ("id", "role", "file", "licence", "page", "sha256", Text("member")), (str, Text("text"))
    ),
    "title": (dict, Text("title.fr and title.en")),
    "urls": (list, Text("a list of addresses")),
    "checked": (bool, Text("true or false")),
    "size": (int, Text("a whole number")),
    "vintage": (int, Text("a year")),
    "most_mb": (int, Text("a whole number")),
    "about_mb": (int, Text("a whole number")),
    "keep": (str, Text("text")),
    "asked_only": (bool, Text("true or false")),
    "may_fail": (bool, Text("true or false")),
}
_NEEDED = ("id", "role", "title", "urls", "file", "licence", "page", "checked")


def _faults(entry: object) -> list[str]:
    """List what keeps a TOML entry from being a `Source`."""
    if not isinstance(entry, dict):
        return [Text("is not a table")]
    known = {f.name for f in fields(Source)}
    faults: list[str] = [
        Text("{name} is missing", name=name) for name in _NEEDED if name not in entry
    ]
    faults += [Text("{name} is not known", name=name) for name in entry if name not in known]
    faults += [
        Text("{name} must be {form}", name=name, form=form)
        for name, (kind, form) in _FORMS.items()
        if name in entry and not isinstance(entry[name], kind)
    ]
    return faults or _meaning_faults(entry)


def _meaning_faults(entry: dict[str, Any]) -> list[str]:
    faults: list[str] = (
        []
        if entry["role"] in ROLES
        else [Text("role must be one of {roles}", roles=", ".join(ROLES))]
    )
    if entry.get("keep", "") not in KEEPS:
        faults.append(Text("keep must be one of {keeps}", keeps=", ".join(filter(None, KEEPS))))
    faults += [] if {"fr", "en"} <= set(entry["title"]) else [Text("title must have fr and en")]
    faults += [] if entry["urls"] else [Text("urls is empty")]
    faults += [
        Text("{url} is not an http address", url=url)
        for url in entry["urls"]
        if not re.match(r"https?://[^/\s]+", str(url))
    ]
    if re.search(r"[/\\]|^\.", entry["file"]) or not entry["file"]:
        faults.append("file must be a plain name, without folders")
    if not re.fullmatch(r"([0-9a-f]{64})?", entry.get("sha256", "")):
        faults.append("sha256 must be 64 hexadecimal digits")
    texts = [*map(str, entry["urls"]), entry["file"], entry.get("member", "")]
    known = {"department", "commune", "territory"}
    faults += [
        Text("{{{name}}} is not known", name=name) for name in sorted(_names_in(texts) - known)
    ]
    return faults


def _placeholders(source: Source) -> set[str]:
    return _names_in([*source.urls, source.file, source.member])


def _names_in(texts: list[str]) -> set[str]:
    """Return the names in braces; a lone brace counts as a nameless one."""
    try:
        parsed = [piece for text in texts for piece in string.Formatter().parse(text)]
    except ValueError:
        return {""}
    return {name for _, name, _, _ in parsed if name is not None}
