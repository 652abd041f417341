"""Keep the French catalogue in step with the code: ``python -m tools.extract_texts [--check]``."""

from __future__ import annotations

import argparse
import os
import string
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from analysis.i18n import ERROR
from analysis.text_catalogue import catalogue_file, read_catalogue
from tools.library_texts import PUNCTUATION, keyed_texts, library_texts, misfilled
from tools.text_marks import KEYWORDS, misused

ROOT = Path(__file__).parents[1]


def sources(root: Path = ROOT) -> list[Path]:
    """List the files of the app, whose texts people read."""
    return [*root.glob("app.py"), *sorted((root / "pages").rglob("*.py"))]


def library(root: Path = ROOT) -> list[Path]:
    """List the files that may raise an error or make a text for people."""
    return [*sorted((root / "analysis").rglob("*.py")), *sources(root)]


def template(root: Path = ROOT) -> Catalog:
    """Collect every marked text of the pages and every text of the library, with its file."""
    catalogue = Catalog(domain="palier")
    for file in sources(root):
        place = file.relative_to(root).as_posix()
        found = extract_from_file("python", file, KEYWORDS, comment_tags=("Translators:",))
        for _line, text, comments, context in found:
            catalogue.add(text, locations=[(place, 1)], auto_comments=comments, context=context)
    for file in library(root):
        place = file.relative_to(root).as_posix()
        for text, context in [*library_texts(file), *keyed_texts(file)]:
            catalogue.add(text, locations=[(place, 1)], context=context)
    # What strings values together is part of every text of the library, if there is one.
    if any(message.context == ERROR for message in catalogue):
        for text in PUNCTUATION:
            catalogue.add(text, locations=[("analysis/errors.py", 1)], context=ERROR)
    return catalogue


def update(file: Path, root: Path = ROOT) -> list[str]:
    """Bring a `.po` file in step with the code; return the texts that still need a translation.

    Translations stay; new texts come in empty; texts no longer used go.
    """
    catalogue = read_catalogue(file)
    catalogue.update(template(root), no_fuzzy_matching=True, update_creation_date=False)
    aside = file.with_suffix(".part")
    with aside.open("wb") as stream:
        # Line numbers would change the file whenever a page moves.
        write_po(
            stream,
            catalogue,
            width=98,
            ignore_obsolete=True,
            include_lineno=False,
            sort_by_file=True,
        )
    os.replace(aside, file)
    return [name(message) for message in catalogue if message.id and not all(strings(message))]


def faults(file: Path, root: Path = ROOT) -> list[str]:
    """List what keeps a reader of this language from reading every text, one line each."""
    catalogue, wanted = read_catalogue(file), template(root)
    ids = {key(message): message for message in wanted if message.id}
    have = {key(message): message for message in catalogue if message.id}
    found = [f"not in the catalogue: {name(ids[k])}" for k in ids.keys() - have.keys()]
    found += [f"no longer used: {name(have[k])}" for k in have.keys() - ids.keys()]
    found += [f"no longer used: {name(message)}" for message in catalogue.obsolete.values()]
    for message in have.values():
        if not all(strings(message)):
            found.append(f"not translated: {name(message)}")
        elif message.fuzzy:
            found.append(f"fuzzy: {name(message)}")
        elif wrong := [text for text in strings(message) if fields(text) != expected(message)]:
            found.append(f"other placeholders than {name(message)}: {wrong[0]}")
    return sorted(found)


def key(message: Message) -> tuple[str | None, str]:
    """Return what tells one message from another."""
    return message.context, name(message)


def name(message: Message) -> str:
    """Return the English text; of a plural, the singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def strings(message: Message) -> tuple[str, ...]:
    """Return the translations: one, or one per plural form."""
    given = message.string
    texts = tuple(given) if isinstance(given, tuple | list) else (given or "",)
    return texts if isinstance(message.id, str) or len(texts) > 1 else (*texts, "")


def fields(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}


def expected(message: Message) -> set[str]:
    """Return the names a translation must hold: French says "0 bureau", so of the plural."""
    return fields(message.id if isinstance(message.id, str) else message.id[1])


def main(arguments: list[str] | None = None, *, file: Path | None = None, root: Path = ROOT) -> int:
    """Update the French catalogue, or with ``--check`` only list its faults."""
    parser = argparse.ArgumentParser(prog="python -m tools.extract_texts", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, list the faults")
    file = file or catalogue_file("fr")
    if parser.parse_args(arguments).check:
        found = [*faults(file, root), *misused(sources(root)), *misfilled(library(root))]
    else:
        found = [f"to translate: {text}" for text in update(file, root)]
    print("\n".join(found) or f"{file.name}: complete")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
