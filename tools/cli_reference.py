"""Write what each verb takes into docs/cli.md: ``python -m tools.cli_reference [--check]``.

English comes from the commands themselves, French and what a line of help has no room for from
`cli_words.toml`. What stands outside the two marks of the page is written by hand.
"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

import typer.main

from analysis.cli import main as command_line

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "cli.md"
WORDS = Path(__file__).with_name("cli_words.toml")
BEGIN = "<!-- Written by python -m tools.cli_reference: change the commands or cli_words.toml. -->"
END = "<!-- End of what is written. -->"


def written(page: str) -> str:
    """Return the page with the sections of all verbs made anew."""
    before, _begin, rest = page.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def reference() -> str:
    """Return one section per verb.

    Raises
    ------
    ValueError
        When a verb or an option lacks its French, or French is left of one that is gone.
    """
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    verbs = typer.main.get_command(command_line.app).commands  # type: ignore[attr-defined]
    same(set(verbs), set(words), "verbs")
    return "\n".join(section(name, verb, words[name]) for name, verb in verbs.items())


def section(name: str, verb: Any, words: dict[str, Any]) -> str:  # noqa: ANN401
    """Return the section of a verb: usage, what it does, its options, notes."""
    french, more = words["options"], words.get("more", {})
    same({key(one) for one in verb.params}, set(french), name)
    same(set(more) - set(french), set(), f"{name}, more")
    same({key(one) for one in verb.params if not one.help}, set(), f"{name}, help")
    lines = [f"### `{name}`", "", f"{words['fr']} *{verb.help}*", ""]
    lines += ["```", usage(name, verb.params), "```", ""]
    lines += ["| option | français | English |", "|---|---|---|"]
    for one in verb.params:
        names = ", ".join(f"`{text}`" for text in labels(one))
        english = f"{one.help or ''}{default(one)} {more.get(key(one), '')}".strip()
        lines.append(f"| {names} | {french[key(one)]} | {english} |")
    if actions := words.get("actions"):
        lines += ["", "| action | français | English |", "|---|---|---|"]
        lines += [f"| `{one}` | {fr} | {en} |" for one, (fr, en) in actions.items()]
    for note in words.get("notes", ()):
        lines += ["", note.strip()]
    return "\n".join([*lines, ""])


def usage(name: str, params: list[Any]) -> str:
    """Return the shortest command that runs: arguments and what is required."""
    needed = []
    for one in params:
        if one.param_type_name == "argument":
            needed.append(key(one) if one.required else f"[{key(one)}…]")
        elif one.required:
            needed.append(f"{one.opts[0]} {one.metavar or one.name.upper()}")
    optional = any(not one.required and one.param_type_name == "option" for one in params)
    return " ".join(["python -m analysis", name, *needed, *(["[OPTION…]"] if optional else [])])


def key(one: Any) -> str:  # noqa: ANN401
    """Return what `cli_words.toml` calls an option or an argument."""
    return str(one.opts[0] if one.param_type_name == "option" else one.name.upper())


def labels(one: Any) -> list[str]:  # noqa: ANN401
    """Return all names of an option, or the one of an argument."""
    return [*one.opts, *one.secondary_opts] if one.param_type_name == "option" else [key(one)]


def default(one: Any) -> str:  # noqa: ANN401
    """Return the default in words, where it is a value."""
    if one.default in (None, "", []) or isinstance(one.default, bool):
        return ""
    value = one.default if isinstance(one.default, list) else [one.default]
    return f" Default: {', '.join(f'`{part}`' for part in value)}."


def same(there: set[str], told: set[str], what: str) -> None:
    """Refuse words that do not fit the commands."""
    if there != told:
        message = f"{WORDS.name}, {what}: {sorted(there ^ told)} on one side only"
        raise ValueError(message)


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with ``--check`` only say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="python -m tools.cli_reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, compare")
    page = PAGE.read_text(encoding="utf-8")
    made = written(page)
    if parser.parse_args(arguments).check:
        print("docs/cli.md: " + ("up to date" if made == page else "not what the commands say"))
        return int(made != page)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
