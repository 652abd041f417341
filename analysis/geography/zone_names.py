"""What people call a group of neighbouring bureaux: its district, and its longest streets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.geography.bureau_names import CITIES, bureau_labels, ordinal
from analysis.geography.zones import arrondissement
from analysis.tables.workspace import Workspace

_STREETS, _WRITTEN = 3, 6
# Kinds of parts that people speak of, the smallest first; constituencies are for lawyers.
_SPOKEN = ("quartier", "canton")
# Reading more addresses than these takes longer than anybody waits for a name.
_MANY_FROM = 5_000_000


def zone_names(workspace: Workspace, zones: Sequence[Sequence[str]]) -> list[str]:
    """Name groups of bureaux: « 18e : Rue Myrha, Rue Doudeauville, Rue Léon ».

    Parameters
    ----------
    workspace
        Knows communes, parts and streets.
    zones
        Ids of the bureaux of each group.

    Returns
    -------
    list
        A name each. Without addresses, that of its bureau, with its polling place; of several,
        their communes.
    """
    streets = _streets(workspace, {one for ids in zones for one in ids})
    places = workspace.read("places")
    communes = dict(zip(places["commune_id"], places["name"], strict=True))
    spoken = _spoken(workspace)
    first = bureau_labels(workspace, [ids[0] for ids in zones])
    names = [_named(ids, communes, spoken, streets) for ids in zones]
    known = [any(streets.get(one) for one in ids) for ids in zones]
    return [
        name if told or (name and len(ids) > 1) else label[:1].upper() + label[1:]
        for name, told, label, ids in zip(names, known, first, zones, strict=True)
    ]


def street_points(
    workspace: Workspace, zones: Sequence[Sequence[str]]
) -> list[pd.DataFrame | None]:
    """Return where to write the names of the longest streets of each group of bureaux.

    Parameters
    ----------
    workspace
        Knows addresses.
    zones
        Ids of the bureaux of each group.

    Returns
    -------
    list
        For each group `street`, `x`, `y` (metres, of the address in the middle), the street of
        most addresses first; None where addresses are not known, or too many to be read.
    """
    rows = workspace.manifest["tables"].get("addresses", {}).get("rows", 0)
    if not rows or rows > _MANY_FROM:
        return [None for _ids in zones]
    table = workspace.read("addresses", columns=["bureau_id", "street", "geometry"])
    table = table[table["street"].astype("str") != ""]
    found: list[pd.DataFrame | None] = []
    for ids in zones:
        own = table[table["bureau_id"].isin(set(ids))]
        points = pd.DataFrame(
            {"street": own["street"].astype("str"), "x": own.geometry.x, "y": own.geometry.y}
        )
        by_street = points.groupby("street")
        largest = by_street.size().nlargest(_WRITTEN).index
        found.append(by_street[["x", "y"]].median().loc[largest].reset_index())
    return found


def _spoken(workspace: Workspace) -> dict[str, str]:
    """Return the part of each bureau that people speak of, where a file names several."""
    zones = workspace.read("zones")
    for kind in _SPOKEN:
        own = zones[zones["kind"] == kind]
        if len(set(own["name"])) > 1:
            return dict(zip(own["bureau_id"], own["name"], strict=True))
    return {}


def _streets(workspace: Workspace, wanted: set[str]) -> dict[str, Counter[str]]:
    """Return addresses by street for each bureau."""
    rows = workspace.manifest["tables"].get("addresses", {}).get("rows", 0)
    if not rows or rows > _MANY_FROM:
        return {}
    table = workspace.read_arrow("addresses", columns=["bureau_id", "street"]).to_pandas()
    own = table[table["bureau_id"].isin(wanted)].astype("str")
    counted = own.groupby("bureau_id")["street"].agg(Counter)
    return dict(counted.items())


def _named(
    ids: Sequence[str],
    communes: Mapping[str, str],
    spoken: Mapping[str, str],
    streets: Mapping[str, Counter[str]],
) -> str:
    districts = list(dict.fromkeys(_district(one, communes, spoken) for one in ids))
    head = " – ".join(one for one in districts if one)
    counted: Counter[str] = Counter()
    for one in ids:
        counted.update(streets.get(one, {}))
    counted.pop("", None)
    longest = [street for street, _n in counted.most_common(_STREETS)]
    return head + (" · " if head and longest else "") + ", ".join(longest)


def _district(bureau_id: str, communes: Mapping[str, str], spoken: Mapping[str, str]) -> str:
    commune = bureau_id.rpartition("_")[0]
    city = CITIES.get(commune, "") if len(communes) > 1 else ""
    if code := arrondissement(bureau_id):
        own = f"{city} {ordinal(int(code[-2:]) % 80)}".strip()
        return f"{own} {spoken[bureau_id]}" if bureau_id in spoken else own
    if bureau_id in spoken:
        return spoken[bureau_id]
    return communes.get(commune, "") if len(communes) > 1 else ""
