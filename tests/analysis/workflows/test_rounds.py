"""Elections that end at their first round, and what is then not asked for."""

from datetime import date

import pytest

from analysis.i18n import told
from analysis.workflows.build import Inputs, build
from analysis.workflows.readiness import not_loaded
from analysis.workflows.rounds import was_decided
from tests.made import candidates, general, write_results

ROUND = "2024_legi_t1"
# By bureau: candidate and votes of 200. Two seats, of other candidates.
WON = [("0001", "ADAM", 110), ("0001", "BLANC", 90), ("0002", "ADAM", 95), ("0002", "BLANC", 105)]
OTHER = [("0003", "CLAIR", 101), ("0003", "DUVAL", 99)]
TIED = [("0003", "CLAIR", 100), ("0003", "DUVAL", 100)]


def built(folder, rows, commune="31555", *, election=ROUND, registered=300):
    bureaux = sorted({bureau for bureau, _, _ in rows})
    files = write_results(
        folder,
        general(*((election, commune, bureau, registered, 200, 0, 0) for bureau in bureaux)),
        candidates(
            *((election, commune, bureau, "DVG", name, votes) for bureau, name, votes in rows)
        ),
    )
    return build(Inputs(*files), folder / "ws")


@pytest.mark.parametrize(
    ("rows", "decided"), [(WON, True), (WON + OTHER, True), (WON + TIED, False), (TIED, False)]
)
def test_a_seat_that_was_won_at_once_has_no_second_round(tmp_path, rows, decided):
    place = built(tmp_path, rows)
    assert was_decided(place, ROUND) is decided
    asked = [told(remark.text, "fr") for remark in not_loaded(place, date(2024, 12, 1))]
    if decided:
        assert asked == []
    else:
        assert "législatives de 2024, second tour. Le classement" in asked[0]


def test_the_half_is_of_the_seat_and_not_of_one_bureau(tmp_path):
    rows = [("0001", "ADAM", 150), ("0001", "BLANC", 50), ("0002", "ADAM", 40)]
    rows += [("0002", "BLANC", 100), ("0002", "CLAIR", 60)]
    assert not was_decided(built(tmp_path, rows), ROUND)


@pytest.mark.parametrize(
    ("election", "registered", "decided"),
    [
        (ROUND, 404, True),
        (ROUND, 405, False),
        ("2021_dpmt_t1", 405, False),
        ("2020_muni_t1", 405, True),
    ],
)
def test_a_deputy_has_a_quarter_of_the_registered_too_and_a_list_need_not(
    tmp_path, election, registered, decided
):
    place = built(tmp_path, OTHER, election=election, registered=registered)
    assert was_decided(place, election) is decided
