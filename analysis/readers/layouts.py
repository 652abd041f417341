"""Where things stand in a raw file of results: its layout, told from its first lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis.errors import Text
from analysis.readers.beginnings import plain

COUNTS = ("registered", "ballots", "blank", "null", "valid")
# Names as `plain` leaves them: small letters and digits only.
_FIXED = {
    "department": ("codedudepartement", "codedepartement", "coddpt"),
    "commune": ("codedelacommune", "codecommune", "codeinsee", "codcom", "codsubcom")
    + ("codeinseedelacommune", "codeinseecommune", "insee", "codegeo"),
    "place": (
        *("libelledelacommune", "libellecommune", "nomcommune", "libsubcom", "nomdelacommune"),
        *("commune", "ville", "libcom", "nomcom"),
    ),
    "arrondissement": (
        *("numarrond", "codearrdt", "arrondissement", "numarrondissement", "arrdt", "numarrdt"),
        *("codearrondissement", "numeroarrondissement"),
    ),
    "number": (
        *("codedubvote", "codebvote", "codebv", "codedubureaudevote", "codebureaudevote"),
        *("codedubureau", "codebureau", "numerobureau", "numerodubureau", "numbureau", "numbv"),
        *("numerodubureaudevote", "numerobureaudevote", "nbureau", "nbureaudevote", "ndebureau"),
        *(
            "bvote",
            "bureaudevote",
            "bureauvote",
            "bureau",
            "codburvot",
            "bv",
            "bdv",
            "nbv",
            "numbdv",
        ),
        *("codebureauvote", "numbureauvote", "idbvote", "idbv", "idbureau", "uniqbdv"),
    ),
    "round": ("tour", "numtour", "numerotour", "tourdescrutin", "numerodutour", "ntour"),
    "registered": ("inscrits", "nbrins", "nbinscr"),
    # Who signed the list, where the ballots found are not told.
    "ballots": ("votants", "nbrvot", "emargements", "nbemarg"),
    "blank": ("blancs", "bulletinsblancs", "votesblancs", "nbbl", "nbblancs"),
    "null": ("nuls", "bulletinsnuls", "nbnul", "nbnuls"),
    "valid": ("exprimes", "nbrexp", "suffragesexprimes", "nbexprim", "nbexp"),
}
# Where none of these names stands there: one column alone that speaks of it, and of no other.
_SPEAKING = {
    "number": r"(num|numero|no?|code|id|identifiant)(du|de|d)?(bureau|bv|bdv)(devote|vote)?",
    "registered": r".*inscrits?",
    "ballots": r".*(votants|emargements)",
    "blank": r".*(bulletins|votes)blancs",
    "null": r".*(bulletins|votes)nuls",
    "valid": r".*exprimes?",
}
_OF_ANOTHER = re.compile(
    r"%|abst|taux|ratio|part|pct|voix|inscrits.*votants|(sur|par)(les)?inscrits"
)
# Columns that say which of several elections a row is of.
_ELECTION = (
    *("annee", "anneescrutin", "scrutin", "typescrutin", "typedescrutin", "libellescrutin"),
    *("election", "typeelection", "typedelection", "nomelection", "libelleelection"),
    *("datescrutin", "datedescrutin", "dateelection", "datedelelection"),
)
# In a block: what tells a candidate, the surest first.
_BLOCK = {
    "nuance": (
        *("nuance", "codenuance", "nuancecandidat", "nuanceliste", "codenuancedelaliste"),
        *("nuancebinome", "nuancedelaliste", "codnua"),
    ),
    # Files of 2024 and 2026 label a list at both rounds, and name its head at one.
    "name": (
        *("libelleabregedeliste", "libelledeliste", "nom", "nomcandidat", "nomducandidat"),
        *("libelleabregeliste", "liste", "libelleetenduliste", "binome", "libellebinome"),
        *("liblisext", "nomtetedeliste", "candidat", "nomliste", "nomdelaliste", "tetedeliste"),
    ),
    # Tells two of one surname apart.
    "given": ("prenom", "prenomcandidat", "prenomducandidat"),
    "votes": ("voix", "nbrvoix", "voixobtenues", "suffrages", "nbsuffrages"),
}
_BLOCK_START = (
    *("npanneau", "numerodepanneau", "nliste", "npan", "sexe", "prenom", "numliste"),
    *("numdepcand", "numerodeliste"),
)
# Where none of these names a candidate: « Composition du binôme ».
_NAMING = re.compile(
    r"(?!code|num|n(liste|panneau|pan|candidat|binome)|nuance|sexe|prenom|sieges|elu|voix|nb|nombre)"
    r".*(binome|liste|candidat)"
)
# What stands beside counts, and holds no votes.
_NO_VOTES = re.compile(
    r"^(code|libelle)(d|l|com|can|cir|reg)|^(circo|canton|geo|date)|abst|%|procu"
)
# What programs call a column without a name.
_UNNAMED = re.compile(r"\s*(Unnamed: \d+|Column\d+|\.\.\.\d+)\s*$")
# « Nombre d'inscrits » is « Inscrits », « Voix 01 » is « Voix 1 ».
_AROUND = re.compile(
    r"^(nombre|nbre|nbr|nb)(des|de|d)?(?=inscrits|votants|emargements|exprimes|blancs|nuls|voix)"
    r"|(?<=\D)0+(?=\d+$)"
)
# Valid votes are the ballots less these, where no column has them.
_NEEDED, _SPOILT = {"number", "registered", "ballots"}, {"blank", "null"}
KNOWN = (
    Text("wide, first candidate named (Ministry, 2017–2022)"),
    Text("wide, every candidate named (Ministry, 2024)"),
    Text("long with a header (city portals)"),
    Text("long without a header, 12 to 15 columns (Ministry, to 2015)"),
    Text("wide, a column of votes for each candidate (city portals)"),
)
# One candidate alone stands in a row of a long file.
_LEAST_NAMED = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of the columns of a file.

    Attributes
    ----------
    name
        One of `KNOWN`.
    fixed
        Position of department, commune, place, number, round and the counts.
    block
        Positions of nuance, name and votes of the first candidate; `name` has several.
    first, width
        Where the first candidate's columns begin, and columns from one candidate to the
        next; 0 where each row has one candidate.
    named
        Position of each candidate's own column → its nuance and name, where the header names
        them; `columns_of_votes` finds them among the `others`.
    others
        Position → name of the columns of such a file that are not told yet.
    elections
        Position → name of columns that say which election a row is of.
    """

    name: str
    fixed: Mapping[str, int]
    block: Mapping[str, tuple[int, ...]]
    first: int = 0
    width: int = 0
    named: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    others: Mapping[int, str] = field(default_factory=dict)
    elections: Mapping[int, str] = field(default_factory=dict)

    @property
    def headless(self) -> bool:
        """Whether the first line is already a row of results."""
        return self.name == KNOWN[3]

    @property
    def needs(self) -> int:
        """Columns that every row has at least."""
        return max(*self.fixed.values(), *self.block.get("votes", ())[:1], *self.named) + 1


_HEADLESS_COUNTS = ("registered", "ballots", "valid")


def _headless(number: int, counts: int, name: int, nuance: int, place: int = 3) -> Layout:
    """Return a layout without a header from positions; codes stand before the name of the commune.

    Of the counts it is that of the first; the votes stand behind the nuance.
    """
    where = {"round": 0, "department": place - 2, "commune": place - 1, "place": place}
    told = dict(zip(_HEADLESS_COUNTS, range(counts, counts + 3), strict=True))
    block = {"name": (name,), "nuance": (nuance,), "votes": (nuance + 1,)}
    return Layout(KNOWN[3], {**where, "number": number, **told}, block)


_HEADLESS = {
    # A list in one cell (régionales).
    12: (_headless(4, 5, name=9, nuance=10),),
    # The second has the code of the region first, and a list in one cell.
    13: (_headless(4, 5, name=9, nuance=11), _headless(5, 6, name=10, nuance=11, place=4)),
    # With code and name of the canton, and the pair of candidates in one cell (départementales);
    # or with the code of the region.
    14: (_headless(4, 7, name=11, nuance=12), _headless(5, 6, name=10, nuance=12, place=4)),
    # With the codes of constituency and canton.
    15: (_headless(6, 7, name=11, nuance=13),),
}


def layout_of_header(cells: Sequence[str]) -> Layout | None:
    """Return the layout a header line announces; None when the line is no header we know."""
    names = _named(cells)
    fixed = _fixed(names)
    if not (fixed.keys() >= _NEEDED and ("valid" in fixed or fixed.keys() >= _SPOILT)):
        return None
    # A table saved by a program calls what comes again « Voix.1 », after the first « Voix ».
    numbered = "voix1" in names and "voix" not in names
    first_of = [name.removesuffix("1") for name in names] if numbered else names
    block = {ours: _all(first_of, given) for ours, given in _BLOCK.items()}
    elections = {at: cells[at] for at, name in enumerate(names) if name in _ELECTION}
    if not block["votes"]:
        known = {*fixed.values(), *elections}
        others = {at: cells[at] for at, name in enumerate(names) if name and at not in known}
        many = sum(not _NO_VOTES.search(names[at]) for at in others) >= _LEAST_NAMED
        return Layout(KNOWN[4], fixed, {}, others=others, elections=elections) if many else None
    if not block["name"]:
        behind = max(fixed[ours] for ours in COUNTS if ours in fixed)
        block["name"] = tuple(
            at for at, name in enumerate(first_of) if at > behind and _NAMING.match(name)
        )[:1]
    if not (block["name"] or block["nuance"]):
        return None
    first = min(at for at, name in enumerate(first_of) if name in _BLOCK_START or _in_block(name))
    if max(fixed[ours] for ours in COUNTS if ours in fixed) > first:
        return Layout(KNOWN[2], fixed, block, elections=elections)
    again = _find(names, ("voix2",) if numbered else ("voix1",))
    width = again - block["votes"][0] if again else len(_without_rest(first_of, first))
    # A header with a column out of its place would be read beyond the end of the last candidate.
    if max(at for places in block.values() for at in places) >= first + width:
        return None
    name = KNOWN[1] if numbered else KNOWN[0]
    return Layout(name, fixed, block, first, width, elections=elections)


def _fixed(names: Sequence[str]) -> dict[str, int]:
    """Return where place, number and counts stand."""
    fixed = {ours: at for ours, given in _FIXED.items() if (at := _find(names, given)) is not None}
    for ours in _SPEAKING.keys() - fixed.keys():
        if (at := _speaking(names, ours)) is not None:
            fixed[ours] = at
    # The first name of some files was cut and glued: "Code du dCode du département".
    if "department" not in fixed and names and names[0].startswith("codedud"):
        fixed["department"] = 0
    return fixed


def layout_of_row(cells: Sequence[str]) -> Layout | None:
    """Return the layout of a first row that stands there without a header; None if unknown."""
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    if not cells or cells[0] not in {"1", "2"}:
        return None
    fitting = [one for one in _HEADLESS.get(len(cells), ()) if _fits(cells, one)]
    # The number of a bureau, read as that of the registered, is smaller than what stands after it.
    falling = [one for one in fitting if _falling(cells, one)]
    return next(iter([*falling, *fitting]), None)


def _fits(cells: Sequence[str], layout: Layout) -> bool:
    """Tell whether a row has counts, votes and the name of a commune where a layout has them."""
    at = [layout.fixed[name] for name in _HEADLESS_COUNTS] + [layout.block["votes"][0]]
    return all(cells[k].isdecimal() for k in at) and not cells[layout.fixed["place"]].isdecimal()


def _falling(cells: Sequence[str], layout: Layout) -> bool:
    registered, ballots, valid = (int(cells[layout.fixed[name]]) for name in _HEADLESS_COUNTS)
    return registered >= ballots >= valid


def _named(cells: Sequence[str]) -> list[str]:
    """Return the names of a header in one spelling, to the last one that says anything."""
    names = ["" if _UNNAMED.match(cell) else _AROUND.sub("", plain(cell)) for cell in cells]
    return names[: max((at for at, name in enumerate(names, 1) if name), default=0)]


def _find(names: Sequence[str], given: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in given if name in names), None)


def _speaking(names: Sequence[str], ours: str) -> int | None:
    """Return the position of the one name that speaks of a column; None for none or several."""
    told = [at for at, name in enumerate(names) if re.fullmatch(_SPEAKING[ours], name)]
    told = [at for at in told if not _OF_ANOTHER.search(names[at])]
    return told[0] if len(told) == 1 else None


def _all(names: Sequence[str], given: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(names.index(name) for name in given if name in names)


def _in_block(name: str) -> bool:
    return any(name in given for given in _BLOCK.values())


def _without_rest(names: Sequence[str], first: int) -> Sequence[str]:
    """Return the names of one block: to the end, or to where the first of them comes again."""
    block = names[first:]
    return block[: block.index(block[0], 1)] if block[0] in block[1:] else block
