"""Column maps of places abroad, in the layouts in which their results are really published."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import box

from analysis.errors import DataError
from analysis.readers.column_map import read_terrain
from analysis.readers.contours import read_contours
from analysis.readers.results import assemble

# Unit, registered, ballots, blank, null, valid, votes of three.
UNITS = [
    (1, 1000, 600, 10, 5, 585, 300, 200, 85),
    (2, 900, 500, 8, 4, 488, 100, 300, 88),
    (3, 800, 450, 6, 2, 442, 142, 150, 150),
    (4, 1100, 710, 9, 7, 694, 401, 203, 90),
]
REGISTERED, BALLOTS, VOTES = 3800, 2260, {"A": 943, "B": 853, "C": 413}
HEAD = '[terrain]\nname = "Somewhere"\nlicence = "invented"\n'


def election(file, more, name="2024_gene_t1", day="2024-06-09"):
    return (
        f'[[election]]\nid = "{name}"\ndate = {day}\nkind = "gene"\nround = 1\n'
        f'file = "{file}"\n{more}\n'
    )


LISTS = "[election.candidates]\n" + "".join(f"{name} = {{}}\n" for name in "ABC")


def read(folder, text, *, rows=4):
    (folder / "map.toml").write_text(HEAD + text, encoding="utf-8")
    terrain = read_terrain(folder / "map.toml")
    found = assemble(terrain.raw, terrain.blocs, terrain.dated)
    each = rows // 4
    assert len(found.turnout) == rows
    assert found.turnout["bureau_id"].nunique() == 4
    assert found.turnout["registered"].sum() == each * REGISTERED
    assert found.turnout["ballots"].sum() == each * BALLOTS
    votes = found.candidates.groupby("name")["votes"].sum()
    assert votes.to_dict() == {name: each * n for name, n in VOTES.items()}
    return terrain, found


def write(folder, name, head, rows, encoding="utf-8"):
    lines = [head, *(",".join(map(str, row)) for row in rows)]
    (folder / name).write_bytes("\n".join(lines).encode(encoding))


PLAIN = (
    'unit = "unit"\ncommune = "place"\nregistered = "registered"\nballots = "ballots"\n'
    'valid = "valid"\n' + LISTS
)


def test_parts_of_a_unit_without_their_zeros_do_not_become_one(tmp_path):
    """Spain: district 1, section 12 is not district 11, section 2."""
    parts = [(1, 12, "A"), (11, 2, "A"), (1, 12, "B"), (2, 1, "A")]
    rows = [(*part, *u[1:3], *u[5:]) for part, u in zip(parts, UNITS, strict=True)]
    write(tmp_path, "r.csv", "distrito,seccion,mesa,registered,ballots,valid,A,B,C", rows)
    units = 'unit = ["distrito", "seccion", "mesa"]'
    text = PLAIN.replace('unit = "unit"', units).replace('commune = "place"\n', "")
    _, found = read(tmp_path, election("r.csv", text))
    ids = sorted(found.turnout["bureau_id"].astype("str"))
    assert ids == [f"somewhere_{n}" for n in ("0112A", "0112B", "0201A", "1102A")]


def test_a_unit_that_lost_its_zeros_is_the_same_at_both_elections_and_on_the_map(tmp_path):
    """Berlin: text in one file, numbers of a workbook in the next, more zeros on the map."""
    head = "place,unit,registered,ballots,valid,A,B,C"
    for name, width in (("a.csv", 3), ("b.csv", 1)):
        rows = [("01", f"{u[0]:0{width}d}", *u[1:3], *u[5:]) for u in UNITS]
        write(tmp_path, name, head, rows)
    shapes = [box(13 + n / 100, 52, 13 + (n + 1) / 100, 52.01) for n in range(1, 5)]
    ids = [f"{u[0]:05d}" for u in UNITS]
    gpd.GeoDataFrame({"uwb": ids, "bez": 1}, geometry=shapes, crs=4326).to_file(
        tmp_path / "g.geojson"
    )
    text = election("a.csv", PLAIN, "2020_gene_t1", "2020-09-27") + election("b.csv", PLAIN)
    text += '[geometry]\nfile = "g.geojson"\nid = "uwb"\ncommune = "bez"\nvintage = 2020\n'
    terrain, found = read(tmp_path, text, rows=8)
    ids = sorted(set(found.turnout["bureau_id"].astype("str")))
    assert ids == [f"01_00{n}" for n in range(1, 5)]
    assert "differ by zeros" in str(terrain.raw.reports[-1].notes[-1])
    drawn, _ = read_contours(
        terrain.contours.file,
        vintage=2020,
        crs_metric=terrain.crs,
        layout=terrain.contours.layout,
        known=ids,
    )
    assert sorted(drawn["bureau_id"]) == ids


def test_a_unit_in_capitals_at_one_election_is_the_same(tmp_path):
    head = "place,unit,registered,ballots,valid,A,B,C"
    for file, name in (("a.csv", "Precinct {0:02d}A"), ("b.csv", "PRECINCT  {0}A")):
        rows = [("Adams", name.format(u[0]), *u[1:3], *u[5:]) for u in UNITS]
        write(tmp_path, file, head, rows)
    text = election("a.csv", PLAIN, "2020_gene_t1", "2020-09-27") + election("b.csv", PLAIN)
    read(tmp_path, text, rows=8)


def test_two_units_that_differ_by_a_zero_in_one_file_stay_two(tmp_path):
    names = ["1", "01", "2", "3"]
    for file, own in (("a.csv", names), ("b.csv", names)):
        rows = [("p", name, *u[1:3], *u[5:]) for name, u in zip(own, UNITS, strict=True)]
        write(tmp_path, file, "place,unit,registered,ballots,valid,A,B,C", rows)
    text = election("a.csv", PLAIN, "2020_gene_t1", "2020-09-27") + election("b.csv", PLAIN)
    _, found = read(tmp_path, text, rows=8)
    assert set(found.turnout["bureau_id"].astype("str")) == {f"p_{name}" for name in names}


def openelections(folder):
    rows = []
    for u in UNITS:
        place = ("Adams", f"Precinct {u[0]}")
        rows += [(*place, "Registered Voters", "", "", "", u[1])]
        rows += [(*place, "Ballots Cast", "", "", "", u[2])]
        rows += [(*place, "President", "", n, n, v) for n, v in zip("ABC", u[6:], strict=True)]
        rows += [(*place, "President", "", "", "Over Votes", 1)]
        rows += [(*place, "U.S. Senate", "", "A", "SMITH", u[5])]
    head = "county,precinct,office,district,party,candidate,votes"
    write(folder, "r.csv", head, rows)
    return (
        'unit = "precinct"\ncommune = "county"\ncandidate = "candidate"\nvotes = "votes"\n'
        'without = ["Over Votes"]\n[election.only]\noffice = "President"\n'
        '[election.turnout]\nfile = "r.csv"\nunit = "precinct"\ncommune = "county"\n'
        'votes = "votes"\nregistered = {office = "Registered Voters"}\n'
    )


def test_registered_and_ballots_that_have_rows_of_their_own(tmp_path):
    """OpenElections, Minnesota: they stand among the offices of the same file."""
    text = openelections(tmp_path) + 'ballots = {office = "Ballots Cast"}\n'
    read(tmp_path, election("r.csv", text))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Registered Voters", "Registered", "No row of the file has the value"),
        ('votes = "votes"\nregistered', "registered", "lacks votes"),
    ],
)
def test_a_slip_in_such_a_map_is_named(tmp_path, old, new, says):
    text = openelections(tmp_path) + 'ballots = {office = "Ballots Cast"}\n'
    with pytest.raises(DataError, match=says):
        read(tmp_path, election("r.csv", text.replace(old, new)))


def test_ballots_that_are_the_sum_of_two_columns(tmp_path):
    """Quebec: bulletins valides and rejetés, and nowhere how many voted."""
    rows = [("Mercier", u[0], u[1], *u[6:], u[5], u[3] + u[4]) for u in UNITS]
    write(tmp_path, "r.csv", "Circonscription,Section,É.I.,A,B,C,B.V.,B.R.", rows, "cp1252")
    text = (
        'unit = "Section"\ncommune = "Circonscription"\nregistered = "É.I."\n'
        'ballots = ["B.V.", "B.R."]\nvalid = "B.V."\nnull = "B.R."\n' + LISTS
    )
    read(tmp_path, election("r.csv", text))


def test_a_header_of_two_rows_is_named_by_both(tmp_path):
    """Saxony: the kind of vote above, the parties below it."""
    lines = ["place,unit,registered,ballots,Direkt,,,Liste,,", ",,,,A,B,C,A,B,C"]
    rows = [("p", *u[:3], 1, 2, 3, *u[6:]) for u in UNITS]
    write(tmp_path, "r.csv", "\n".join(lines), rows)
    names = "".join(f'"Liste {n}" = {{name = "{n}"}}\n' for n in "ABC")
    text = PLAIN.replace('valid = "valid"\n', "").replace(LISTS, f"[election.candidates]\n{names}")
    read(tmp_path, election("r.csv", text))


def fusion(folder, *more):
    rows = []
    for u in UNITS:
        place = ("Erie", f"ED {u[0]}", *u[1:3])
        told = (("DEM", "A", u[6] - 5), ("WFP", "A", 5), ("REP", "B", u[7]), ("IND", "C", u[8]))
        rows += [(*place, *one) for one in told]
    write(folder, "r.csv", "place,unit,registered,ballots,party,candidate,votes", [*rows, *more])
    return (
        PLAIN.replace('valid = "valid"\n', "").replace(LISTS, "")
        + 'candidate = "candidate"\nvotes = "votes"\n'
    )


def test_who_stands_for_two_parties_has_the_votes_of_both(tmp_path):
    """New York counts one candidate on several lines, one for each party."""
    _, found = read(tmp_path, election("r.csv", fusion(tmp_path)))
    assert "8 rows of candidates who stand for several parties" in str(found.reports[0].notes)


def test_who_stands_twice_for_one_party_is_a_fault(tmp_path):
    again = [("Erie", f"ED {u[0]}", *u[1:3], "REP", "B", 2) for u in UNITS]
    with pytest.raises(DataError, match="more than one row"):
        read(tmp_path, election("r.csv", fusion(tmp_path, *again)))


def test_postal_districts_of_german_towns_have_no_registered(tmp_path):
    """The program that most German towns publish with leaves the cell empty."""
    rows = [(f"{u[0]:03d}", f"Rathaus {u[0]}", *u[1:3], *u[5:]) for u in UNITS]
    rows += [(901, "Briefwahl 1", "", 800, 792, 392, 300, 100)]
    rows += [(902, "Briefwahlbezirk 2", "", 700, 692, 392, 200, 100)]
    write(tmp_path, "r.csv", "gebiet-nr,gebiet-name,A,B,D,D1,D2,D3", rows)
    names = "".join(f'D{n} = {{name = "{name}"}}\n' for n, name in enumerate("ABC", 1))
    text = 'unit = "gebiet-nr"\nregistered = "A"\nballots = "B"\nvalid = "D"\n'
    _, found = read(tmp_path, election("r.csv", f"{text}[election.candidates]\n{names}"))
    assert "1500 ballots of 2 unit(s) without registered" in str(found.reports[0].notes)
