"""Commands over départements: the bytes of one alone, whoever works, whoever is killed."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace

import pytest

from analysis.errors import DataError
from analysis.workflows import spread
from analysis.workflows.build import Inputs, build
from analysis.workflows.ranking import rank_to_file
from analysis.workflows.spread import Command, commands_for, opened, run_each
from analysis.workflows.transfers import Asked, transfers_to_file
from tests.made import sample_results, write_results

ONCE = """
import os, pathlib, signal, sys
mark = pathlib.Path(sys.argv[1])
if {again} or not mark.exists():
    mark.write_text("tried")
    os.kill(os.getpid(), signal.SIGKILL)
print("lived")
"""


@pytest.fixture(scope="module")
def cluster():
    """Start a scheduler and two workers, each a process of its own."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as local:
        yield local


@pytest.fixture
def nation(tmp_path, valmont, monkeypatch):
    """Make two workspaces, called as départements are."""
    for code in ("01", "2A"):
        shutil.copytree(valmont.path, tmp_path / code)
    monkeypatch.chdir(tmp_path)
    return tmp_path


ASKED = ("--for", "2027_pres_t1", "--bloc", "left", "--hours", "50")


def commands(folder, out):
    words = ("rank", "--workspace", "{code}", "--out", f"{out}_{{code}}.csv", *ASKED)
    return commands_for(("01", "2A"), words, str(folder))


def scripts(folder, *, again=False):
    script = ONCE.format(again=again)
    marks = {code: str(folder / code) for code in ("01", "2A", "75")}
    plain = (sys.executable, "-c", "print('lived')")
    return [
        Command(c, (sys.executable, "-c", script, m) if c == "2A" else plain, str(folder))
        for c, m in marks.items()
    ]


def test_workers_and_a_cluster_write_the_bytes_of_one_alone(nation, cluster):
    asked = {"election": "2027_pres_t1", "bloc": "left", "hours": 50.0}
    told = []
    with opened(2) as executor:
        ended = run_each(commands(nation, "w"), executor, progress=lambda *one: told.append(one))
    with opened(0, cluster.scheduler_address) as executor:
        again = run_each(commands(nation, "c"), executor)
    assert list(ended) == list(again) == ["01", "2A"]
    assert [one.exit_code for one in (*ended.values(), *again.values())] == [0] * 4
    assert sorted(share for _, share in told) == [0.5, 1.0]
    for code in ended:
        rank_to_file(nation.joinpath(code).relative_to(nation), nation / f"a_{code}.csv", asked)
        alone = (nation / f"a_{code}.csv").read_bytes()
        assert (nation / f"w_{code}.csv").read_bytes() == alone
        assert (nation / f"c_{code}.csv").read_bytes() == alone
    # Two départements are two files, each with its own account.
    one, other = (nation / f"a_{code}.csv-metadata.json" for code in ended)
    assert one.read_bytes() != other.read_bytes()


def test_transfers_of_several_departements_are_the_same_on_a_cluster(tmp_path, cluster):
    tables = sample_results()
    for table in tables:
        far = table["code_bv"] >= "0024"
        table.loc[far, ["code_departement", "code_commune"]] = ["2A", "2A004"]
        table.loc[~far, ["code_departement", "code_commune"]] = ["01", "01053"]
    build(Inputs(*write_results(tmp_path, *tables)), tmp_path / "ws")
    asked = Asked(tmp_path / "ws", ("2022_pres_t1", "2022_pres_t2"), workers=1)
    transfers_to_file(asked, tmp_path / "alone.csv")
    there = replace(asked, cluster=cluster.scheduler_address)
    transfers_to_file(there, tmp_path / "cluster.csv")
    assert (tmp_path / "cluster.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()
    assert (tmp_path / "alone.csv").read_text().count("\n") > 10


def test_a_process_that_is_killed_is_done_again_alone(tmp_path):
    with opened(2) as executor:
        ended = run_each(scripts(tmp_path), executor)
    assert {code: one.printed.strip() for code, one in ended.items()} == dict.fromkeys(
        ("01", "2A", "75"), "lived"
    )


def killer(command):
    """Kill the worker itself where it first works on 2A."""
    import os
    import signal
    from pathlib import Path

    from analysis.workflows.spread import Ended

    Path(command.folder, f"{command.code}-{os.getpid()}").touch()
    if command.code == "2A" and len(list(Path(command.folder).glob("2A-*"))) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return Ended(0, f"{command.code} lived", "")


def test_a_worker_of_the_cluster_that_is_killed_costs_only_its_departements(tmp_path, cluster):
    # A test module is not installed on the workers: the function goes there by value.
    killer.__module__ = "__main__"
    codes = ("01", "2A", "75", "69")
    asked = [Command(code, (), str(tmp_path)) for code in codes]
    with opened(0, cluster.scheduler_address) as executor:
        ended = run_each(asked, executor, work=killer)
    assert [one.printed for one in ended.values()] == [f"{code} lived" for code in codes]
    tried = {code: len(list(tmp_path.glob(f"{code}-*"))) for code in codes}
    assert tried["2A"] == 2


def test_what_is_killed_each_time_is_named_and_the_others_are_done(tmp_path):
    with opened(2) as executor, pytest.raises(DataError, match="1 of 3 .* 3 times: 2A") as caught:
        run_each(scripts(tmp_path, again=True), executor)
    assert "01, 75" in caught.value.where


@pytest.mark.parametrize(
    ("words", "codes", "says"),
    [
        (("rank", "--out", "r.csv"), ("01",), "file of its own"),
        (("rank", "--out", "{code}.csv"), ("01", "01"), "given twice"),
    ],
)
def test_runs_that_would_write_one_file_are_refused(words, codes, says):
    with pytest.raises(DataError, match=says):
        commands_for(codes, words, ".")


def test_an_address_where_nobody_answers_is_told(monkeypatch):
    # Nobody is going to start one here meanwhile.
    monkeypatch.setattr(spread, "_ANSWER_S", 1)
    with (
        pytest.raises(DataError, match="No Dask scheduler answers"),
        opened(0, "tcp://127.0.0.1:9"),
    ):
        pass


def test_without_dask_the_way_to_get_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DataError, match=r"requirements-cluster\.txt"), opened(0, "tcp://x:1"):
        pass
