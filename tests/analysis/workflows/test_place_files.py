"""Files given for a place: codes and names as people write them, and the command to read them."""

from pathlib import Path

import pytest

from analysis.workflows.place_files import (
    GivenFile,
    build_command,
    fetch_command,
    inputs_of,
    places_of,
    slug_of,
)


def command(*files, **options):
    given = {"places": (), "leave_out": False, **options}
    inputs = inputs_of([GivenFile(p.name, p, role, **more) for p, role, more in files], **given)
    return build_command(inputs, Path("w")).split(" \\\n  ")


def test_the_command_reads_what_is_given():
    contours = (Path("c.geojson"), "contours", {"vintage": 2022})
    national = [(Path("g.csv"), "general_results", {}), (Path("c.csv"), "candidats_results", {})]
    assert command(*national, contours, places=("75056",), leave_out=True) == [
        "python -m analysis build --workspace w",
        "--results g.csv c.csv",
        "--contours c.geojson --vintage 2022",
        "--place 75056",
        "--leave-out-contradictions",
    ]
    assert command(*national[:1])[1] == "--results g.csv candidats_results.csv"
    raw = [(Path(f"{n}.txt"), "raw", {"election": f"2022_pres_t{n}"}) for n in (1, 2)]
    assert command(*raw)[1:] == ["--raw 2022_pres_t1=1.txt", "--raw 2022_pres_t2=2.txt"]
    assert command((Path("m.toml"), "terrain", {}))[1:] == ["--terrain m.toml"]


def test_one_command_downloads_each_place():
    lines = fetch_command(("75056", "69"), Path("w")).splitlines()
    assert lines[1] == "python -m analysis fetch --place 69 --workspace w"
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("text", "codes", "others"),
    [
        ("75056, 69", ("75056", "69"), ()),
        ("2a004;2B\n971 ZA101", ("2A004", "2B", "971", "ZA101"), ()),
        ("Paris 75056 75056", ("75056",), ("PARIS",)),
        ("", (), ()),
    ],
)
def test_codes_of_places(text, codes, others):
    assert places_of(text) == (codes, others)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Saint-Étienne (42)", "saint-etienne-42"),
        ("../../etc/passwd", "etc-passwd"),
        ("  ", ""),
        ("x" * 99, "x" * 60),
    ],
)
def test_names_of_folders(text, slug):
    assert slug_of(text) == slug
