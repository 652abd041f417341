"""Tests of what a message changed: planted effects, none, and two subjects looked at every day."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import nchypergeom_fisher

from analysis.contacts.contact_store import insert_many, new_id
from analysis.database.contact_tables import STATEMENTS
from analysis.database.engine import writing
from analysis.messages import approve as approving
from analysis.messages import effect, subject_days, subject_test
from analysis.messages.approve import approval_of, approve, is_sealed, prepare
from analysis.messages.control import Terms, draw
from analysis.messages.drafts import save
from analysis.messages.letter_blocks import Letter
from tests.analysis.contacts.invented import merge
from tests.analysis.messages.conftest import EVERYBODY, LETTER, SETTING, supporters

MANY, RATE, PLANTED = 100, 0.30, 0.12


def simulated(seed, change, people=1_500, trials=MANY):
    """Return the draw of a message, and an act without and with a change in many worlds at once."""
    rng = np.random.default_rng(seed)
    names = [f"p{n:05d}" for n in range(people)]
    bureau = {one: f"99900_{n % 20:04d}" for n, one in enumerate(names)}
    table = draw(names, bureau, seed=seed).table
    table = table.assign(assigned=(table["arm"] == "send").astype(int))
    # Bureaux differ: the blocks of the draw are not for show.
    base = RATE + 0.15 * (table["cell"].str[-1].astype(int).to_numpy() % 2 - 0.5)
    chance = base + change * table["assigned"].to_numpy()
    acts = (rng.random((trials, people)) < chance).astype(float)
    named = {f"act{n}": row for n, row in enumerate(acts)}
    return pd.concat([table, pd.DataFrame(named)], axis=1), tuple(named)


def test_a_planted_effect_is_within_its_interval_and_none_is_seldom_seen():
    inside, seen = [], []
    for seed in (1, 2):
        for change in (PLANTED, 0.0):
            table, acts = simulated(seed, change)
            found = [one.estimate for one in effect.estimated(table, acts)]
            low, high = np.array([one.interval for one in found]).T
            if change:
                inside += list((low <= change) & (change <= high))
            else:
                seen += [one.p_value < 0.05 for one in found]
    # Of 200: 1.5 points of Monte Carlo error at 95 %; three of them.
    assert np.mean(inside) == pytest.approx(0.95, abs=0.046)
    assert np.mean(seen) == pytest.approx(0.05, abs=0.046)
    # What is said before sending is what 80 % of such trials see.
    sees = draw([f"p{n}" for n in range(1_500)], {}, seed=1).sees[0.10]
    assert sees == pytest.approx(2.80 * np.sqrt(0.09 * (1 / 1350 + 1 / 150)), rel=0.01)


def test_few_tell_nothing_and_bureaux_drawn_whole_tell_by_their_turnout():
    table, acts = simulated(3, 0.0, people=100, trials=1)
    (one,) = effect.estimated(table, acts)
    assert one.estimate is None  # ten controls are fewer than eleven
    assert np.isnan(one.without)
    people = [f"p{n:04d}" for n in range(4_000)]
    bureau = {name: f"99900_{n % 80:04d}" for n, name in enumerate(people)}
    whole = draw(people, bureau, seed=4, terms=Terms(whole_bureaux=True)).table
    assert (whole.groupby("cell")["arm"].agg(set).map(len) == 1).all()
    assert (whole["arm"] == "control").sum() == 8 * 50
    rng = np.random.default_rng(5)
    arms = whole.drop_duplicates("cell").set_index("cell")["arm"]
    before = rng.normal(0.6, 0.08, 80)
    rate = before + rng.normal(0.0, 0.01, 80) + 0.04 * (arms == "send").to_numpy()
    turnout = {"bureau_id": arms.index, "registered": 900, "turnout_rate": rate, "before": before}
    table = whole.assign(assigned=(whole["arm"] == "send").astype(int))
    found = effect.on_turnout(table, pd.DataFrame(turnout))
    assert found.estimate.interval[0] < 0.04 < found.estimate.interval[1]
    assert found.estimate.interval[0] > 0
    assert (found.letters, found.controls) == (72, 8)


def test_doors_of_bureaux_drawn_whole_tell_by_their_conversations():
    people = [f"p{n:04d}" for n in range(4_000)]
    bureau = {name: f"99900_{n % 80:04d}" for n, name in enumerate(people)}
    whole = draw(people, bureau, seed=4, terms=Terms(whole_bureaux=True)).table
    table = whole.assign(assigned=(whole["arm"] == "send").astype(int))
    arms = whole.drop_duplicates("cell").set_index("cell")["arm"]
    rng = np.random.default_rng(6)
    knocked = rng.integers(100, 200, 80)
    talked = rng.binomial(knocked, 0.20 + 0.10 * (arms == "send").to_numpy())
    doors = pd.DataFrame({"bureau_id": arms.index, "doors": knocked, "conversation": talked})
    found = effect.on_doors(table, doors)
    assert (found.act, found.letters, found.controls) == ("doors", 72, 8)
    assert found.estimate.interval[0] < 0.10 < found.estimate.interval[1]
    assert found.estimate.interval[0] > 0
    kept = (arms == "control").to_numpy()
    assert found.without == pytest.approx(talked[kept].sum() / knocked[kept].sum())
    # Where one bureau of the controls alone was walked, nothing is told.
    few = doors[~kept | (doors.index == np.flatnonzero(kept)[0])]
    assert effect.on_doors(table, few).estimate is None


def test_what_whole_bureaux_can_tell_is_said_before_sending_or_why_it_is_not():
    people = [f"p{n:04d}" for n in range(1_600)]
    bureau = {name: f"99900_{n % 80:04d}" for n, name in enumerate(people)}
    rng = np.random.default_rng(8)
    before = rng.normal(0.6, 0.08, 80)
    moved = rng.normal(0.0, 1.0, 80)
    moved = 0.02 * (moved - moved.mean()) / moved.std()
    past = pd.DataFrame({"bureau_id": sorted(set(bureau.values())), "before": before})
    past = past.assign(turnout_rate=before - 0.1 + moved)
    whole = Terms(whole_bureaux=True)
    told = draw(people, bureau, seed=4, terms=whole, past=past)
    # By hand, 72 against 8, quantiles of Student with 70: (1.994 + 0.847) · 0.02 · √(1/72 + 1/8).
    assert told.turnout == pytest.approx(0.0212, rel=0.12)
    said = " ".join(map(str, told.summary()))
    assert "72 get the message, 8 do not" in said
    assert f"a change of {100 * told.turnout:.1f} points" in said
    assert "acts of people nothing is said" in said
    assert told.to_dict()["sees_turnout"] == pytest.approx(told.turnout, abs=1e-6)
    # What is known of the past changes nothing of who is drawn, and is drawn the same again.
    mute = draw(people, bureau, seed=4, terms=whole)
    assert (mute.seal, mute.turnout) == (told.seal, None)
    assert draw(people, bureau, seed=4, terms=whole, past=past).turnout == told.turnout
    # Twice the spread, half as much is seen.
    wider = past.assign(turnout_rate=before - 0.1 + 2 * moved)
    twice = draw(people, bureau, seed=4, terms=whole, past=wider).turnout
    assert twice == pytest.approx(2 * told.turnout, rel=0.01)
    for nothing in (None, past.head(9), past.assign(turnout_rate=before)):
        found = draw(people, bureau, seed=4, terms=whole, past=nothing)
        assert found.turnout is None
        assert "not known before sending" in " ".join(map(str, found.summary()))


def test_acts_since_the_approval_are_counted_by_arm_and_by_subject(make, monkeypatch):
    author = make()
    people = supporters(author, 200)
    letter = Letter.read(LETTER | {"subject_b": "Jeudi, votre avis"})
    monkeypatch.setattr(approving.time, "time", lambda: 1_790_000_000)
    draft = save(author, "m", letter, EVERYBODY)
    prepared = prepare(author, draft, SETTING, seed=7, terms=Terms(compares="donation"))
    approve(replace(author, by="other"), prepared)
    monkeypatch.undo()
    assert is_sealed(author, draft.message)
    arms = prepared.draw.table.set_index("person")
    assert arms["variant"].value_counts().to_dict() == {"A": 90, "B": 90, "": 20}
    # B gives five times as often, over three days; a yes before the approval counts for nothing.
    gave = [*arms.index[arms["variant"] == "B"][:30], *arms.index[arms["variant"] == "A"][:6]]
    row = {"kind": "donation", "value": "yes", "given": True, "how": "web"} | author.stamp()
    rows = [
        row | {"statement": new_id(), "person": who, "at_s": 1_790_100_000 + n % 3 * 86_400}
        for n, who in enumerate(gave)
    ]
    early = row | {"statement": new_id(), "person": people[0], "at_s": 1_700_000_000}
    with writing(author.engine) as connection:
        insert_many(connection, STATEMENTS, [*rows, early])
    by_act = {one.act: one for one in effect.effects(author, draft.message)}
    assert by_act["donation"].estimate.value == pytest.approx(36 / 180, abs=0.01)
    assert by_act["volunteering"].estimate is None  # nobody did
    days = subject_days.subject_days(author, draft.message, approval_of(author, draft.message))
    assert days[["acts_a", "acts_b"]].to_numpy().tolist() == [[2, 10]] * 3
    assert days["risk_b"].tolist() == [90, 80, 70]
    looked = subject_test.look(days)
    assert looked.decided == "B"
    assert looked.low > 1
    assert time.time() > 1_790_000_000
    # Two who got it gave under another address of mail, and are found to be who was drawn.
    later = arms.index[arms["variant"] == "A"][6:8]
    rows = [row | {"statement": new_id(), "person": f"again {who}", "at_s": int(time.time())}
            for who in later]  # fmt: skip
    with writing(author.engine) as connection:
        insert_many(connection, STATEMENTS, rows)
    assert effect.trial_of(author, draft.message)["donation"].sum() == 36
    merge(author, later[0], f"again {later[0]}")
    merge(author, f"again {later[1]}", later[1])
    assert effect.trial_of(author, draft.message)["donation"].sum() == 38
    by_act = {one.act: one for one in effect.effects(author, draft.message)}
    assert by_act["donation"].estimate.value == pytest.approx(38 / 180, abs=0.01)


def test_a_day_is_fishers_noncentral_hypergeometric():
    at_risk, acts = np.array([[400, 390]]), np.array([[7, 12]])
    found = subject_test.day_evidence(at_risk, acts)[0]
    at = int(np.argmin(np.abs(subject_test._FACTORS - 0.5)))
    factor = np.exp(subject_test._FACTORS[at])
    by_hand = nchypergeom_fisher(790, 390, 19, factor).logpmf(12) - stats.hypergeom(
        790, 390, 19
    ).logpmf(12)
    assert found[at] == pytest.approx(by_hand, abs=1e-6)


def daily(seed, factor, trials, days=14):
    """Return who might act and who did in many messages looked at every day; shape (t, d, 2)."""
    rng, half, rate = np.random.default_rng(seed), 1_000, 0.004
    left = np.full((trials, 2), half)
    risk, acts = np.zeros((2, trials, days, 2), np.int64)
    for day in range(days):
        risk[:, day] = left
        acts[:, day] = rng.binomial(left, [rate, rate * factor])
        left = left - acts[:, day]
    return risk, acts


def test_two_subjects_looked_at_daily_keep_their_error_and_the_usual_test_does_not():
    risk, acts = daily(1, 1.0, 500)
    total = np.cumsum(subject_test.day_evidence(risk, acts), axis=1)
    wrong = (subject_test.evidence(total) >= -np.log(subject_test.ALPHA)).any(axis=1).mean()
    so_far = acts.cumsum(axis=1)
    gap = so_far[..., 1] - so_far[..., 0]
    usual = np.abs(gap) / np.sqrt(np.maximum(so_far.sum(axis=-1), 1)) > stats.norm.ppf(0.975)
    # The limit is a promise for each number of looks; Monte Carlo error 1 point.
    assert wrong <= 0.05
    assert usual.any(axis=1).mean() > 0.15
    risk, acts = daily(2, 2.0, 100)
    total = np.cumsum(subject_test.day_evidence(risk, acts), axis=1)
    assert (subject_test.evidence(total) >= -np.log(subject_test.ALPHA)).any(axis=1).mean() > 0.8
    held = subject_test.evidence(total)[:, -1] - total[
        :, -1, np.argmin(np.abs(subject_test._FACTORS - np.log(2)))
    ] < -np.log(subject_test.ALPHA)
    assert held.mean() > 0.95
