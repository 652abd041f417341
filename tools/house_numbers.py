"""The house in numbers, at two commits: python -m tools.house_numbers BEFORE [AFTER]."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import PurePosixPath
from subprocess import run

TREES = ("analysis", "pages", "tests")
# A question on a workspace → what works out its answer: where the pages call it as well as the
# library's own commands, the question is answered twice.
ANSWERS = {
    "ranking": {"rank_bureaux"},
    "abstention": {"forecast_abstention"},
    "swing": {"measure_swing"},
    "transfers": {"transfers_of", "estimate_transfers"},
    "trial": {"declare"},
    "impact": {"estimate_impact"},
    "turfs": {"cut_turfs", "plan_walks", "make_walks"},
    "returns": {"inbox.receive"},
}


def sources(commit: str) -> dict[PurePosixPath, str]:
    """Return the Python files of the trees at a commit."""
    listed = _git("ls-tree", "-r", "--name-only", commit, *TREES).splitlines()
    return {PurePosixPath(n): _git("show", f"{commit}:{n}") for n in listed if n.endswith(".py")}


def _git(*words: str) -> str:
    return run(["git", *words], check=True, capture_output=True, encoding="utf-8").stdout


def dotted(file: PurePosixPath) -> str:
    """Return the name under which a file is imported."""
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def imports(text: str, names: set[str], *, top: bool = False) -> set[str]:
    """Return the modules among `names` that a file imports; with `top`, while it is loaded."""
    tree = ast.parse(text)
    found: set[str] = set()
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & names or {node.module}
    return found & names if names else {name.partition(".")[0] for name in found}


def longest_chain(files: dict[PurePosixPath, str]) -> list[str]:
    """Return the longest chain of modules of `analysis` that load one another."""
    texts = {dotted(f): t for f, t in files.items() if f.parts[0] == "analysis"}
    needs = {name: imports(text, set(texts), top=True) - {name} for name, text in texts.items()}
    chains: dict[str, list[str]] = {}
    for name in TopologicalSorter(needs).static_order():
        below = max((chains[one] for one in needs[name]), key=len, default=[])
        chains[name] = [name, *below]
    return max(chains.values(), key=len)


def answered_twice(files: dict[PurePosixPath, str]) -> list[str]:
    """Return the questions whose answer is worked out in the pages and in the library."""
    found: dict[str, set[str]] = {question: set() for question in ANSWERS}
    for file, text in files.items():
        calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        called = {getattr(func, "attr", getattr(func, "id", "")) for func in calls}
        # With the module it is taken from: other rooms have a function of the same name.
        called |= {ast.unparse(func) for func in calls if isinstance(func, ast.Attribute)}
        for question, names in ANSWERS.items():
            if called & names:
                found[question].add(file.parts[0])
    return sorted(q for q, trees in found.items() if {"analysis", "pages"} <= trees)


def numbers(commit: str) -> dict[str, str]:
    """Return what is counted at a commit."""
    files = sources(commit)
    told = {}
    for tree in TREES:
        texts = [text for file, text in files.items() if file.parts[0] == tree]
        told[tree] = f"{len(texts)} files, {sum(len(t.splitlines()) for t in texts):,} lines"
    for tree in ("analysis", "pages"):
        stems = Counter(f.stem for f in files if f.parts[0] == tree and f.stem != "__init__")
        told[f"{tree}: modules that share a base name"] = str(
            sum(n for n in stems.values() if n > 1)
        )
    kit = {f: t for f, t in files.items() if f.parts[:2] == ("pages", "_ui")}
    shown = {f for f, text in kit.items() if "streamlit" in imports(text, set())}
    bare = [f for f in kit if f not in shown and f.stem != "__init__"]
    told["pages/_ui: modules, of which without Streamlit"] = f"{len(kit)}, {len(bare)}"
    twice = answered_twice(files)
    told["questions answered in pages and library"] = ", ".join([str(len(twice)), *twice])
    chain = longest_chain(files)
    told["longest chain of imports in analysis"] = f"{len(chain)}: {chain[0]} … {chain[-1]}"
    return told


def main() -> None:
    """Print a row per number and a column per commit."""
    commits = sys.argv[1:] or ["HEAD"]
    columns = [numbers(commit) for commit in commits]
    print("| |", " | ".join(commits), "|")
    print("|---" * (len(commits) + 1) + "|")
    for name in columns[0]:
        print(f"| {name} |", " | ".join(column[name] for column in columns), "|")


if __name__ == "__main__":
    main()
