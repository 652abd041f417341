"""The page Guides: both languages say as much, with pictures that exist, and print as one file."""

import re

import pytest

from analysis.exports import guides

BOTH = [(name, language) for name in guides.NAMES for language in ("fr", "en")]


def heads(text):
    return re.findall(r"^#+ ", text, re.MULTILINE)


@pytest.mark.parametrize("name", guides.NAMES)
def test_both_languages_say_as_much(name):
    french, english = (guides.text_of(name, language) for language in ("fr", "en"))
    assert heads(french) == heads(english)
    for mark in (r"^\|", r"^- ", r"^\d\. ", r"^!\[", r"^> "):
        counts = [len(re.findall(mark, text, re.MULTILINE)) for text in (french, english)]
        assert counts[0] == counts[1], mark


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_a_guide_fits_on_two_pages_and_shows_pictures_that_exist(name, language):
    assert len(guides.text_of(name, language).split()) < 900
    for _words, caption, picture in guides.parts_of(name, language):
        assert picture is None or (picture.is_file() and caption)


@pytest.mark.parametrize("name", guides.NAMES)
def test_french_marks_never_begin_a_line(name):
    prose = re.sub(r"```.*?```|`[^`]*`", "", guides.text_of(name, "fr"), flags=re.DOTALL)
    assert not re.findall(r" [»?!;:](?=\s)|« ", prose)


def test_no_guide_is_forgotten():
    for language in ("fr", "en"):
        files = {file.stem for file in (guides.GUIDES / language).glob("*.md")}
        assert files == set(guides.NAMES)


def test_the_file_to_print_asks_nobody_for_anything():
    page = guides.to_html(guides.NAMES, "fr").decode()
    assert page.count("<article>") == len(guides.NAMES)
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert page.count("<figure>") == sum(
        picture is not None
        for name in guides.NAMES
        for *_rest, picture in guides.parts_of(name, "fr")
    )
    assert "<table>" in page
    assert "break-before: page" in page


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_the_page_shows_the_guide(open_app, name, language):
    app = open_app("guides", guide=name, lang=language)
    assert not app.exception
    assert guides.title_of(name, language) in [each.value for each in app.header]


def test_a_link_to_a_guide_that_is_not_there_opens_the_first(open_app):
    app = open_app("guides", guide="nothing")
    assert not app.exception
    assert guides.title_of(guides.NAMES[0], "fr") in [each.value for each in app.header]


def test_a_picture_of_a_phone_is_known_by_its_shape():
    images = guides.ROOT / "docs" / "images"
    assert guides.is_tall(images / "telephone.png")
    assert not guides.is_tall(images / "terrain.png")
