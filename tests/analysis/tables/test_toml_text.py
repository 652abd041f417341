"""TOML of strangers: what people write is read, what would take for good is none."""

import tomllib

import pytest

from analysis.tables.toml_text import toml_of

SOUND = """
title = "Une phrase. Une autre. 1.5 et 2.5"
weights = [0.1, 0.2, 0.3]
"a b".c.d = 1
[blocs.left.colour]
name = 'x'
"""


def test_what_people_write_is_read():
    assert toml_of(SOUND) == tomllib.loads(SOUND)
    many = "n = [" + ", ".join(["0.5"] * 2_000) + "]"
    assert len(toml_of(many)["n"]) == 2_000
    prose = 't = "' + "Oui. " * 500 + '"'
    assert toml_of(prose)["t"].startswith("Oui. Oui.")


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 100_000 + "=1",
        "[a" + " . a" * 100_000 + "]",
        "a = {b" + ".b" * 100_000 + "=1}",
        '"a b"' + '."a b"' * 100_000 + "=1",
        "a=" + "[" * 100_000,
        "a=" + "{a=" * 100_000,
    ],
    ids=["key", "head", "inline", "quoted", "arrays", "tables"],
)
def test_what_would_take_for_good_is_refused(text):
    with pytest.raises(tomllib.TOMLDecodeError):
        toml_of(text)
