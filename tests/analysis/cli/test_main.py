"""Tests of `analysis.cli.main`: what the verbs print, and what bad input ends in."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import sys

import geopandas as gpd
import pandas as pd
import pytest

from analysis.cli.main import _spread, _verbs, main
from analysis.errors import DataError
from analysis.exports.registry import MAPS
from analysis.sample import town_files
from analysis.tables.workspace import Workspace
from analysis.workflows import ranking
from tests.made import DATA, RESULTS, VALMONT, folder_bytes, sample_results, write_results

FILES = tuple(VALMONT / name for name in RESULTS)


def test_build_reports_what_was_read_and_the_totals(run, tmp_path):
    code, out, _ = run(
        *("build", "--workspace", tmp_path / "w", "--results", *FILES),
        *("--contours", VALMONT / "contours_2017.geojson", "--vintage", "2017"),
        *("--contours", VALMONT / "contours_2024.geojson", "--vintage", "2024"),
        *("--place", "99900"),
    )
    assert code == 0
    assert "general_results: general_results.csv — 565 rows read, 565 kept" in out
    assert "candidats_results: candidats_results.csv — 4426 rows read, 4426 kept" in out
    assert "contours 2024 for 2024_euro_t1: 48 of 49 bureaux joined" in out
    counts, _ = sample_results()
    first = counts[counts["id_election"] == "2022_pres_t1"]
    totals = [str(first[name].astype(int).sum()) for name in ("inscrits", "votants", "exprimes")]
    (line,) = [line for line in out.splitlines() if "2022_pres_t1" in line and "│" in line]
    cells = [cell.strip() for cell in line.split("│")[1:-1]]
    assert cells == ["2022_pres_t1", "47", *totals, "0"]
    assert Workspace(tmp_path / "w").manifest["elections"]["2022_pres_t1"]["bureaux"] == 47


def test_build_names_candidates_without_a_bloc(run, tmp_path):
    counts, votes = sample_results()
    votes["nom"] = votes["nom"].replace("MACRON", "SOMEBODY")
    files = write_results(tmp_path, counts, votes)
    _, out, _ = run("build", "--workspace", tmp_path / "w", "--results", *files)
    assert "no bloc: 2017_pres_t1 SOMEBODY" in out
    assert "blocs.csv" in out


def test_build_reads_raw_files(run, tmp_path):
    file = DATA / "raw_layouts" / "pres2022_t2_burvot_paris.txt"
    if not file.exists():
        pytest.skip("the shared data are not there")
    code, out, _ = run("build", "--workspace", tmp_path / "w", "--raw", f"2022_pres_t2={file}")
    assert code == 0
    assert "2022_pres_t2" in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "Give the results once"),
        (["--results", *FILES, "--raw", "2022_pres_t1=x"], "given: results, raw"),
        (["--results", *FILES, "--contours", FILES[0]], "needs its --vintage"),
        (["--raw", "file.csv"], "needs the election"),
        (["--raw", "2022_xxxx_t1=file.csv"], "does not name an election"),
        (["--terrain", "absent.toml"], "absent.toml"),
    ],
)
def test_options_that_do_not_fit_are_refused(run, tmp_path, options, says):
    code, _, err = run("build", "--workspace", tmp_path / "w", *options)
    assert code == 1
    assert says in err
    assert "mend:" in err
    assert not (tmp_path / "w").exists()


def test_a_language_that_nothing_is_written_in_is_refused(run, valmont, tmp_path):
    asked = ("--election", "2022_pres_t1", "--out", tmp_path / "page.html", "--language", "de")
    code, _, err = run("publish", "--workspace", valmont.path, *asked)
    assert code == 1
    assert "--language de" in err
    assert "Name one of fr, en." in err


def test_every_verb_with_a_language_refuses_those_it_does_not_have():
    options = [one for verb in _verbs().commands.values() for one in verb.params]
    asked = [one for one in options if one.name == "language"]
    assert len(asked) > 10
    for one in asked:
        with pytest.raises(DataError, match="Nothing is written"):
            one.callback(None, one, "de")


def test_several_values_may_follow_one_option():
    assert _spread(["build", "--place", "1", "2", "--x", "a", "b"]) == [
        *("build", "--place", "1", "--place", "2", "--x", "a", "b")
    ]
    assert _spread(["--candidates", "A B", "C"]) == ["--candidates", "A B", "--candidates", "C"]


RANK = ("--bloc", "left", "--for", "2027_pres_t1")


def test_rank_writes_and_says_what_the_hours_reach(run, valmont, tmp_path):
    out_file = tmp_path / "r.csv"
    code, out, _ = run("rank", "--workspace", valmont.path, *RANK, "--out", out_file)
    assert code == 0
    assert "500 volunteer-hours reach" in out
    assert "rank correlation with size alone" in out
    assert "bureaux without a contour: 1" in out
    assert "last time (2022_pres_t1): " in out
    table = pd.read_csv(out_file)
    assert list(table)[:9] == [
        *("bureau_id", "rank", "score", "gain_per_hour", "gain_lower", "gain_upper"),
        *("top_k_probability", "registered", "arm"),
    ]
    assert len(table) == 49


def test_the_same_command_writes_the_same_bytes(run, valmont, tmp_path):
    contents = []
    for name, seed in (("a.csv", 3), ("b.csv", 3), ("c.csv", 4)):
        file = tmp_path / name
        run("rank", "--workspace", valmont.path, *RANK, "--seed", seed, "--out", file)
        contents.append(file.read_bytes())
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
def test_reproduce_makes_the_same_bytes_again(run, valmont, tmp_path, suffix):
    folder = shutil.copytree(valmont.path, tmp_path / "w")
    file = tmp_path / f"r{suffix}"
    run("rank", "--workspace", folder, *RANK, "--hours", "300", "--out", file)
    code, out, _ = run("reproduce", file, "--out", tmp_path / f"again{suffix}")
    assert (code, out.strip()) == (0, f"r{suffix}: identical")
    assert (tmp_path / f"again{suffix}").read_bytes() == file.read_bytes()
    moved = folder.rename(tmp_path / "elsewhere")
    assert run("reproduce", file)[0] == 1
    assert run("reproduce", file, "--workspace", moved)[0] == 0


def test_a_file_changed_by_hand_is_different(run, valmont, tmp_path):
    file = tmp_path / "r.csv"
    run("rank", "--workspace", valmont.path, *RANK, "--out", file)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("99900_0001", "99900_0000"), encoding="utf-8")
    code, out, _ = run("reproduce", file)
    assert (code, out.strip()) == (1, "r.csv: DIFFERENT")


def test_rank_takes_a_scenario_and_the_command_line_goes_before_it(run, valmont, tmp_path):
    params = tmp_path / "p.toml"
    params.write_text(
        'bloc = "left"\nelection = "2027_pres_t1"\nhours = 100\nshare_open = 0.2\n'
        "[weights]\nmobilise = 1\nneed = 1\n"
    )
    base = ("rank", "--workspace", valmont.path, "--params", params, "--out")
    assert "100 volunteer-hours" in run(*base, tmp_path / "a.csv")[1]
    assert "80 volunteer-hours" in run(*base, tmp_path / "b.csv", "--hours", "80")[1]
    table = pd.read_csv(tmp_path / "a.csv")
    assert (table["part_need"] > 0).sum() == 48
    assert (table["part_persuade"] == 0).all()


def test_another_rival_changes_the_net_and_is_made_again(run, valmont, tmp_path):
    base = ("rank", "--workspace", valmont.path, *RANK, "--out")
    run(*base, tmp_path / "a.csv")
    code, out, _ = run(*base, tmp_path / "b.csv", "--rival", "right")
    assert code == 0
    assert " of right, " in out
    one, other = (pd.read_csv(tmp_path / f"{n}.csv", index_col="bureau_id") for n in "ab")
    assert (one["rival_support"] != other["rival_support"].reindex(one.index)).any()
    assert run("reproduce", tmp_path / "b.csv")[0] == 0
    code, _, err = run(*base, tmp_path / "c.csv", "--rival", "left")
    assert code == 1
    assert "cannot be the rival" in err


def test_candidates_may_be_picked_by_name(run, valmont, tmp_path):
    code, _, _ = run(
        *("rank", "--workspace", valmont.path, "--for", "2027_pres_t1"),
        *("--candidates", "Macron", "RENAISSANCE", "--out", tmp_path / "r.csv"),
    )
    assert code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--bloc", "left"], "does not say: election"),
        (["--for", "2027_pres_t1"], "neither a bloc nor candidates"),
        (["--bloc", "left", "--for", "2027"], "does not name an election"),
        (["--bloc", "left", "--for", "2017_pres_t1"], "precedes the one to prepare"),
        (["--bloc", "green", "--for", "2027_pres_t1"], "belongs to “green”"),
        ([*RANK, "--place", "31555"], "does not hold 31555"),
        ([*RANK, "--hours", "0"], "must be more than 0"),
        ([*RANK, "--seed", "-1"], "seed must be 0 or more"),
        ([*RANK, "--preset", "best"], "Unknown preset"),
        ([*RANK, "--params", "absent.toml"], "cannot be read as TOML"),
        ([*RANK, "--workspace", "nowhere"], "not a workspace"),
        ([*RANK, "--out", "r.docx"], "does not write .docx"),
    ],
)
def test_a_question_that_does_not_fit_is_refused(run, valmont, tmp_path, options, says):
    before = folder_bytes(valmont.path)
    base = ["rank", "--workspace", valmont.path, "--out", tmp_path / "r.csv"]
    code, _, err = run(*base, *options)
    assert code == 1
    assert says in err
    assert "mend:" in err
    assert folder_bytes(valmont.path) == before
    assert not list(tmp_path.iterdir())


def test_a_bloc_and_candidates_at_once_are_refused(run, valmont, tmp_path):
    base = ["rank", "--workspace", valmont.path, "--out", tmp_path / "r.csv"]
    code, _, err = run(*base, *RANK, "--candidates", "MACRON")
    assert code == 1
    assert "not for both" in err
    assert "where: --bloc left --candidates MACRON" in err


def test_what_is_asked_takes_the_place_of_the_candidates_of_a_file(run, valmont, tmp_path):
    scenario = tmp_path / "s.toml"
    scenario.write_text('candidates = ["MACRON"]\nelection = "2027_pres_t1"')
    for name, asked in (("a", ["--params", scenario, "--bloc", "left"]), ("b", RANK)):
        code, _, _ = run(
            "rank", "--workspace", valmont.path, *asked, "--out", tmp_path / f"{name}.csv"
        )
        assert code == 0
    one, other = (pd.read_csv(tmp_path / f"{name}.csv")["support"] for name in "ab")
    pd.testing.assert_series_equal(one, other)


@pytest.mark.parametrize("suffix", MAPS)
def test_a_map_of_a_place_without_contours_is_refused_before_the_ranking(
    run, tmp_path, monkeypatch, suffix
):
    run("build", "--workspace", tmp_path / "w", "--results", *FILES)
    monkeypatch.setattr(ranking, "answer", lambda *_: pytest.fail("ranked in vain"))
    base = ["rank", "--workspace", tmp_path / "w", *RANK, "--out", tmp_path / f"r{suffix}"]
    for place in ([], ["--place", "99900"]):
        code, _, err = run(*base, *place)
        assert code == 1
        assert f"no map to write as {suffix}" in err
        assert "where:" in err
        assert "mend:" in err
    assert not (tmp_path / f"r{suffix}").exists()


def test_a_licence_may_be_stated(run, tmp_path):
    file = VALMONT / "contours_2024.geojson"
    base = ["build", "--workspace", tmp_path / "w", "--results", *FILES]
    base += ["--contours", file, "--vintage", "2024"]
    assert run(*base, "--licence", f"{file}=ODbL 1.0")[0] == 0
    sources = [entry["source"] for entry in Workspace(tmp_path / "w").manifest["sources"]]
    assert {s["licence"] for s in sources if s["file"] == file.name} == {"ODbL 1.0"}
    assert all("ODbL" not in s["licence"] for s in sources if s["file"] != file.name)
    for wrong, says in (
        ("other.geojson=ODbL", "file that is not read"),
        ("ODbL", "needs its file"),
    ):
        code, _, err = run(*base, "--licence", wrong)
        assert code == 1
        assert says in err


def test_a_town_that_cannot_be_written_is_advice(run, tmp_path, monkeypatch):
    file = tmp_path / "README.md"
    file.write_text("mine")
    for out in (file, file / "town"):
        code, _, err = run("sample", "--out", out)
        assert code == 1
        assert f"where: {out}" in err
        assert "mend:" in err
    assert file.read_text() == "mine"
    monkeypatch.setattr(town_files, "_write", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    assert "full" in run("sample", "--out", tmp_path / "town")[2]


def test_sample_says_what_it_wrote(run, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(
        town_files, "write_sample", lambda out, seed: told.append((out, seed)) or out
    )
    code, out, _ = run("sample", "--out", tmp_path, "--seed", "5")
    assert code == 0
    assert told == [(tmp_path, 5)]
    assert f"Valmont (fictional, seed 5) written to {tmp_path}" in out


# Bad input. Each case writes its files and returns the options of `build`.


def spoilt(table, row, column, value, after=1):
    """Spoil a row and the one so many after it, 0 for none: one alone is set aside and listed."""
    table = table.copy()
    table.loc[[row, row + after] if after else [row], column] = str(value)
    return table


def results(folder, counts=None, votes=None):
    good = sample_results()
    files = write_results(
        folder, good[0] if counts is None else counts, good[1] if votes is None else votes
    )
    return ["--results", *files]


def text_as(folder, change, name=RESULTS[0], suffix=".csv"):
    """Change the bytes of one file of results."""
    files = [folder / RESULTS[0], folder / RESULTS[1]]
    for file in files:
        shutil.copy(VALMONT / file.name, file)
    wrong = folder / name
    content = change(wrong.read_bytes())
    wrong.unlink()
    wrong = wrong.with_name(wrong.stem + suffix)
    wrong.write_bytes(content)
    return ["--results", *(wrong if f.name == name else f for f in files)]


def counts():
    return sample_results()[0]


def votes():
    return sample_results()[1]


def in_two_encodings(content):
    """Write the later half as an old spreadsheet would."""
    half = content.index(b"\n", len(content) // 2)
    return content[:half] + content[half:].decode().encode("cp1252")


def as_parquet(content):
    table = pd.read_csv(io.BytesIO(content), sep=";", dtype=str, keep_default_na=False)
    out = io.BytesIO()
    table.to_parquet(out)
    return out.getvalue()


def contours(folder, change, name="contours.geojson"):
    """Add a file of contours to good results."""
    change(folder / name)
    return ["--results", *FILES, "--contours", folder / name, "--vintage", "2024"]


def cut_file(path):
    content = (VALMONT / "contours_2024.geojson").read_bytes()
    path.write_bytes(content[: len(content) // 2])


def without_crs(path):
    shapes = gpd.read_file(VALMONT / "contours_2024.geojson")[["codeBureauVote", "geometry"]]
    # Lambert II: what can only be Lambert-93 is read as that.
    shapes = shapes.rename(columns={"codeBureauVote": "id_bv"}).to_crs("EPSG:27572")
    shapes.to_file(path)
    path.with_suffix(".prj").unlink()


def other_town(path):
    shapes = gpd.read_file(VALMONT / "contours_2024.geojson")
    codes = shapes["codeBureauVote"].str.replace("99900", "29019")
    shapes.assign(codeBureauVote=codes).to_file(path)


BAD = {
    "missing column": (
        lambda f: results(f, counts().drop(columns="exprimes")),
        ["lacks column(s): exprimes", "general_results.csv: columns found"],
    ),
    "wrong delimiter": (
        lambda f: text_as(f, lambda b: b.replace(b";", b":")),
        ["lacks column(s)", "general_results.csv", "with its delimiter"],
    ),
    "two encodings": (
        lambda f: text_as(f, in_two_encodings, RESULTS[1]),
        ["not all in one encoding", "candidats_results.csv"],
    ),
    "truncated CSV": (
        lambda f: text_as(f, lambda b: b[: len(b) // 2]),
        ["cut or damaged", "general_results.csv", "2022"],
    ),
    "CSV truncated between two lines": (
        lambda f: text_as(f, lambda b: b[: b.rindex(b"\n", 0, len(b) // 2) + 1]),
        ["have votes but no turnout", "general_results.csv, candidats_results.csv: 2022"],
    ),
    "votes truncated between two lines": (
        lambda f: text_as(f, lambda b: b[: b.rindex(b"\n", 0, len(b) // 2) + 1], RESULTS[1]),
        ["do not sum to their valid ballots", "candidats_results.csv: 2022_pres_t1"],
    ),
    "truncated gzip": (
        lambda f: text_as(f, lambda b: gzip.compress(b)[:-2000], RESULTS[1], ".csv.gz"),
        ["cut or damaged", "candidats_results.csv.gz: Truncated"],
    ),
    "truncated Parquet": (
        lambda f: text_as(f, lambda b: as_parquet(b)[:-2000], RESULTS[0], ".parquet"),
        ["cut or damaged", "general_results.parquet"],
    ),
    "empty file": (
        lambda f: text_as(f, lambda _: b""),
        ["general_results.csv is empty"],
    ),
    "header only": (
        lambda f: text_as(f, lambda b: b.split(b"\n")[0] + b"\n"),
        ["a header and no rows", "general_results.csv"],
    ),
    "duplicate bureaux": (
        lambda f: results(f, pd.concat([counts(), counts().iloc[[7, 8]].assign(inscrits="9999")])),
        ["more than one row", "general_results.csv: 2017_pres_t1/99900_0008"],
    ),
    "ballots above registered": (
        lambda f: results(f, spoilt(counts(), 3, "votants", 99_999)),
        ["0 ≤ ballots ≤ registered fails", "general_results.csv: 2017_pres_t1/99900_0004"],
    ),
    "blank, null and valid against ballots": (
        lambda f: results(f, spoilt(counts(), 3, "blancs", 77)),
        ["blank + null + valid = ballots", "general_results.csv: 2017_pres_t1/99900_0004"],
    ),
    "votes against valid": (
        lambda f: results(f, None, spoilt(votes(), 3, "voix", 999, after=11)),
        ["do not sum to their valid", "candidats_results.csv: 2017_pres_t1: 99900_0001"],
    ),
    "not a number": (
        lambda f: results(f, spoilt(counts(), 3, "inscrits", "n.c.")),
        ["missing or no whole number", "line 5: registered 'n.c.', line 6: registered 'n.c.'"],
    ),
    "another place": (
        lambda f: [*results(f), "--place", "31555"],
        ["There is no bureau to read", "general_results.csv"],
    ),
    "no such file": (
        lambda f: ["--results", f / "absent.csv", FILES[1]],
        ["There is no such file", "absent.csv"],
    ),
    "truncated contours": (
        lambda f: contours(f, cut_file),
        ["cut or damaged", "contours.geojson"],
    ),
    "empty contours": (
        lambda f: contours(f, lambda p: p.write_bytes(b"")),
        ["contours.geojson is empty"],
    ),
    "contours without a CRS": (
        lambda f: contours(f, without_crs, "contours.shp"),
        ["does not say in which coordinate system", "coordinates from"],
    ),
    "contours of another town": (
        lambda f: contours(f, other_town),
        ["of another place", "29019", "99900"],
    ),
    "squares of another country": (
        lambda f: [
            *("--results", *FILES, "--contours", VALMONT / "contours_2024.geojson"),
            *("--vintage", "2024", "--squares", VALMONT / "electeurs_par_adresse.csv"),
        ],
        ["electeurs_par_adresse.csv"],
    ),
}


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Build a workspace that bad input must leave as it is."""
    folder = tmp_path_factory.mktemp("old")
    with pytest.raises(SystemExit) as ended:
        main(["build", "--workspace", str(folder), "--results", *map(str, FILES)])
    assert not ended.value.code
    return folder


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_where_and_how_to_mend(run, old, tmp_path, case):
    options, says = BAD[case]
    arguments = options(tmp_path)
    before = folder_bytes(old)
    code, _, err = run("build", "--workspace", old, *arguments)
    assert code == 1
    for part in says:
        assert part in err, err
    assert "\n  where: " in err
    assert "\n  mend:  " in err
    assert "Traceback" not in err
    assert folder_bytes(old) == before
    code, _, _ = run("build", "--workspace", tmp_path / "new", *arguments)
    assert code == 1
    assert not (tmp_path / "new").exists()


def test_contradictions_may_be_left_out_on_purpose(run, tmp_path):
    options = results(tmp_path, None, spoilt(votes(), 3, "voix", 999))
    code, out, _ = run(
        "build", "--workspace", tmp_path / "w", *options, "--leave-out-contradictions"
    )
    assert code == 0
    assert "left out [2017_pres_t1]: 1 — votes do not sum to valid: 99900_0001" in out


@pytest.mark.parametrize("name", ["votes", "turnout", "context", "candidates"])
def test_a_damaged_workspace_is_said_to_be_so(run, valmont, tmp_path, name):
    folder = shutil.copytree(valmont.path, tmp_path / "w")
    (folder / f"{name}.parquet").write_bytes(b"PAR1")
    code, _, err = run("rank", "--workspace", folder, *RANK, "--out", tmp_path / "r.csv")
    assert code == 1
    assert f"table {name} of this workspace is" in err
    assert "mend:" in err


@pytest.mark.parametrize("words", [["--help"], ["rank", "--help"], ["design", "--help"]])
def test_help_waits_for_no_library(words):
    """What a verb needs it imports itself, so that whoever asks for help need not wait."""
    code = (
        "import sys\nfrom analysis.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *words], check=True, capture_output=True, text=True
    )
    assert "Usage" in ended.stdout
    heavy = {"numpy", "pandas", "geopandas", "scipy", "pyarrow", "shapely", "sqlalchemy", "httpx"}
    assert not heavy & set(ended.stderr.split())
