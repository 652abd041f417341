"""The French texts are compiled once, and what was kept is never older than they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import text_catalogue

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "door"\nmsgstr "{}"\n'


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(text_catalogue, "LOCALES", tmp_path)
    file = text_catalogue.catalogue_file("fr")
    file.parent.mkdir(parents=True)

    def written(french: str) -> str:
        file.write_text(PO.format(french), encoding="utf-8")
        return text_catalogue.texts_of.__wrapped__("fr").gettext("door")

    return written


def kept() -> list[Path]:
    return sorted(text_catalogue.catalogue_file("fr").parent.glob("__pycache__/*"))


def test_texts_that_changed_are_compiled_anew(write) -> None:  # noqa: ANN001
    assert write("porte") == "porte"
    (first,) = kept()
    assert write("portail") == "portail"
    assert kept() != [first]
    assert len(kept()) == 1


@pytest.mark.parametrize("cut", [0, 3, 30])
def test_what_was_kept_is_read_and_a_damaged_one_made_again(write, cut: int) -> None:  # noqa: ANN001
    write("porte")
    (file,) = kept()
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"porte", b"seuil"))
    assert write("porte") == "seuil"
    file.write_bytes(whole[:cut])
    assert write("porte") == "porte"
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_keeps_nothing(write, monkeypatch) -> None:  # noqa: ANN001
    def refuse(*_given: object) -> None:
        raise PermissionError

    monkeypatch.setattr(text_catalogue, "_keep", refuse)
    assert write("porte") == "porte"
    assert kept() == []


def test_english_is_what_the_code_says() -> None:
    assert text_catalogue.texts_of("en").gettext("door") == "door"
