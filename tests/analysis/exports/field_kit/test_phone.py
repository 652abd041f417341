"""The phone page as a file: small, closed to the network, its texts no markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import DataError
from analysis.exports.field_kit.kit import words
from analysis.exports.field_kit.phone import THEMES, phone_page
from analysis.exports.field_kit.sheets import kit_of
from analysis.fieldwork.privacy import REMOVED, RULES
from analysis.tables.schema import OUTCOMES
from tests.analysis.exports.walks_made import SCRIPT, walks_of, with_tower

LIMIT = 400_000
SERVER = "https://palier.example.org"


def turf_of(page):
    return json.loads(re.search(rb'id="turf">(.*?)</script>', page, re.DOTALL)[1])


def test_a_page_knows_its_turf_and_no_other(kit):
    turf = turf_of(phone_page(kit, "T0002"))
    table = kit.tables["T0002"]
    assert [stop["id"] for stop in turf["stops"]] == table["address_id"].tolist()
    assert [stop["doors"] for stop in turf["stops"]] == table["dwellings"].tolist()
    assert turf["token"] == kit.tokens["T0002"]
    others = [kit.tokens[name].encode() for name in ("T0001", "T0003")]
    assert not any(token in phone_page(kit, "T0002") for token in others)
    assert (turf["campaign_id"], turf["seal"]) == (kit.campaign_id, kit.walks.seal)


def test_the_largest_page_is_small_enough(place):
    kit = kit_of(with_tower(walks_of(place, turfs=1, stops=150)), place)
    page = phone_page(kit, "T0001")
    assert len(page) <= LIMIT
    lines = np.array(turf_of(page)["lines"])
    assert len(lines) > 50


def test_a_page_says_which_doors_not_to_disturb(kit):
    address = kit.tables["T0002"]["address_id"].iloc[1]
    told = [{"address_id": address, "street": "Rue Haute", "doors": 2, "floors": ["0", "3"]}]
    walks = replace(kit.walks, summary={**kit.walks.summary, "left_alone": told})
    turf = turf_of(phone_page(replace(kit, walks=walks), "T0002"))
    said = {stop["id"]: stop["alone"] for stop in turf["stops"] if "alone" in stop}
    assert said == {address: {"n": 2, "floors": ["0", "3"]}}
    assert turf["outcomes"][-1] == "do_not_disturb"
    assert turf["words"]["fr"]["do_not_disturb"] == "Ne pas déranger"


def test_the_page_asks_nobody_for_anything(kit):
    page = phone_page(kit, "T0001").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for text in (*scripts, *styles):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"(?:src|href|action)=", markup)
    own = "".join(text for text in scripts if "qrcode = function" not in text)
    assert not re.search(r"fetch\(|XMLHttpRequest|sendBeacon|WebSocket|geolocation|innerHTML", own)


def test_with_a_server_the_page_may_ask_it_and_nobody_else(kit):
    page = phone_page(replace(kit, address=f"{SERVER}/"), "T0001").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert re.findall(r"connect-src ([^;]*)", policy) == [f"{SERVER}/api/returns"]
    assert policy.count("http") == 1
    assert turf_of(page.encode())["server"] == f"{SERVER}/api/returns"
    assert turf_of(phone_page(kit, "T0001"))["server"] == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://palier.example.org",
        "palier.example.org",
        "https://palier.example.org; script-src *",
        "https://palier.example.org?turf=1",
        "https://a b",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_phones_must_not_send_to_is_refused(kit, address):
    with pytest.raises(DataError, match="no address") as error:
        replace(kit, address=address)
    assert "https://" in error.value.mend


def test_names_are_no_markup(place):
    kit = kit_of(with_tower(walks_of(place), street=SCRIPT, number=None), place)
    page = phone_page(kit, "T0001")
    assert SCRIPT.encode() not in page
    assert turf_of(page)["stops"][0]["label"] == SCRIPT
    assert page.count(b"</script>") == page.count(b"<script")


def test_every_word_the_page_asks_for_is_there(kit):
    page = phone_page(replace(kit, address=SERVER), "T0001").decode()
    asked = set(re.findall(r'words\("(\w+)"', page))
    asked |= {part for pair in re.findall(r'count\("(\w+)", "(\w+)"', page) for part in pair}
    asked |= {f"theme_{theme}" for theme in THEMES} | {f"quality_{n}" for n in range(1, 6)}
    turf = turf_of(page.encode())
    asked |= {f"slot_{slot}" for slot in ("none", *turf["slots"])} | set(turf["outcomes"])
    assert len(asked) > 60
    assert asked <= set(words("fr")["phone"])
    unused = set(words("fr")["phone"]) - asked
    elsewhere = {"link_needs", "link_wait"}  # what a turf's link says before its page is there
    assert (
        unused == {"range_from", "range_to", "no_script", "theme_dark", "theme_light"} | elsewhere
    )


def test_a_turf_cut_anew_under_an_old_name_starts_afresh(kit, place):
    again = turf_of(phone_page(kit, "T0001"))["page"]
    assert turf_of(phone_page(replace(kit, language="en"), "T0001"))["page"] == again
    other = kit_of(walks_of(place, stops=11), place)
    assert turf_of(phone_page(other, "T0001"))["page"] != again


def test_the_map_is_in_metres_with_south_down(kit):
    turf = turf_of(phone_page(kit, "T0001"))
    table = kit.tables["T0001"]
    y = np.array([stop["y"] for stop in turf["stops"]])
    north = (table["latitude"] - table["latitude"][0]).to_numpy() * 111_195
    assert y[0] - y == pytest.approx(north, abs=0.2)
    assert len(turf["start"]) == 2


def test_the_same_bytes_again(kit):
    assert phone_page(kit, "T0001") == phone_page(kit, "T0001")


def test_patterns_are_what_javascript_reads_alike():
    # `\w`, `\d`, `\b` and flags inside a pattern mean other things there.
    for pattern in (*(pattern for _kind, pattern, _of in RULES), *REMOVED.values()):
        assert not re.search(r"\\[wdbWDBA-Z]|\(\?[a-zP]", pattern)


def colours(css, theme):
    block = css.split(theme, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def luminance(colour):
    channel = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("theme", [":root", '[data-theme="dark"]'])
def test_letters_stand_out_from_what_is_behind_them(kit, theme):
    css = re.search(r"<style>(.*?)</style>", phone_page(kit, "T0001").decode(), re.DOTALL)[1]
    shade = colours(css, theme)
    outcomes = OUTCOMES
    pairs = [("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card")]
    pairs += [("on-main", "main"), ("bad", "paper"), ("good", "paper"), ("main", "paper")]
    # WCAG 2.2, 1.4.3: 4.5 to 1.
    for front, behind in pairs + [
        (name, ground) for name in outcomes for ground in ("paper", "card")
    ]:
        lights = sorted(luminance(shade[name]) for name in (front, behind))
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5, (front, behind)
