"""Tests of what a message says: templates that run nothing, layout, bytes that parse back."""

from __future__ import annotations

import base64
import email
import email.policy
import struct
import zlib

import pytest

from analysis.contacts.contact_store import Controller, Round
from analysis.errors import DataError
from analysis.messages.letter_blocks import Letter
from analysis.messages.letter_layout import Filled, Links, contrast, lay_out
from analysis.messages.mime_bytes import Parcel, Sender, parcel_bytes, wrap
from analysis.messages.safe_template import read_template

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
CONTROLLER = Controller(
    "list", "Liste Valmont", "1 place de la Mairie", "contact@example.org", "Association X",
    "M. Y", "Municipales 2027", (Round("2099-03-15", "99900", "Europe/Paris"),),
)  # fmt: skip
TOLD = {
    "language": "fr",
    "subject": "Réunion publique à {{ city | default('Valmont') }}",
    "preheader": "Jeudi à 19 h",
    "accent": "#1d4ed8",
    "blocks": [
        {"kind": "title", "text": "Bonjour {{ first_name | default('') }}"},
        {"kind": "text", "text": "Votre bureau est le {{ bureau }}.\n\nÀ jeudi & <bientôt>."},
        {"kind": "picture", "data": base64.b64encode(DOT).decode(), "alt": "La place"},
        {"kind": "button", "text": "Venir", "url": "https://example.org/r?a=1&b=2"},
        {"kind": "figures", "rows": [["Abstention", "{{ abstention }}"]], "source": "Ministère"},
    ],
}
VALUES = {"first_name": "Zoé <b>", "bureau": "0001", "abstention": "31 %", "city": "Valmont"}
LINKS = Links("https://example.org/u/c/secret", "https://example.org/p/c")


def test_a_template_takes_variables_conditions_and_one_loop():
    text = "{% if themes is defined %}{% for t in themes %}{{ t|upper }} {% endfor %}{% endif %}!"
    assert read_template(text).render({"themes": ["a", "b"]}) == "A B !"
    assert read_template(text).render({}) == "!"
    assert read_template("{{ 'x' if city == 'V' else 'y' }}").render({"city": "V"}) == "x"


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 4_900 + "first_name" + ")" * 4_900 + " }}",
        "{% if first_name %}" * 500,
        "{{ first_name" + "|upper" * 1_600 + " }}",
        "{% if " + "not " * 2_400 + "first_name %}a{% endif %}",
    ],
    ids=["brackets", "conditions", "filters", "negations"],
)
def test_a_template_that_goes_deeper_than_a_text_is_refused(source):
    with pytest.raises(DataError, match="refused"):
        read_template(source)


@pytest.mark.parametrize(
    "payload",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ first_name.__class__ }}",
        "{{ first_name['__class__'] }}",
        "{{ first_name|attr('__class__') }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum() }}",
        "{{ 'a' * 999999999 }}",
        "{{ 9**9**9 }}",
        "{{ '%s' % first_name }}",
        "{{ '{0.__class__}'.format(first_name) }}",
        "{{ first_name|map('list') }}",
        "{% for a in range(999999) %}x{% endfor %}",
        "{% for a in themes %}{% for b in themes %}x{% endfor %}{% endfor %}",
        "{% for a in themes recursive %}{{ loop(a) }}{% endfor %}",
        "{% set a = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% raw %}\x00{% endraw %}",
        "{{ themes|join|join('x') }}",
        "{{ themes|join(themes|join) }}",
        "{{ secret }}",
        "{{ first_name",
        "x" * 10_001,
        "\ue0001\ue001",
    ],
)
def test_a_template_that_would_run_or_reach_anything_is_refused(payload):
    with pytest.raises(DataError, match="refused") as caught:
        read_template(payload)
    assert caught.value.mend


def part(kind, data):
    """Return one part of a PNG."""
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


def begun(wide, high):
    """Return how a PNG begins: what it is, and how large."""
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head)


def filled(wide, high):
    """Return the rest of a PNG of one colour."""
    rows = zlib.compress(bytes((wide + 1) * high))
    return part(b"IDAT", rows) + part(b"IEND", b"")


@pytest.mark.parametrize("blocks", [5, 1e999, None, {"kind": "text"}, "text", [], [1]])
def test_a_message_whose_parts_are_no_list_of_parts_is_refused(blocks):
    with pytest.raises(DataError, match="it has no blocks"):
        Letter.read({"language": "fr", "subject": "x", "blocks": blocks})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (begun(5_000, 5_000) + filled(5_000, 5_000), "more than 20 million points"),
        (begun(60_000, 60_000) + filled(9, 9), "no PNG or JPEG"),
        (DOT[:40] + bytes(30), "no PNG or JPEG"),
        (b"\xff\xd8\xff" + bytes(90), "no PNG or JPEG"),
    ],
    ids=["large", "says to be larger", "broken", "no picture"],
)
def test_a_picture_that_would_fill_the_memory_or_cannot_be_drawn_is_refused(data, says):
    block = {"kind": "picture", "data": base64.b64encode(data).decode(), "alt": "x"}
    with pytest.raises(DataError, match=says):
        Letter.read({"language": "fr", "subject": "x", "blocks": [block]})


def test_a_variable_without_value_is_told_and_never_left_blank():
    with pytest.raises(DataError, match="first_name") as caught:
        read_template("Bonjour {{ first_name }},").render({})
    assert "default" in caught.value.mend
    with pytest.raises(DataError, match="more than 20000"):
        read_template("{{ themes|join }}").render({"themes": ["x" * 2_000] * 20})


def test_all_faults_of_a_message_are_told_at_once():
    wrong = {
        "language": "de", "subject": "", "accent": "red",
        "blocks": [
            {"kind": "video"}, {"kind": "picture", "data": "R0lGODlh", "alt": ""},
            {"kind": "button", "text": "x", "url": "http://example.org"},
            {"kind": "button", "text": "x", "url": "https://example.org/{{ first_name }}"},
            {"kind": "figures", "rows": [["one"]], "source": "s"},
            {"kind": "text", "text": "x", "onclick": "y"},
        ],
    }  # fmt: skip
    with pytest.raises(DataError) as caught:
        Letter.read(wrong)
    told = str(caught.value.what)
    for part in ("fr nor en", "no subject", "#rrggbb", "block 1", "block 2: alt", "no PNG",
                 "block 3", "block 4", "block 5", "block 6: unknown: onclick"):  # fmt: skip
        assert part in told


def test_what_is_shown_is_told_to_the_gate():
    assert Letter.read(TOLD).shown == (
        "person.email", "results.abstention", "person.bureau", "person.address", "person.name",
    )  # fmt: skip


@pytest.fixture(scope="module")
def layout():
    """Lay the message out once."""
    return lay_out(Letter.read(TOLD), CONTROLLER, themed=False)


def test_what_people_are_called_is_text_and_the_foot_is_always_there(layout):
    filled = layout.fill(VALUES, LINKS)
    assert filled.subject == "Réunion publique à Valmont"
    assert "Zoé &lt;b&gt;" in filled.html
    assert "<b>" not in filled.html
    assert "À jeudi &amp; &lt;bientôt&gt;." in filled.html
    assert "<bientôt>." in filled.text
    for part in ("Association X", "Municipales 2027", "contact@example.org", LINKS.leave):
        assert part in filled.html
        assert part in filled.text
    assert 'href="https://example.org/r?a=1&amp;b=2"' in filled.html
    assert "<style" not in filled.html
    assert "class" in filled.html
    # Nothing comes from elsewhere: the picture travels along.
    assert filled.html.count("src=") == 1
    assert 'src="cid:picture1@palier"' in filled.html
    assert "\ue000" not in filled.html + filled.text
    # French puts a space before a colon, in plain text as well.
    assert f"Ne plus rien recevoir\u00a0:\n{LINKS.leave}" in filled.text


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # WebAIM's checker: #777777 on white is 4.48:1, just short of enough.
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def parcel(filled, **other):
    told = {"to": "zoe@example.org", "leave": LINKS.leave, "leave_mail": "stop@example.org"}
    return Parcel(filled=filled, **(told | {"message_id": "m1.p1@example.org"} | other))


def test_the_bytes_parse_back_without_defect_and_say_how_to_leave(layout):
    sender = Sender("Liste « Valmont »", "contact@example.org", "valmont.example.org")
    filled = layout.fill(VALUES, LINKS)
    raw = parcel_bytes(wrap(sender, layout.pictures), parcel(filled))
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert not any(part.defects for part in message.walk())
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert message["Subject"] == filled.subject
    assert message["From"].addresses[0].display_name == "Liste « Valmont »"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"].startswith(f"<{LINKS.leave}>")
    assert message["Message-ID"] == "<m1.p1@example.org>"
    assert message["List-Id"]
    assert message["Date"]
    plain, related = message.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == filled.text
    html, picture = related.iter_parts()
    assert html.get_content().replace("\r\n", "\n") == filled.html
    assert picture.get_content() == DOT
    assert picture["Content-ID"] == "<picture1@palier>"


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "a@example.org\r\nBcc: b@example.org"},
        {"to": "a@example.org, b@example.org"},
        {"message_id": "x>\r\nX: y"},
        {"leave": "https://example.org/\n"},
        {"filled": Filled("Bonjour\r\nBcc: b@example.org", "h", "t")},
    ],
)
def test_no_header_is_smuggled_in(wrong):
    filled = wrong.pop("filled", Filled("s", "h", "t"))
    with pytest.raises(DataError, match="header"):
        parcel_bytes(wrap(Sender("A", "a@example.org", "l"), ()), parcel(filled, **wrong))
    with pytest.raises(DataError, match="header"):
        wrap(Sender("A\nBcc: x@example.org", "a@example.org", "l"), ())
