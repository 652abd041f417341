"""The documents say what the code does: options, columns, tables, numbers, links."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
import typer.main

from analysis.cli import main
from analysis.tables.schema import TABLES
from analysis.targeting.params import Params
from analysis.workflows.server_access import ACTIONS
from tools import cli_reference

ROOT = Path(__file__).parents[1]
MANUAL = cli_reference.PAGE.read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
VERBS = typer.main.get_command(main.app).commands
_CODE = re.compile(r"^```(.*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def section(title: str) -> str:
    """Return what stands below a heading of docs/cli.md, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}[^\n]*\n(.*?)(?=^#|\Z)", MANUAL, re.M | re.S)
    assert found, f"docs/cli.md has no heading {title}"
    return found[1]


def first_cells(table: str) -> set[str]:
    """Return what stands in backquotes in the first column of a table."""
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def options(verb: str) -> set[str]:
    return {
        name
        for option in VERBS[verb].params
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("--")
    }


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_manual_lists_every_option_of_the_verb_and_no_other(verb):
    listed = {name for name in first_cells(section(f"`{verb}`")) if name.startswith("--")}
    assert listed == options(verb)


def test_the_manual_is_what_the_commands_say():
    assert cli_reference.written(MANUAL) == MANUAL


def test_words_that_fit_no_option_are_refused():
    with pytest.raises(ValueError, match=r"rank: \['--hours'\]"):
        cli_reference.same({"--bloc", "--hours"}, {"--bloc"}, "rank")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_in_a_document_names_options_that_exist(page):
    for _, block in _CODE.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if found := re.search(r"python -m analysis ([\w-]+)(.*)", line):
                assert set(_OPTION.findall(found[2])) <= options(found[1]), line


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run the manual's commands, as they stand, in an empty folder."""
    folder = tmp_path_factory.mktemp("manual")
    blocks = [block for info, block in _CODE.findall(MANUAL) if info.strip() == "sh run"]
    assert blocks
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in "".join(blocks).replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            assert words[:3] == ["python", "-m", "analysis"], line
            with pytest.raises(SystemExit) as end:
                main.main(words[3:])
            assert not end.value.code, line
    return folder


def test_the_manual_lists_the_columns_of_the_ranking_in_their_order(ran):
    listed = re.findall(r"`([a-z_]+)`", "".join(rows(section("Les colonnes du classement"))))
    columns = list(pd.read_csv(ran / "cibles.csv"))
    assert set(listed) - {"score"} == set(columns) - {"score"}
    assert listed[:9] == columns[:9]


def rows(table: str) -> list[str]:
    """Return the first cells of a table's rows."""
    return [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]


def test_the_manual_lists_the_keys_of_the_manifest(ran):
    manifest = json.loads((ran / "workspaces/valmont/manifest.json").read_text(encoding="utf-8"))
    text = section("`manifest.json`")
    # Only a place read through a column map has words of its own.
    assert first_cells(text) == {*manifest, "terrain"}
    for part in (*manifest["tables"].values(), *manifest["elections"].values()):
        assert {f"`{name}`" for name in part} <= set(re.findall(r"`\w+`", text))


def test_docs_tables_lists_every_table_and_column():
    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", page, flags=re.MULTILINE)
    found = {part.split("\n")[0].strip("`"): part for part in parts if part.startswith("`")}
    assert set(found) == set(TABLES)
    for name, table in TABLES.items():
        wanted = [
            f"| `{n}` | {c.dtype}{'?' if c.nullable else ''} | {c.unit} | {c.meaning} |"
            for n, c in table.columns.items()
        ]
        assert [line for line in found[name].splitlines() if line.startswith("| `")] == wanted
        assert all(f"*{identity.rule}*" in found[name] for identity in table.identities)
        assert f"Key: {', '.join(f'`{key}`' for key in table.key)}." in found[name]


def test_the_planners_numbers_in_the_docs_are_those_of_the_code():
    page = (ROOT / "docs" / "methods" / "value.md").read_text(encoding="utf-8")
    for name, b in Params().beliefs.items():
        row = f"| `{name}` | {b.value:g} | {b.low:g} | {b.high:g} | {b.unit} | {b.source} |"
        assert row in page, f"docs/methods/value.md lacks: {row}"


def anchors(page: Path) -> set[str]:
    """Return the anchors a code host gives to the headings of a page."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (unicodedata.normalize("NFC", head).lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"(?:\]\(|src=\")([^)\"]+)[)\"]", text):
        if target.startswith(("http:", "https:")):
            continue
        file, _, anchor = target.partition("#")
        there = page.parent / file if file else page
        assert there.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(there), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_named_in_backquotes_exist(page):
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    rooms = "analysis|pages|tests|tools|docs|locales|benchmarks|data_samples|notebooks"
    inside = rf"`((?:{rooms})/[\w./]*\w)/?`"
    commands = re.findall(r"`python (benchmarks/\w+\.py)`", text)
    for name in [*re.findall(inside, text), *commands]:
        assert (ROOT / name).exists(), f"{page.name}: {name}"


WRITTEN = [*PAGES, *(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "benchmarks").glob("*.py")]


@pytest.mark.parametrize("file", WRITTEN, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_document_knows_a_machine(file):
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(?:work|tmp|home|root|Users)/|[A-Z]:\\\\?Users", text)


def test_the_audit_knows_what_every_verb_can_do():
    """What stands after a verb is written down by its name only where the audit knows it."""
    told = [p.help for verb in VERBS.values() for p in verb.params if p.name == "action"]
    assert len(told) > 5
    named = {word for text in told for word in re.findall(r"[a-z]+", text)} - {"or"}
    assert named <= ACTIONS
