"""Read-only folders, too little memory, Ctrl-C and passwords: one line each, never a traceback."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.cli import main as command_line
from analysis.cli.interrupts import STOPPED
from analysis.database.engine import connect
from analysis.database.store_faults import explain
from analysis.errors import DataError
from tests.made import VALMONT

RESULTS = [str(VALMONT / name) for name in ("general_results.csv", "candidats_results.csv")]


@pytest.fixture
def run(capsys):
    def call(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command_line.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied", "/a/b"), "Permission denied.\n  where: /a/b\n"),
        (OSError(30, "Read-only file system", "/ro/x"), "Read-only file system.\n  where: /ro/x\n"),
        (IsADirectoryError(21, "Is a directory", "/tmp"), "Is a directory.\n  where: /tmp\n"),
        (MemoryError(), "This machine has too little memory for that.\n"),
    ],
)
def test_what_the_machine_refuses_is_told_with_code_1(run, monkeypatch, error, told):
    def refuse(*_arguments, **_options):
        raise error

    monkeypatch.setattr("analysis.workflows.build.build", refuse)
    code, _, err = run("build", "--workspace", "w", "--results", *RESULTS)
    assert code == 1
    assert told in err
    assert "mend:" in err


def test_a_hundred_thousand_million_draws_are_refused(run, valmont, tmp_path):
    scenario = tmp_path / "s.toml"
    asked = 'election = "2027_pres_t1"\nbloc = "left"\ndraws = 100000000000\n'
    scenario.write_text(asked, encoding="utf-8")
    words = ("--workspace", valmont.path, "--params", scenario, "--out", tmp_path / "r.csv")
    code, _, err = run("rank", *words)
    assert code == 1
    assert "up to 100000" in err


@pytest.mark.parametrize(
    "url",
    ["postgresql://ann:geheim", "mysql:ann:geheim", "postgresql//ann:geheim", "geheim"],
)
def test_a_url_that_is_none_does_not_print_its_password(url):
    with pytest.raises(DataError) as caught:
        connect(url)
    assert "geheim" not in str(caught.value)


def test_a_password_behind_the_question_mark_is_not_printed():
    engine = connect("postgresql://ann:geheim@127.0.0.1:1/x?password=geheim2&connect_timeout=1")
    fault = Exception("no answer")
    from sqlalchemy.exc import OperationalError

    told = str(explain(OperationalError("", None, fault), engine.url))
    assert "geheim" not in told
    assert "127.0.0.1" in told


def test_a_store_is_its_owners(tmp_path):
    file = tmp_path / "returns.sqlite"
    for _ in range(2):
        engine = connect(f"sqlite:///{file}")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (a)")
        engine.dispose()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        # One that an earlier version left open to others is closed.
        file.chmod(0o644)


@pytest.mark.parametrize("seconds", [0.05, 0.7, 2.0])
def test_ctrl_c_ends_with_one_line(tmp_path, seconds):
    words = ["build", "--workspace", str(tmp_path / "w"), "--results", *RESULTS]
    words += ["--contours", str(VALMONT / "contours_2024.geojson"), "--vintage", "2024"]
    code = (
        "from analysis.cli.interrupts import stoppable\n"
        "with stoppable():\n"
        "    print('ready', flush=True)\n"
        "    from analysis.cli.main import main\n"
        f"    main({words!r})\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    ) as process:
        # Before that it is Python that starts, and that speaks.
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert process.returncode in (STOPPED, 0)
    if process.returncode == STOPPED:
        assert "Stopped:" in err
        assert not list(tmp_path.glob("w/*.parquet"))


def test_what_is_done_is_stopped_no_more():
    """Python takes a while to end; Ctrl-C in it made a failure of a command that was done."""
    code = (
        "import os, signal\nfrom analysis.cli.interrupts import stoppable\n"
        "with stoppable():\n    print('done')\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("election", ["0000_pres_t1", "9999_pres_t1"])
def test_a_year_nobody_votes_in_names_no_election(run, valmont, tmp_path, election):
    words = ("--workspace", valmont.path, "--bloc", "left", "--out", tmp_path / "r.csv")
    code, _, err = run("rank", *words, "--for", election)
    assert code == 1
    assert "does not name an election" in err
    assert "1848 to 2100" in err
    assert run("rank", *words, "--for", "2100_pres_t1")[0] == 0


def test_hours_beyond_anybody_are_refused(run, valmont, tmp_path):
    words = ("--workspace", valmont.path, "--bloc", "left", "--for", "2027_pres_t1")
    code, _, err = run("rank", *words, "--out", tmp_path / "r.csv", "--hours", "1e308")
    assert code == 1
    assert "Nobody has that many hours: 10000000 at most." in err


def test_a_column_that_stands_twice_is_told(run, tmp_path):
    text = (VALMONT / "general_results.csv").read_text(encoding="utf-8")
    head, _, rows = text.partition("\n")
    file = tmp_path / "general_results.csv"
    file.write_text(f"{head};inscrits\n" + rows.replace("\n", ";5\n"), encoding="utf-8")
    code, _, err = run("build", "--workspace", tmp_path / "w", "--results", file, RESULTS[1])
    assert code == 1
    assert "general_results.csv: inscrits" in err


def test_endless_names_are_drawn(run, tmp_path):
    for name in RESULTS:
        text = Path(name).read_text(encoding="utf-8")
        new = tmp_path / Path(name).name
        new.write_text(text.replace("Valmont", "$N_{" + "ombre" * 4000), encoding="utf-8")
    contours = ("--contours", VALMONT / "contours_2024.geojson", "--vintage", "2024")
    files = (tmp_path / Path(name).name for name in RESULTS)
    assert run("build", "--workspace", tmp_path / "w", "--results", *files, *contours)[0] == 0
    asked = ("--workspace", tmp_path / "w", "--bloc", "left", "--for", "2027_pres_t1")
    for suffix in ("pdf", "png"):
        assert run("rank", *asked, "--out", tmp_path / f"r.{suffix}")[0] == 0


def test_a_server_tells_at_its_start_that_bounces_have_no_address(run, monkeypatch):
    from analysis.access.server_settings import ServerSettings
    from analysis.workflows import server_access

    begin = subprocess.Popen
    monkeypatch.setenv("PALIER_BOUNCES", "retours")
    monkeypatch.setattr(server_access, "settings", lambda: ServerSettings(server=True))
    monkeypatch.setattr(server_access, "engine", lambda: None)
    monkeypatch.setattr(server_access, "close", lambda: None)
    monkeypatch.setattr("subprocess.Popen", lambda *_a, **_k: begin(["true"]))
    monkeypatch.setattr("signal.signal", lambda *_a: None)
    code, _, err = run("serve")
    assert code == 0
    assert "PALIER_BOUNCES" in err
    monkeypatch.delenv("PALIER_BOUNCES")
    assert run("serve") == (0, "", "")
