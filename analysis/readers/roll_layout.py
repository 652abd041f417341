"""What a file of the electoral roll looks like: encoding, delimiter, and which columns are ours.

Two layouts are known: extracts of the REU (27 columns) and the e-liste before it (order of 12
November 2013, INTA1326795A, article 2). Headings are met without case, accents and punctuation.
Where and of which nation somebody was born is not to be read: no name is kept for these columns.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from analysis.errors import DataError, Text, some
from analysis.readers.beginnings import delimiter_of, encoding_of, plain
from analysis.readers.mistaken import refuse_mistaken
from analysis.readers.packed import Opened, opened, too_large
from analysis.tables.sources import sha256

BAD = "\N{REPLACEMENT CHARACTER}"
_BLOCK = 1 << 24
# Letters of a row: what has no end of line would be read again with each block.
_LONGEST = 1 << 20
# Our name → headings as `plain` leaves them. What is not here is never read.
HEADINGS = {
    "list": ("libelledutypedeliste", "typedeliste", "typeliste", "codedutypedeliste"),
    "department": ("codedepartement",),
    "commune": ("codedelugle", "codedulugle", "codeugle", "codecommune", "codedelacommune"),
    "birth_name": ("nomdenaissance", "nomnaissance"),
    "used_name": ("nomdusage", "nomusage"),
    "first_names": ("prenoms", "prenom", "prenomsdenaissance"),
    "sex": ("sexe",),
    "birth_date": ("datedenaissance", "datenaissance"),
    "number": ("numerodevoie", "numerovoie", "numvoie"),
    "way": ("typevoie", "typedevoie"),
    "street": ("libelledevoie", "libellevoie", "libelledelavoie"),
    "extra_1": ("complement1", "complementdelocalisation1"),
    "extra_2": ("complement2", "complementdelocalisation2"),
    "hamlet": ("lieudit",),
    "postcode": ("codepostal",),
    "city": ("commune", "villelocalite", "libellecommune"),
    "bureau": ("codedubureaudevote", "nobureaudevote", "numerodubureaudevote", "codebureau"),
    "order": ("numerodordredanslebureaudevote", "noelecteurgeneral", "numerodordre"),
}
NEEDED = ("birth_name", "first_names", "street", "bureau")
# Birthplace, country of birth, nationality: CNIL allows no sorting by them.
_FORBIDDEN = re.compile(r"naissance|nationalite")


@dataclass(frozen=True, slots=True)
class RollLayout:
    """Where things stand in a file of the roll.

    Attributes
    ----------
    encoding, delimiter
        As Python names the one; what parts cells.
    width
        Cells of a row.
    columns
        Our name → position, from 0.
    forbidden
        Headings of columns about birthplace and nationality, which are not read.
    unread
        Number of other columns that are not read.
    header_line
        Line of the header, from 1.
    """

    encoding: str
    delimiter: str
    width: int
    columns: dict[str, int]
    forbidden: tuple[str, ...]
    unread: int
    header_line: int


@dataclass(frozen=True, slots=True)
class RollSource:
    """A file of the roll: on a disk; or in memory, so that what is not to be read reaches no disk.

    Attributes
    ----------
    name
        Of the file, without its folder.
    content
        Where it is, or all of it.
    """

    name: str
    content: Path | memoryview

    @classmethod
    def of(cls, given: Path | str | RollSource) -> RollSource:
        """Return a source as it is; of a path, the file there."""
        return given if isinstance(given, RollSource) else cls(Path(given).name, Path(given))

    def stream(self) -> pa.NativeFile | Opened:
        """Open it; what is gzipped is opened out."""
        return opened(self.content, self.name)

    def sha256(self) -> str:
        """Return the digest of the file, "" where there is none."""
        if isinstance(self.content, Path):
            return sha256(self.content) if self.content.is_file() else ""
        return hashlib.sha256(self.content).hexdigest()


def is_roll(headings: Iterable[str], *, reachable: bool) -> bool:
    """Tell whether a table is an extract of the roll, whatever it is given as.

    Parameters
    ----------
    headings
        As they stand in the file.
    reachable
        Whether it has a column of e-mail addresses or telephone numbers, which no roll has: what
        says of each row on which list of the roll it stands is one all the same.
    """
    names = {plain(heading) for heading in headings}
    known = {ours for ours, spelt in HEADINGS.items() if names & set(spelt)}
    return known >= set(NEEDED) and ("list" in known or not reachable)


def layout_of(source: RollSource) -> RollLayout:
    """Recognise the layout of a file of the roll.

    Raises
    ------
    DataError
        When there is no such file, it is no text, or its header lacks what a roll has. No cell
        of the file is ever quoted: a file without a header begins with a person.
    """
    if isinstance(source.content, Path) and not source.content.is_file():
        raise DataError(
            "There is no such file.", where="{path}", mend="Check the path.", path=source.content
        )
    encoding = _encoding(source)
    line, header = 0, ""
    for text in _texts(source, encoding):
        for number, one in enumerate(text.splitlines(), 1):
            if one.strip():
                line, header = number, one.lstrip("\ufeff")
                break
        break
    if not header:
        raise DataError(
            "{file} is empty.", where="{file}", mend="Ask for it again.", file=source.name
        )
    delimiter = delimiter_of(header)
    cells = [cell.strip() for cell in next(csv.reader([header], delimiter=delimiter))]
    columns = _columns(source.name, [plain(cell) for cell in cells])
    rest = [cell for at, cell in enumerate(cells) if at not in columns.values()]
    forbidden = tuple(cell for cell in rest if _FORBIDDEN.search(plain(cell)))
    return RollLayout(
        *(encoding, delimiter, len(cells), columns, forbidden),
        unread=len(rest) - len(forbidden),
        header_line=line,
    )


def _columns(file: str, names: list[str]) -> dict[str, int]:
    spelt = {heading: ours for ours, headings in HEADINGS.items() for heading in headings}
    columns: dict[str, int] = {}
    for at, name in enumerate(names):
        ours = spelt.get(name)
        if ours is None:
            continue
        if ours in columns:
            raise DataError(
                "A column stands twice in {file}, and nothing tells which is meant.",
                where="{file}: {twice}",
                mend="Keep one of them, or give the publisher's file.",
                file=file,
                twice=HEADINGS[ours][0],
            )
        columns[ours] = at
    if missing := [name for name in NEEDED if name not in columns]:
        raise DataError(
            "{file} has not the header of an electoral roll.",
            where="{file}: {known} column(s) recognised; lacking: {missing}",
            mend="Give the extract as the town hall or the prefecture gave it out, its line of "
            "headings included.",
            file=file,
            known=len(columns),
            missing=some(HEADINGS[name][0] for name in missing),
        )
    return columns


def text_blocks(source: RollSource, encoding: str) -> Iterator[bytes]:
    """Yield a file as UTF-8, in blocks of whole lines that end in a line feed.

    What cannot be read stands as `BAD`; a carriage return alone ends a line where no line feed
    does.
    """
    rest = ""
    for text in _texts(source, encoding):
        whole = rest + text
        if "\r" in whole:
            whole = whole.replace("\r\n" if "\n" in whole else "\r", "\n")
        # A carriage return at the very end may be half of what ends a line.
        cut = whole.rfind("\n") + 1
        rest = whole[cut:]
        if len(rest) > _LONGEST:
            raise too_large(Path(source.name), Text("{n} letters in one row", n=_LONGEST))
        if cut:
            yield whole[:cut].encode("utf-8")
    if rest.rstrip("\r"):
        yield (rest.rstrip("\r") + "\n").encode("utf-8")


def _texts(source: RollSource, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    try:
        with source.stream() as stream:
            while block := stream.read(_BLOCK):
                # No text has it, and PostgreSQL takes none.
                yield decoder.decode(block).replace("\0", "")
        yield decoder.decode(b"", final=True)
    except OSError as error:
        raise DataError(
            "{file} cannot be read to its end: it is cut or damaged.",
            where="{file}: {text}",
            mend="Ask for it again; compare its size with the original's.",
            file=source.name,
            text=type(error).__name__,
        ) from error


def _encoding(source: RollSource) -> str:
    """Return the encoding of a file, told from the first block with a letter above ASCII."""
    with source.stream() as stream:
        start = block = stream.read(_BLOCK)
        while block and block.isascii():
            block = stream.read(_BLOCK)
    marked = encoding_of(start[:4])
    if marked != "utf-8":
        return marked
    refuse_mistaken(source.name, start)
    if b"\0" in start[: 1 << 16] or start[:2] == b"PK":
        raise DataError(
            "{file} is not a text file.",
            where="{file}",
            mend="Save the table as CSV (UTF-8), or give the extract as it was given out.",
            file=source.name,
        )
    # One damaged row does not make a file of another encoding.
    text = block.decode("utf-8", errors="replace")
    above = len(text) - len(text.encode("ascii", errors="ignore"))
    return "utf-8" if above >= 2 * text.count(BAD) else encoding_of(block)
