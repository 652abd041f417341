"""Tests of the verb `script`, as a user types it."""

from __future__ import annotations

import shutil

import pytest

from analysis.cli import main
from analysis.fieldwork import script_versions
from analysis.fieldwork.questionnaire import preset, to_toml


@pytest.fixture
def script(valmont, tmp_path, capsys):
    """Run an action in a copy of Valmont; return its exit code and what it printed."""
    workspace = tmp_path / "valmont"
    shutil.copytree(valmont.path, workspace, ignore=shutil.ignore_patterns("fieldwork"))

    def run(*words):
        try:
            main.main(["script", *map(str, words), "--workspace", str(workspace)])
            code = 0
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return code, said.out + said.err

    run.folder, run.workspace = tmp_path, workspace
    return run


def test_show_set_and_answers(script):
    shown = script.folder / "script.toml"
    assert script("show", "--out", shown)[0] == 0
    warning, _end, rest = shown.read_bytes().partition(b"\n")
    # Its first line says that the town is invented, and no more.
    assert warning.startswith(b"# Lieu fictif")
    assert rest == to_toml(preset("valmont"))
    shown.write_bytes(to_toml(preset("general")))
    code, said = script("set", shown)
    assert code == 0
    assert preset("general").version in said
    assert script_versions.current(script.workspace).version == preset("general").version
    for name in ("answers.csv", "answers.xlsx"):
        code, said = script("answers", "--out", script.folder / name)
        assert (code, "0 conversations" in said) == (0, True)
        assert (script.folder / name).stat().st_size


@pytest.mark.parametrize("words", [("set",), ("set", "nothing.toml"), ("answers",), ("sing",)])
def test_what_cannot_be_done_is_advice(script, words):
    code, said = script(*words)
    assert code == 1
    assert "Traceback" not in said


def test_a_script_that_asks_for_a_name_is_refused(script):
    file = script.folder / "bad.toml"
    text = to_toml(preset("general")).decode().replace("Was our visit of any use?", "Your name?")
    file.write_text(text, encoding="utf-8")
    code, said = script("set", file)
    assert code == 1
    assert "must not note" in " ".join(said.split())
    assert script_versions.current(script.workspace) is None
