"""What is fetched and built for a place: its codes, and the départements its files are of."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from analysis.errors import DataError, Text, some
from analysis.fetch.catalogue import Place
from analysis.readers.codes import arrondissement_of
from analysis.readers.known_places import KnownPlace, communes, known_places, place_name
from analysis.readers.place_search import find_place, search, with_code

# The code of Corsica until 1976, and the first digits of the postal codes there.
_CORSICA = "20"
# Codes that may be of a place in no table: of an invented town, or with a lost zero.
_FREE = re.compile(r"(?!9[78]$)\d{2}|\d{4,5}")


@dataclass(frozen=True, slots=True)
class ChosenPlace:
    """A place as `fetch` and `build` take it.

    Attributes
    ----------
    name
        What people call it.
    codes
        Communes, an arrondissement or départements, as `build --place` takes them.
    parts
        What official files are published by: one place per département, the commune where the
        place is one.
    notes
        What the user should know of the choice.
    """

    name: str
    codes: tuple[str, ...]
    parts: tuple[Place, ...]
    notes: tuple[Text, ...] = ()

    @property
    def departments(self) -> tuple[str, ...]:
        """Codes of the départements that the place lies in."""
        return tuple(part.department for part in self.parts)


def choose(text: str) -> ChosenPlace:
    """Return the place of a code or a name.

    A code is read as INSEE's where there is one, else as a postal one, and what else a person may
    mean by it is noted.

    Raises
    ------
    DataError
        When no place, or more than one, is called so.
    """
    code = text.strip().upper()
    if code == _CORSICA:
        return _corsica()
    try:
        place = Place.of(text)
    except DataError:
        return _posted(code, find_place(text))
    found = with_code(code)
    known = next((p for p in found if p.kind != "former"), found[0] if found else None)
    if known is not None:
        return _posted_too(code, chosen(known))
    if re.fullmatch(r"\d{5}", code) and search(code):
        return _posted(code, find_place(code))
    # Codes spelt otherwise (ZA101), and of places that are not in the table.
    whole = arrondissement_of(text.strip())
    code = text.strip() if whole and whole != "56" else place.code
    return ChosenPlace(code, (code,), (place,))


def _posted(code: str, known: KnownPlace) -> ChosenPlace:
    """Return a place, and a word where its postal code was given."""
    place = chosen(known)
    if code not in known.postal:
        return place
    note = Text("{code} is a postal code: read as {place}", code=code, place=place_name(known.code))
    return replace(place, notes=(*place.notes, note))


def _posted_too(code: str, place: ChosenPlace) -> ChosenPlace:
    """Return the place of an INSEE code, and a word where others have it as postal code."""
    others = [other for other in search(code) if code in other.postal and other.code != code]
    if not others:
        return place
    note = Text(
        "{code} is read as INSEE's code, {place}; as a postal code it is that of {others}",
        code=code,
        place=place.name,
        others=some(place_name(other.code) for other in others),
    )
    return replace(place, notes=(*place.notes, note))


def _corsica() -> ChosenPlace:
    codes = ("2A", "2B")
    note = Text("20 is Corsica: both its départements are taken, 2A and 2B")
    return ChosenPlace("Corse", codes, tuple(Place(code, "") for code in codes), (note,))


def chosen(known: KnownPlace) -> ChosenPlace:
    """Return what is fetched and built for a known place.

    Examples
    --------
    >>> from analysis.readers.place_search import find_place
    >>> chosen(find_place("Le Longeron")).codes
    ('49301',)
    """
    name = known.name or known.code
    if known.kind in {"commune", "arrondissement", "abroad", "consulate"}:
        return ChosenPlace(name, (known.code,), (Place.of(known.code),))
    if known.kind == "former":
        now = communes()[known.within[0]]
        note = Text(
            "{name} is part of {now} by now: all of that commune is taken, because newer results "
            "do not tell the former one apart. With addresses, its bureaux are a quarter of it, to "
            "choose as territory",
            name=f"{known.name} ({known.code})" if known.name else known.code,
            now=f"{now.name} ({now.code})",
        )
        return ChosenPlace(now.name, (now.code,), (Place.of(now.code),), (note,))
    if known.kind == "department":
        return ChosenPlace(name, (known.code,), (Place(known.code, ""),))
    if known.kind == "constituency":
        note = Text(
            "{name}: which communes lie in it is in no table known without network; the whole "
            "département is read. Where the results name constituencies, choose it as territory "
            "(on the command line --within)",
            name=name,
        )
        return ChosenPlace(name, (known.department,), (Place(known.department, ""),), (note,))
    members = _members(known)
    departments = dict.fromkeys(p.department for p in members)
    return ChosenPlace(
        name,
        tuple(place.code for place in members),
        tuple(Place(code, "") for code in departments),
    )


def _members(known: KnownPlace) -> list[KnownPlace]:
    """Return the départements of a region, or the communes of an EPCI."""
    kind = "department" if known.kind == "region" else "commune"
    return [p for p in known_places() if p.kind == kind and known.code in p.within]


@dataclass(frozen=True, slots=True)
class Asked:
    """The places of a build: their codes, and what the user should know of them."""

    codes: tuple[str, ...]
    notes: tuple[Text, ...] = ()


def asked_for(places: tuple[str, ...]) -> Asked:
    """Return the places that names and codes mean.

    Parameters
    ----------
    places
        As typed; codes that no table knows (of an invented town) stay as they are.

    Raises
    ------
    DataError
        When no place, or more than one, is called so: 97 is several départements.
    """
    codes: list[str] = []
    notes: list[Text] = []
    for text in places:
        try:
            where = choose(text)
        except DataError:
            # A postal code of several communes is in the tables, and one of them is to be named.
            if not _FREE.fullmatch(text.strip()) or search(text.strip()):
                raise
            codes.append(text)
        else:
            codes += where.codes
            notes += where.notes
    return Asked(tuple(dict.fromkeys(codes)), tuple(dict.fromkeys(notes)))
