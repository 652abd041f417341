"""Tests of `analysis.fieldwork.phone_files`: what the phone page exports."""

from __future__ import annotations

import base64
import json
import zlib

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.fieldwork import phone_files, tokens
from analysis.fieldwork.campaign import open_campaign
from tests.analysis.fieldwork.made_returns import NOW, as_bytes, attempt, phone_bytes, phone_file


@pytest.fixture
def campaign(tmp_path):
    return open_campaign(tmp_path)


@pytest.fixture
def read(campaign):
    def read(content, **more):
        return phone_files.read_phone(content, campaign, file="retours_T1.json", now=NOW, **more)

    return read


def test_an_export_becomes_a_table(campaign, read):
    place = {"floor": "2", "door": "3", "come_back_on": "2025-11-28", "come_back_slot": "evening"}
    said = {"quality": 4, "opponent": True, "themes": ["work", "prices"]}
    talk = attempt(1, outcome="conversation", **said, **place)
    run = attempt(2, doors=9, floor="1", door="1-9", note="sonner fort")
    table = read(phone_bytes(campaign, [attempt(0), talk, run])).table
    assert table["doors"].tolist() == [1, 1, 9]
    assert table["grade"].tolist() == ["building", "door", "building"]
    assert table["themes"].tolist() == ["", "work prices", ""]
    assert table["at"].iloc[0] == pd.Timestamp("2025-11-21 17:00", tz="UTC")
    assert table.loc[1, ["quality", "opponent", "come_back_on"]].tolist() == [4, True, "2025-11-28"]
    assert set(table["team_id"]) == {"A"}


def test_the_checksum_is_that_of_javascript():
    # CRC-32 of {"a":[1,true,null],"é":"x\n\u2028"} as a browser's JSON.stringify writes it.
    told = {"é": "x\n\u2028", "a": [1, True, None]}
    text = '{"a":[1,true,null],"é":"x\\n\u2028"}'
    assert phone_files.checksum(told) == f"{zlib.crc32(text.encode()):08x}"
    # Half of a character, where a phone cut the text, is written as an escape.
    half = zlib.crc32(rb'{"n":"\ud83d"}')
    assert phone_files.checksum({"n": "\ud83d"}) == f"{half:08x}"


def test_a_qr_code_says_the_same_as_a_file(campaign, read):
    told = phone_file(campaign, [attempt(n) for n in range(3)])
    text = json.dumps(told).encode()
    plain = b"PALIER0:" + base64.urlsafe_b64encode(text).rstrip(b"=")
    packed = b"PALIER1:" + base64.urlsafe_b64encode(zlib.compress(text)).rstrip(b"=")
    whole = read(as_bytes(told)).table
    for code in (plain, packed):
        assert phone_files.is_phone(code)
        pd.testing.assert_frame_equal(read(code).table, whole)
    with pytest.raises(DataError, match="is cut"):
        read(packed[: len(packed) // 2])


@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(campaign, read, part):
    content = phone_bytes(campaign, [attempt(n) for n in range(20)])
    with pytest.raises(DataError, match=r"is cut[\s\S]*Send it again from the phone"):
        read(content[: int(part * len(content))])


def test_a_file_edited_by_hand_is_refused_until_accepted(campaign, read):
    content = phone_bytes(campaign, [attempt(0), attempt(1)])
    edited = content.replace(b"no_answer", b"conversation", 1)
    with pytest.raises(DataError, match="was changed after the phone wrote it"):
        read(edited)
    accepted = read(edited, accept={"edited"})
    assert accepted.accepted == ("edited",)
    assert accepted.table["outcome"].tolist() == ["conversation", "no_answer"]
    # Written anew with other white space it is the same file.
    assert read(json.dumps(json.loads(content)).encode()).accepted == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"campaign_id": "other"}, "another campaign"),
        ({"token": "a" * 24}, "token of these returns"),
        ({"turf_id": "T2"}, "token of these returns"),
        ({"token": "\ud800"}, "token of these returns"),
        ({"turf_id": "T\ud800"}, "token of these returns"),
        ({"seal": "\ud800"}, "token of these returns"),
        ({"palier_returns": 2}, "another version"),
        ({"phone_number": "x"}, "holds what it should not"),
        ({"attempts": {}}, "lacks something"),
        ({"team_id": 3}, "lacks something"),
    ],
)
def test_a_wrong_envelope_is_refused(campaign, read, change, says):
    turf = tokens.make(campaign.secret, campaign.campaign_id, "T1")
    told = phone_file(campaign, [attempt()], token=turf) | change
    content = json.dumps(told | {"checksum": phone_files.checksum(told)}).encode()
    with pytest.raises(DataError, match=says):
        read(content)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"outcome": "maybe"}, "Outcomes of this file"),
        ({"outcome": "undone"}, "Outcomes of this file"),
        ({"doors": 0}, "tell of no door"),
        ({"doors": 2.5}, "hold what they should not"),
        ({"doors": True}, "hold what they should not"),
        ({"doors": 10**30}, "hold what they should not"),
        ({"quality": 4}, "quality of this file"),
        ({"at": "2025-11-21T18:00:00"}, "no time zone"),
        ({"at": "yesterday"}, "no time zone"),
        ({"at": "2025-13-41T18:00:00Z"}, "no time zone"),
        ({"attempt_id": "7"}, "no id of their own"),
        ({"themes": ["MME"]}, "are no codes"),
        ({"address_id": "a@b.fr"}, "are no ids"),
        ({"come_back_slot": "dawn"}, "to come back to"),
        ({"come_back_on": "28/11"}, "to come back to"),
        ({"corrects": "7"}, "names no other attempt"),
        ({"name": "Durand"}, r"hold what they should not[\s\S]*name"),
        ({"note": "x" * 201}, "too long"),
    ],
)  # fmt: skip
def test_a_wrong_attempt_is_refused(campaign, read, change, says):
    with pytest.raises(DataError, match=says):
        read(phone_bytes(campaign, [attempt(0, **change), attempt(1)]))


def test_the_future_is_refused_until_accepted(campaign, read):
    ahead = phone_bytes(campaign, [attempt(0), attempt(1, at="2025-12-24T18:00:00+01:00")])
    with pytest.raises(DataError, match=r"lie in the future[\s\S]*1 attempt"):
        read(ahead)
    assert read(ahead, accept=("future",)).accepted == ("future",)
    assert read(phone_bytes(campaign, [attempt(0)]), accept=("future",)).accepted == ()


def test_half_characters_and_control_characters_do_not_reach_the_store(campaign, read):
    content = json.dumps(phone_file(campaign, [attempt(0, note="a\x00b\ud83d")])).encode()
    assert read(content).table["note"].tolist() == ["a b "]


def test_a_correction_corrects_the_first_attempt_only(campaign, read):
    first, second = attempt(0), attempt(1, corrects=attempt(0)["attempt_id"])
    assert len(read(phone_bytes(campaign, [first, second])).table) == 2
    third = attempt(2, corrects=second["attempt_id"])
    with pytest.raises(DataError, match="must name the first attempt"):
        read(phone_bytes(campaign, [first, second, third]))


def test_a_row_told_twice_is_one_and_told_otherwise_is_kept_apart(campaign, read):
    twice = read(phone_bytes(campaign, [attempt(0), attempt(0), attempt(0, outcome="refused")]))
    assert twice.table["outcome"].tolist() == ["no_answer"]
    assert [row["outcome"] for row in twice.otherwise] == ["refused"]


def test_a_bomb_in_a_qr_code_stops_early(read):
    packed = base64.urlsafe_b64encode(zlib.compress(b"[" * 50_000_000)).rstrip(b"=")
    with pytest.raises(DataError, match="is cut, or is no export"):
        read(b"PALIER1:" + packed)


def test_tokens_belong_to_their_turf_campaign_seal_and_key(campaign):
    token = tokens.make(campaign.secret, "c", "T1", "s")
    assert len(token) == 24
    assert tokens.verify(f" {token.upper()} ", campaign.secret, "c", "T1", "s")
    for others in (("c", "T2", "s"), ("d", "T1", "s"), ("c", "T1", "")):
        assert not tokens.verify(token, campaign.secret, *others)
    assert not tokens.verify(token, b"other", "c", "T1", "s")
    assert not tokens.verify("é", campaign.secret, "c", "T1", "s")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"note": "rappeler au 06 12 34 56 78"}, "note of row 1: a telephone number"),
        ({"note": "jean.dupont@example.org"}, "note of row 1: an e-mail address"),
        ({"floor": "Mme B."}, "floor of row 1: a name"),
        ({"themes": ["mme_durand"]}, "themes of row 1: a name"),
    ],
)
def test_a_personal_remark_is_left_out_and_the_attempt_counts(campaign, read, change, kind):
    returned = read(phone_bytes(campaign, [attempt() | change, attempt(1)]))
    (row, other) = returned.rows
    assert [str(one) for one in returned.withheld] == [kind]
    assert row[next(iter(change))] == ""
    assert (row["outcome"], other["note"]) == (attempt()["outcome"], "")
