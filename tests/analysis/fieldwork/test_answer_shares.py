"""Tests of what is shown of answers: versions, branches, intervals, no small cell."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.fieldwork import script_versions
from analysis.fieldwork.answer_counts import Asked, answered
from analysis.fieldwork.answer_shares import design_effect, shares
from analysis.fieldwork.questionnaire import preset
from analysis.fieldwork.small_cells import FLOOR, shown, shown_nested
from tests.analysis.fieldwork.made_returns import BUREAUX, NOW, TURFS, returned_rows
from tests.analysis.fieldwork.test_answers import talk

SCRIPT = preset("general")
ZONES = {BUREAUX[0]: "Nord", BUREAUX[1]: "Nord", BUREAUX[2]: "Sud"}


def add(store, told):
    """Put conversations into a store: turf and answers of each, under a version."""
    rows = []
    for n, (turf, answers, version) in enumerate(told):
        row = talk(n, turf=turf, script=version)
        # Ids of their own: those of `talk` come again after a file.
        row["at"] = pd.Timestamp(row["at"]).tz_convert("UTC") - pd.Timedelta(days=n % 5)
        rows.append(row | {"turf_id": turf, "source": "phone", "answers": answers})
    store.add(returned_rows(pd.DataFrame(rows)), now=NOW)


def test_versions_count_together_only_where_the_question_is_the_same(small):
    other = replace(SCRIPT, questions=[*SCRIPT.questions[:1], *SCRIPT.questions[2:]])
    worded = replace(SCRIPT, questions=[
        replace(SCRIPT.questions[0], text={"fr": "Que faire ?", "en": "What to do?"}),
        *SCRIPT.questions[1:],
    ])  # fmt: skip
    kept = [script_versions.keep(small.folder.parent, one) for one in (SCRIPT, other, worded)]
    add(small, [("T1", '{"priority":"housing"}', version) for version in kept])
    found = answered(small, script_versions.versions(small.folder.parent))
    assert [(one.script.version, int(one.talks["n"].sum())) for one in found.asked] == [
        (kept[2], 1),
        (kept[1], 2),
    ]


def test_what_does_not_fit_is_set_aside_and_told_why(small):
    version = script_versions.keep(small.folder.parent, SCRIPT)
    told = [
        '{"priority":"housing","vote":"maybe","obstacle":["away"]}',
        '{"obstacle":["away"],"vote":"surely"}',  # was not to be asked
        '{"obstacle":["away"]}',  # the question before was skipped
        '{"priority":"castles"}',
        '{"unknown":"yes"}',
        '{"priority":["housing","safety"]}',  # two where one is asked
        '{"town":4,"again":"maybe"}',
    ]
    add(small, [("T1", one, version) for one in told] + [("T1", '{"town":4}', "0" * 12)])
    found = answered(small, script_versions.versions(small.folder.parent))
    assert found.aside == {"code": 4, "condition": 2, "version": 1, "question": 1}
    sizes = {one.question.id: int(one.talks["n"].sum()) for one in found.asked}
    assert sizes == {"priority": 1, "vote": 2, "obstacle": 1, "town": 1}
    assert found.conversations == 3


def test_a_correction_replaces_the_answers_of_its_attempt(small):
    version = script_versions.keep(small.folder.parent, SCRIPT)
    first = talk(0, answers='{"town":1}') | {"at": pd.Timestamp("2025-11-20", tz="UTC")}
    later = talk(1, answers='{"town":5}') | {
        "at": pd.Timestamp("2025-11-21", tz="UTC"),
        "corrects": first["attempt_id"],
    }
    undone = later | {
        "attempt_id": talk(2)["attempt_id"],
        "at": pd.Timestamp("2025-11-22", tz="UTC"),
        "outcome": "undone",
        "answers": "",
    }
    for rows, expected in (([first], ["1"]), ([first, later], ["5"]), ([undone], [])):
        made = [row | {"turf_id": "T1", "source": "phone"} for row in rows]
        small.add(returned_rows(pd.DataFrame(made).fillna("")), now=NOW)
        found = answered(small, script_versions.versions(small.folder.parent))
        assert [code for one in found.asked for code in one.counts["code"]] == expected
    assert version


def test_ten_thousand_answers(small):
    rng = np.random.default_rng(3)
    version = script_versions.keep(small.folder.parent, SCRIPT)
    turfs = rng.choice(TURFS, 5000)
    codes = rng.choice(["housing", "safety"], 5000, p=[0.3, 0.7])
    add(small, [
        (turf, f'{{"priority":"{code}","town":{n % 5 + 1}}}', version)
        for n, (turf, code) in enumerate(zip(turfs, codes, strict=True))
    ])  # fmt: skip
    found = answered(small, script_versions.versions(small.folder.parent))
    table = shares(found.asked, ZONES, "bureau")
    mine = table[table["question"].eq("priority") & table["code"].eq("housing")]
    assert mine["asked"].sum() == 5000
    assert mine["n"].sum() == (codes == "housing").sum()
    assert (mine["low"] < 0.3).all()
    assert (mine["high"] > 0.3).all()


def test_no_hidden_cell_follows_from_the_others():
    rng = np.random.default_rng(0)
    for _ in range(300):
        sizes = rng.integers(0, 40, rng.integers(1, 9))
        seen = shown(sizes)
        hidden = sizes[~seen].sum()
        assert (sizes[seen] >= FLOOR).all()
        assert hidden == 0 or hidden >= FLOOR or not seen.any()


def test_zones_and_their_bureaux_give_no_small_cell_away():
    """Every difference of what is shown, of any zones and bureaux, is nothing or the floor."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        table = pd.DataFrame({
            "bureau_id": [str(n) for n in range(7)],
            "zone": rng.choice(["a", "b", "c"], 7),
            "size": rng.integers(0, 30, 7),
        })  # fmt: skip
        zones, rows = shown_nested(table)
        whole = table["size"].sum()
        sums = table.groupby("zone")["size"].sum()
        for zone, part in table.groupby("zone"):
            left = part["size"].sum() - part.loc[rows[part.index], "size"].sum()
            if zones[zone]:
                assert left == 0 or left >= FLOOR
            else:
                assert not rows[part.index].any()
        left = whole - sums[zones].sum()
        assert left == 0 or left >= FLOOR or not zones.any()


def made(n_by_turf, x_by_turf):
    keys = [
        {"turf_id": f"T{n}", "bureau_id": "b", "day": "2025-11-20"} for n in range(len(n_by_turf))
    ]
    talks = pd.DataFrame(keys).assign(n=n_by_turf)
    counts = pd.DataFrame(keys).assign(n=x_by_turf, code="yes")
    return Asked(SCRIPT.question("again"), SCRIPT, counts, talks)


def test_intervals_hold_where_turfs_differ_and_plain_ones_do_not():
    """Of a hundred polls: with half of the effect of turfs, or twice, the interval fails here."""
    rng = np.random.default_rng(7)
    inside, plain = [], []
    for _ in range(100):
        n = rng.integers(10, 40, 30)
        x = rng.binomial(n, rng.beta(0.4 * 8, 0.6 * 8, 30))
        row = shares([made(n, x)], {}, "all").set_index("code").loc["yes"]
        inside.append(row["low"] <= 0.4 <= row["high"])
        low, high = proportion_confint(x.sum(), n.sum(), alpha=0.1, method="wilson")
        plain.append(low <= 0.4 <= high)
    assert 0.84 < np.mean(inside) < 0.96
    assert np.mean(plain) < 0.70


def test_one_turf_counts_as_coins():
    assert design_effect(made([40], [12]), "yes") == pytest.approx(1.0)
    row = shares([made([40], [12])], {}, "all").set_index("code").loc["yes"]
    assert (row["low"], row["high"]) == pytest.approx(
        proportion_confint(12, 40, alpha=0.1, method="wilson")
    )


def test_a_small_cell_has_a_row_and_no_number(small):
    version = script_versions.keep(small.folder.parent, SCRIPT)
    sizes = dict(zip(TURFS, (30, 5, 20), strict=True))
    told = [(turf, '{"town":3}', version) for turf, n in sizes.items() for _ in range(n)]
    add(small, told)
    found = answered(small, script_versions.versions(small.folder.parent))
    table = shares(found.asked, ZONES, "bureau")
    hidden = table[table["share"].isna()]
    # The 5 are hidden, and the 30 of the same zone with them: 35 less 30 would tell.
    assert hidden["key"].tolist() == [BUREAUX[0], BUREAUX[1]]
    assert hidden[["n", "asked"]].isna().all().all()
    zones = shares(found.asked, ZONES, "zone")
    assert set(zones.loc[zones["share"].notna(), "key"]) == {"Nord", "Sud"}
    assert len({*itertools.chain(table["version"], zones["version"])}) == 1
