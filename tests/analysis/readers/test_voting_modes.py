"""Files with a row for each way of voting: in the box, by post, on the Internet."""

from __future__ import annotations

import pytest

from analysis.errors import DataError
from analysis.readers.column_map import read_terrain
from analysis.readers.raw_layouts import read_raw
from analysis.readers.results import assemble
from tests.analysis.readers.test_kinds_of_fault import MAP, results

HEADER = "place;unit;{mode};registered;ballots;null;valid;A;B"
LONG = MAP.replace(
    "[election.candidates]", 'candidate = "who"\nvotes = "votes"\n[election.candidates]'
)
RAW = (
    "Code du département;Code de la commune;Libellé de la commune;Code du b.vote;Mode de vote;"
    "Inscrits;Votants;Blancs;Nuls;Exprimés;N°Panneau;Nom;Voix"
)
# Unit 1: 300 + 60 voted; unit 2: 200 + 40.
BOX = {1: (300, 10, 290, 190, 100), 2: (200, 4, 196, 96, 100)}
POST = {1: (60, 2, 58, 8, 50), 2: (40, 1, 39, 19, 20)}
RIGHT = {1: (360, 12, 348, 198, 150), 2: (240, 5, 235, 115, 120)}


def wide(folder, *, header="Mode de vote", own=False, modes=("urne", "correspondance"), more=()):
    lines = [HEADER.format(mode=header)]
    for unit in (1, 2):
        for mode, told in zip(modes, (BOX, POST), strict=True):
            registered = 1000 * unit if not own else 10 * told[unit][0]
            lines.append(";".join(map(str, ["w", unit, mode, registered, *told[unit]])))
    (folder / "r.csv").write_text("\n".join([*lines, *more]), encoding="utf-8")
    (folder / "map.toml").write_text(MAP, encoding="utf-8")
    terrain = read_terrain(folder / "map.toml")
    return assemble(terrain.raw, terrain.blocs, terrain.dated)


def shown(read):
    turnout = read.turnout.sort_values("bureau_id")
    votes = read.votes.pivot_table(
        index="bureau_id", columns="candidate_id", values="votes", observed=True
    )
    counts = turnout[["registered", "ballots", "null", "valid"]].to_numpy().tolist()
    return counts, votes.to_numpy().tolist()


def right(registered):
    counts = [[r, *RIGHT[unit][:3]] for unit, r in zip((1, 2), registered, strict=True)]
    return counts, [list(RIGHT[unit][3:]) for unit in (1, 2)]


@pytest.mark.parametrize(
    ("header", "modes"),
    [
        ("Mode de vote", ("urne", "correspondance")),
        ("MODE_VOTE", ("A l'urne", "Internet")),
        ("Voting method", ("Election Day", "Absentee")),
        ("mode", ("ELECTION DAY", "PROVISIONAL")),
        ("Stimmabgabe", ("Urne", "Brief")),
        ("Tipo de voto", ("presencial", "CERA")),
        ("Modalité", ("1", "2")),
    ],
)
def test_ways_of_voting_are_added_up_and_registered_told_once(tmp_path, header, modes):
    read = wide(tmp_path, header=header, modes=modes)
    assert shown(read) == right((1000, 2000))
    (report,) = read.reports
    assert report.rows_read == report.rows_kept == 4
    assert any("4 rows of 2 unit(s)" in note and modes[1] in note for note in report.notes)
    assert any("told once" in note for note in report.notes)


def test_registered_of_each_row_are_added(tmp_path):
    read = wide(tmp_path, own=True)
    assert shown(read) == right((3600, 2400))
    assert not any("told once" in note for note in read.reports[0].notes)


def test_a_row_that_is_their_total_is_none_of_them(tmp_path):
    total = [";".join(map(str, ["w", u, "Total", 1000 * u, *RIGHT[u]])) for u in (1, 2)]
    read = wide(tmp_path, more=total)
    assert shown(read) == right((1000, 2000))
    (item,) = read.reports[0].left_out
    assert item.count == 2


def test_a_unit_twice_for_one_way_of_voting_stays_refused(tmp_path):
    again = ["w;1;urne;1000;310;10;300;200;100", "w;2;urne;2000;210;4;206;106;100"]
    with pytest.raises(DataError, match="more than one row for the same"):
        wide(tmp_path, more=again)


def test_rows_that_differ_by_something_else_are_not_added(tmp_path):
    with pytest.raises(DataError):
        wide(tmp_path, header="Étage")


def test_without_a_second_row_nothing_is_said(tmp_path):
    rows = [["w", 1, 1000, *RIGHT[1]], ["w", 2, 2000, *RIGHT[2]]]
    read = results(tmp_path, rows)
    assert shown(read) == right((1000, 2000))


def test_a_long_file_of_another_country(tmp_path):
    lines = ["place;unit;votemode;registered;ballots;null;valid;who;votes"]
    for unit in (1, 2):
        for mode, told in (("polls", BOX), ("post", POST)):
            for who, votes in zip("AB", told[unit][3:], strict=True):
                cells = ["w", unit, mode, 1000 * unit, *told[unit][:3], who, votes]
                lines.append(";".join(map(str, cells)))
    (tmp_path / "r.csv").write_text("\n".join(lines))
    (tmp_path / "map.toml").write_text(LONG)
    terrain = read_terrain(tmp_path / "map.toml")
    assert shown(assemble(terrain.raw, terrain.blocs, terrain.dated)) == right((1000, 2000))


def test_a_raw_file_of_france(tmp_path):
    lines = [RAW]
    for unit in (1, 2):
        for mode, told in (("Urne", BOX), ("Correspondance", POST)):
            ballots, null, valid, a, b = told[unit]
            for place, (who, votes) in enumerate((("A", a), ("B", b)), 1):
                cells = ["80", "001", "Abbeville", unit, mode, 1000 * unit, ballots, 0, null]
                lines.append(";".join(map(str, [*cells, valid, place, who, votes])))
    (tmp_path / "r.csv").write_text("\n".join(lines), encoding="utf-8")
    raw = read_raw(tmp_path / "r.csv", election_id="2024_muni_t1")
    counts = raw.counts.sort_values("bureau_id")
    told = counts[["registered", "ballots", "null", "valid"]].to_numpy().tolist()
    assert told == right((1000, 2000))[0]
    votes = raw.ballots.sort_values(["bureau_id", "name"])["votes"].tolist()
    assert votes == [198, 150, 115, 120]
    assert any("4 rows of 2 unit(s)" in note for note in raw.reports[0].notes)
