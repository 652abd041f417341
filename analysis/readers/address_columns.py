"""Columns of lists of addresses, of publishers and of one's own: headings, and cells of two."""

from __future__ import annotations

import re
from collections.abc import Collection

import pandas as pd

from analysis.errors import Text
from analysis.geography.way_names import begins_with_kind, split_house
from analysis.readers.commune_names import codes_of

# Beside the letter; which system it is, is told by where the commune lies: `address_positions`.
_SYSTEMS = (
    *("l93", "lambert93", "lamb93", "lambert", "2154", *(f"cc{n}" for n in range(42, 51))),
    *("wgs84", "utm", "rgf93", "coord", "coordonnee", "coordonnees"),
)


def _coordinate(letter: str) -> tuple[str, ...]:
    """Return the headings of « X_L93 », « Lambert X », « Coordonnée X »."""
    return (letter, *(name for s in _SYSTEMS for name in (f"{letter}{s}", f"{s}{letter}")))


NUMBER = (
    *("numero", "number", "n°", "no", "num", "numero_voie", "numero_de_voie", "num_voie"),
    *("numero_de_la_voie", "numero_dans_la_voie", "n°_voie", "n°_de_voie", "no_voie", "n°_rue"),
    *("numero_rue", "num_rue", "numero_de_rue"),
)
SUFFIX = (
    *("rep", "suffixe", "suffix", "bis", "bis/ter", "bister", "repetition", "btq"),
    *("indice_de_repetition", "indice_repetition", "ind_rep", "complement_de_numero"),
)
KIND = (
    *("type_voie", "type_de_voie", "typ_voie", "nature_voie", "type_voie_libelle"),
    *("nature_de_voie", "nature_de_la_voie", "type_de_la_voie"),
)
STREET = (
    *("nom_voie", "voie_nom", "street", "voie", "rue", "libelle_voie", "nom_de_voie"),
    *("nom_de_la_voie", "libelle_de_voie", "libelle_de_la_voie", "nom_rue", "nom_de_la_rue"),
    *("nom_de_rue", "libelle_rue", "libelle_de_rue"),
)
# Number and street in one.
ADDRESS = ("adresse", "adresse_complete", "libelle_adresse", "address", "adresse_postale")
LONGITUDE = (
    *("lon", "long", "longitude", "lng", "longitude_wgs84", "long_wgs84", "lon_wgs84"),
    *("result_longitude", "longitude_gps", "gps_longitude"),
)
LATITUDE = (
    *("lat", "latitude", "latitude_wgs84", "lat_wgs84"),
    *("result_latitude", "latitude_gps", "gps_latitude"),
)
# Both in one, latitude first: portals of towns (Opendatasoft), and spreadsheets.
POINT = (
    *("geo_point_2d", "geo_point", "geopoint", "coordonnees_geo", "coordonnees_gps", "coord_gps"),
    *("gps", "latlon", "lat_lon", "lat_long", "latitude_longitude", "coordonnees"),
)
# In metres, in whichever projection of the place.
X, Y = _coordinate("x"), _coordinate("y")
# Of a list that has no code of the commune.
TOWN = ("commune", "nom_commune", "commune_nom", "ville", "nom_de_la_commune", "localite") + (
    *("libelle_commune", "code_postal", "cp"),
)
# What stands behind the street: « , 20000 Ajaccio ».
_TOWN_BEHIND = re.compile(r"[\s,]+\d{5}\s+[^\W\d_].*$")
# The order of the telephone book: « Rue Haute, 12 bis ».
_NUMBER_BEHIND = re.compile(r"(?P<street>\D.*?)\s*,\s*(?P<number>\d{1,4}\s*[A-Za-z]{0,6})")


def split_address(text: str) -> tuple[str, str]:
    """Return number and street of an address in one cell, without the town behind them.

    Examples
    --------
    >>> split_address("12 bis rue Haute, 20000 Ajaccio")
    ('12 bis', 'rue Haute')
    >>> split_address("Rue Haute, 12bis")
    ('12bis', 'Rue Haute')
    """
    bare = _TOWN_BEHIND.sub("", text.strip())
    number, street = split_house(bare)
    if not number and (found := _NUMBER_BEHIND.fullmatch(bare)):
        return found["number"], found["street"]
    return number, street


def in_columns(raw: pd.DataFrame) -> pd.DataFrame:
    """Return rows with `number` and a whole `street`, from cells of both or of the kind alone.

    Parameters
    ----------
    raw
        Texts: `street`, and `number` and `kind` where the list has them.
    """
    if "number" not in raw:
        parts = [split_address(text) for text in raw["street"]]
        told = pd.DataFrame(parts, columns=["number", "street"], index=raw.index, dtype="str")
        raw = raw.drop(columns="street").join(told)
    return with_kind(raw)


def with_kind(raw: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the kind of way, « R », before « DE LA GARE »; not where it stands there."""
    if "kind" not in raw:
        return raw
    whole = raw["kind"].str.strip() + " " + raw["street"]
    told = raw["street"].map(begins_with_kind)
    return raw.assign(street=raw["street"].where(told, whole.str.strip()))


def with_communes(
    raw: pd.DataFrame, here: Collection[str]
) -> tuple[pd.DataFrame, tuple[Text, ...]] | None:
    """Return rows with the code of their commune, from its name or since there is only one.

    Parameters
    ----------
    raw
        Texts: `town` where the list has it.
    here
        Codes of the communes that may be meant.

    Returns
    -------
    tuple or None
        The rows, `commune` "" where none of these is meant, and notes; None where nothing tells.
    """
    if "town" in raw and here:
        return raw.assign(commune=codes_of(raw["town"], here)), ()
    if len(here) != 1:
        return None
    (only,) = here
    note = Text("no column says the commune: all rows are taken to be of {commune}", commune=only)
    return raw.assign(commune=only), (note,)
