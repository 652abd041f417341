"""What is fetched and built for a place: its codes, and the départements its files are of."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import DataError, Text
from analysis.fetch.catalogue import Place
from analysis.readers.codes import arrondissement_of
from analysis.readers.known_places import KnownPlace, communes, known_places
from analysis.readers.place_search import find_place, label


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

    Raises
    ------
    DataError
        When no place, or more than one, is called so.
    """
    try:
        place = Place.of(text)
    except DataError:
        return chosen(find_place(text))
    found = [p for p in known_places() if p.code == text.strip().upper() and p.kind != "region"]
    known = next((p for p in found if p.kind != "former"), found[0] if found else None)
    if known is not None:
        return chosen(known)
    # Codes spelt otherwise (ZA101), and of places that are not in the table.
    whole = arrondissement_of(text.strip())
    code = text.strip() if whole and whole != "56" else place.code
    return ChosenPlace(code, (code,), (place,))


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
        note = Text("{place}: its results are in those of that commune", place=label(known))
        return ChosenPlace(now.name, (now.code,), (Place.of(now.code),), (note,))
    if known.kind == "department":
        return ChosenPlace(name, (known.code,), (Place(known.code, ""),))
    if known.kind == "constituency":
        note = Text(
            "{name}: which communes lie in it is in no table known without network; the whole "
            "département is read",
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


def codes_of(places: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codes of places that are given by name; what looks like a code stays as it is.

    Raises
    ------
    DataError
        When no place, or more than one, is called so.
    """
    found: list[str] = []
    for text in places:
        named = not any(letter.isdigit() for letter in text) or " " in text.strip()
        found += choose(text).codes if named else (text,)
    return tuple(dict.fromkeys(found))
