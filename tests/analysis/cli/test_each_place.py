"""One verb over départements, as people type it."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture
def nation(tmp_path, valmont, monkeypatch):
    for code in ("01", "2A"):
        shutil.copytree(valmont.path, tmp_path / code)
    monkeypatch.chdir(tmp_path)
    return tmp_path


VERBS = {
    "rank": ("--for", "2027_pres_t1", "--bloc", "left", "--hours", "50", "--out", "o/{code}.csv"),
    "transfers": ("--from", "2022_pres_t1", "--to", "2022_pres_t2", "--out", "o/{code}.csv"),
    "backtest": ("--target", "2024_legi_t1", "--out", "o/{code}.json"),
    "turfs": ("--targets", "t_{code}.csv", "--top", "1", "--no-sheets", "--out", "o/{code}"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_runs_once_for_each_departement(run, nation, verb):
    (nation / "o").mkdir()
    for code in ("01", "2A"):
        (nation / f"t_{code}.csv").write_text("bureau_id\n99900_0001\n")
    words = (verb, "--workspace", "{code}", *VERBS[verb])
    code, out, err = run(*words, "--each", "01", "2A", "--workers", "2")
    assert code == 0, err
    assert "2 of 2 done" in out
    assert out.index("== 01") < out.index("== 2A")
    made = {one.name.split(".")[0]: one for one in (nation / "o").iterdir()}
    assert {"01", "2A"} <= set(made)
    alone, _, err = run(*(word.replace("{code}", "01").replace("o/", "alone_") for word in words))
    assert alone == 0, err
    file = nation / words[-1].replace("{code}", "01").replace("o/", "alone_")
    if file.is_dir():
        name = "turfs.csv"
        assert (file / name).read_bytes() == (made["01"] / name).read_bytes()
    else:
        assert file.read_bytes() == made["01"].read_bytes()


def test_one_that_is_wrong_does_not_keep_the_others(run, nation):
    shutil.rmtree(nation / "2A")
    words = ("rank", "--workspace", "{code}", *VERBS["rank"])
    (nation / "o").mkdir()
    code, out, _ = run(*words, "--each", "01", "2A")
    assert code == 1
    assert "1 of 2 done; not: 2A" in out
    assert "This folder is not a workspace" in out
    assert (nation / "o" / "01.csv").is_file()


def test_workers_without_departements_are_refused(run, nation):
    code, _, err = run("rank", "--workspace", "01", *VERBS["rank"], "--workers", "2")
    assert code == 1
    assert "nothing to spread" in err
