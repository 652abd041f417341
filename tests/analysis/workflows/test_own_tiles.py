"""Tests of the server of map images that an organisation names."""

from __future__ import annotations

import pytest

from analysis.errors import DataError
from analysis.workflows.own_tiles import named_tiles, origin_of

ADDRESS = "http://tiles.local:8080/{z}/{x}/{y}.png"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("", ("", "")),
        (" off ", ("off", "")),
        (f"{ADDRESS}|© Town", (ADDRESS, "© Town")),
        # Whoever draws the map is always named.
        (ADDRESS, (ADDRESS, "tiles.local")),
    ],
)
def test_what_is_named_is_read(told, found):
    assert named_tiles({"PALIER_TILES": told}) == found


@pytest.mark.parametrize(
    "told",
    [
        "yes",
        "tiles.local/{z}/{x}/{y}.png",
        "https://tiles.local/",
        "https://tiles.local/{z}/{x}.png",
        "file:///{z}/{x}/{y}.png",
        "https://[tiles/{z}/{x}/{y}.png",
        "https://tiles.local; script-src *;/{z}/{x}/{y}.png",
        "https://{s}.tiles.local/{z}/{x}/{y}.png",
    ],
)
def test_an_address_that_gives_no_images_is_said(told):
    with pytest.raises(DataError, match="PALIER_TILES"):
        named_tiles({"PALIER_TILES": told})


def test_its_origin_is_what_policies_name():
    assert origin_of(ADDRESS) == "http://tiles.local:8080"
    assert origin_of("off") == ""
