"""« Données des élections agrégées » (data.gouv.fr): results by bureau since 1999."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import DataError, Text, some
from analysis.readers.calendar import is_election
from analysis.readers.coded_columns import categorical, coded, distinct_rows, first_text
from analysis.readers.codes import (
    arrondissement_of,
    bureau_code,
    code_of_its_day,
    commune_code,
    former_commune,
    in_place,
    left_its_department,
    of_arrondissements,
)
from analysis.readers.electoral_zones import CODES, in_its_department, zones_named
from analysis.readers.glance import NO, SURE, Glance, look
from analysis.readers.namesakes import told_apart
from analysis.readers.raw_results import Raw, nothing_unreadable
from analysis.readers.tabular import LINE, read_columns
from analysis.tables.schema import commune_of
from analysis.tables.sources import LeftOut, Report, Source
from analysis.tables.table import all_differ
from analysis.tables.whole_numbers import MOST, is_count, plain_counts

LICENCE = Text("Licence Ouverte 2.0 (Etalab)")

# The names of the current edition, then those of the older one.
_CODES = {
    "election_id": ("id_election",),
    "department": ("code_departement", "Code du département"),
    "commune": ("code_commune", "Code de la commune"),
    "number": ("code_bv", "Code du b.vote"),
}
_COUNTS = {
    "registered": ("inscrits", "Inscrits"),
    "ballots": ("votants", "Votants"),
    "blank": ("blancs", "Blancs"),
    "null": ("nuls", "Nuls"),
    "valid": ("exprimes", "Exprimés"),
}
_GENERAL = _CODES | {"place": ("libelle_commune", "Libellé de la commune")} | _COUNTS | CODES
_LISTS = {
    "list": ("libelle_abrege_liste", "Libellé Abrégé Liste"),
    "list_title": ("libelle_etendu_liste", "Libellé Etendu Liste"),
    "list_whole": ("liste", "Liste"),
}
# Where neither a candidate nor a list is named: the two of a département's canton, or the head
# of the list (européennes 2019).
_HEADS = {"pair": ("binome", "Binôme"), "head": ("nom_tete_liste", "Nom Tête de Liste")}
_WHO = {"nuance": ("nuance", "Nuance"), "name": ("nom", "Nom")}
_GIVEN = {"given": ("prenom", "Prénom")}
_CANDIDATES = _CODES | _WHO | _LISTS | _HEADS | {"votes": ("voix", "Voix")}
_KEY = ("election_id", "bureau_id")
_NULLABLE = {pa.int64(): pd.Int64Dtype()}
_OPTIONAL = frozenset({"place", "blank", "null", *_WHO, *_GIVEN, *_LISTS, *_HEADS, *CODES})
# Since 2026 municipal files name the head of a list at one round and not at the other, but its
# label at both: the label tells that it is the same list.
_BY_LABEL = re.compile(r"(202[6-9]|20[3-9]\d)_(muni|arrd)_t\d")
# A slip of the publisher (a shifted row) is rare; more is a file of another layout.
_MOST_UNREADABLE = 0.001


def sniff_general(glance: Glance) -> float:
    """Tell a file of `general_results`: counts of elections, and no candidates."""
    return SURE if _is_of_elections(glance) and "voix" not in glance.columns else NO


def sniff_candidates(glance: Glance) -> float:
    """Tell a file of `candidats_results`: votes, and no counts of bureaux."""
    return SURE if _is_of_elections(glance) and "inscrits" not in glance.columns else NO


def _is_of_elections(glance: Glance) -> bool:
    counts = glance.columns & {"voix", "inscrits"}
    return bool(counts and glance.columns & {"id_election", "code du b.vote"})


def read_aggregated(general: Path, candidates: Path, *, places: tuple[str, ...] = ()) -> Raw:
    """Read both files of « Données des élections agrégées », CSV or Parquet, either edition.

    Parameters
    ----------
    general
        `general_results`: one row per election × bureau.
    candidates
        `candidats_results`: one row per election × bureau × candidate.
    places
        Codes of communes or départements; empty for everything. The files are
        read in pieces, so a town does not load the nation.

    Returns
    -------
    Raw
        Counts by election and bureau, votes by candidate, a report for each file; not yet checked.

    Raises
    ------
    DataError
        When a file is cut, lacks columns, or more than a few votes are no whole numbers.

    Examples
    --------
    >>> from pathlib import Path
    >>> town = Path("data_samples/valmont")
    >>> raw = read_aggregated(town / "general_results.csv", town / "candidats_results.csv")
    >>> read, kept = raw.reports[0].rows_read, raw.reports[0].rows_kept
    >>> len(raw.counts) == read == kept
    True
    """
    general, candidates = _in_order(general, candidates)
    of_general: list[LeftOut] = []
    of_candidates: list[LeftOut] = []
    with ThreadPoolExecutor(1) as other:
        # Arrow reads without the interpreter: one file passes beside the other.
        coming = other.submit(_read, candidates, _CANDIDATES, places, of_candidates)
        counts, read = _read(general, _GENERAL, places, of_general)
        counts = _with_bureau_ids(counts)
        ballots, ballots_read = coming.result()
    ballots = _with_bureau_ids(ballots)
    unreadable: list[tuple[str, str, Text]] = []
    for name in _COUNTS:
        if name in counts.column_names:
            counts = _as_counts(counts, name, unreadable)
    frame = _counts_frame(counts)
    ballots, no_numbers = _readable_votes(ballots, candidates.name)
    votes = _votes_frame(ballots)
    if not all_differ(votes, ("election_id", "bureau_id", "nuance", "name")):
        # Given names of a nation fill memory: they are read where somebody stands twice.
        names = _read(candidates, _CODES | _GIVEN, places, [])[0]
        if "given" in names.column_names:
            votes = told_apart(votes.assign(given=categorical(coded(names["given"]))))
    told = Text("{unreadable} count(s) of votes are not numbers", unreadable=no_numbers)
    first, second = (
        Source.of(file, role=role, licence=LICENCE)
        for file, role in ((general, "general_results"), (candidates, "candidats_results"))
    )
    notes = (told,) if no_numbers else ()
    return Raw(
        counts=frame,
        ballots=votes,
        places=_places(frame),
        reports=(
            Report(first, read, len(frame), tuple(of_general)),
            Report(second, ballots_read, len(votes), tuple(of_candidates), notes=notes),
        ),
        unreadable=pd.DataFrame(unreadable, columns=nothing_unreadable().columns, dtype=object),
        zones=zones_named(counts),
    )


def _in_order(general: Path, candidates: Path) -> tuple[Path, Path]:
    """Return both files, those given in each other's place put right."""
    if not (general.is_file() and candidates.is_file()):
        return general, candidates
    with general.open("rb") as one, candidates.open("rb") as other:
        first, second = look(general.name, one), look(candidates.name, other)
    turned = sniff_candidates(first) and sniff_general(second)
    return (candidates, general) if turned else (general, candidates)


def _read(
    path: Path,
    aliases: dict[str, tuple[str, ...]],
    places: tuple[str, ...],
    left_out: list[LeftOut],
) -> tuple[pa.Table, int]:
    """Read the rows of `places`; return how many there were too, what is left out with them."""

    def keep(piece: pa.Table) -> pa.Table:
        return piece.filter(_inside(piece, places)) if places else piece

    before = len(left_out)
    table = read_columns(path, aliases, left_out=left_out, optional=_OPTIONAL, keep=keep)
    read = table.num_rows + sum(rows.count for rows in left_out[before:])
    return _of_known_elections(table, left_out), read


def _of_known_elections(table: pa.Table, left_out: list[LeftOut]) -> pa.Table:
    """Leave out elections of a kind that nobody knew: a new one does not refuse all others."""
    names = pc.value_counts(table["election_id"]).to_pylist()
    strange = {n["values"]: n["counts"] for n in names if not is_election(n["values"] or "")}
    if not 0 < len(strange) < len(names):
        return table
    reason = Text("an election of a kind that is not known")
    left_out.append(LeftOut(reason, sum(strange.values()), some(map(str, strange))))
    texts = pc.cast(table["election_id"], pa.string())
    return table.filter(pc.invert(pc.is_in(texts, pa.array(list(strange), pa.string()))))


def _inside(piece: pa.Table, places: tuple[str, ...]) -> pa.Array:
    if of_arrondissements(places):
        rows, codes = distinct_rows(piece, ("commune", "department", "number"))
        inside = [
            in_place(commune_code(c, d), places, arrondissement_of(_commune(c, d), number))
            for c, d, number in codes
        ]
    else:
        rows, codes = distinct_rows(piece, ("commune", "department"))
        inside = [in_place(commune_code(c, d), places) for c, d in codes]
    return pa.array(np.array(inside, dtype=bool)[rows])


def _with_bureau_ids(table: pa.Table) -> pa.Table:
    """Return the table with `bureau_id` in place of the codes, worked out once per distinct one."""
    codes = ("commune", "department", "number")
    rows, distinct = distinct_rows(table, codes)
    left = np.array([left_its_department(commune) for commune, *_ in distinct], dtype=bool)
    if left.any():
        table = in_its_department(table, left[rows])
    ids = [bureau_code(_commune(commune, department), n) for commune, department, n in distinct]
    column = pa.DictionaryArray.from_arrays(pa.array(rows, pa.int32()), pa.array(ids, pa.string()))
    return table.drop_columns(list(codes)).append_column("bureau_id", column)


def _commune(code: str, department: str) -> str:
    """Return the code with its département; an arrondissement stays one, for `bureau_code`."""
    return code if len(code) == 5 else code_of_its_day(code, department)


def _as_counts(table: pa.Table, name: str, unreadable: list[tuple[str, str, Text]]) -> pa.Table:
    """Turn a column into whole numbers, missing where there is none; and tell what is there.

    Parameters
    ----------
    table, name
        Rows, and the column.
    unreadable
        What is there goes here: election, bureau, line and cell.
    """
    if _holds_counts(table[name]):
        return _with_counts(table, name, table[name])
    numbers, bad = _numbers(table[name])
    missing = np.isnan(numbers)
    broken = bad | (missing & (name not in _OPTIONAL))
    empty = bad | missing
    whole = pa.array(np.where(empty, 0, numbers).astype("int64"), mask=empty)
    if broken.any():
        for row in table.filter(pa.array(broken)).select([*_KEY, LINE, name]).to_pylist():
            election, bureau = (str(row[key]) for key in _KEY)
            what = Text("line {line}: {name} {cell!r}", line=row[LINE], name=name, cell=row[name])
            unreadable.append((election, bureau, what))
    return _with_counts(table, name, whole)


def _holds_counts(column: pa.ChunkedArray) -> bool:
    """Tell whether a column is of whole numbers all of which may be counts."""
    if not pa.types.is_integer(column.type) or column.null_count or not len(column):
        return False
    least, most = (one.as_py() for one in pc.min_max(column).values())
    return bool(least >= 0 and most <= MOST)


def _with_counts(table: pa.Table, name: str, whole: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, whole.cast(pa.int64()))


def _numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers (NaN for missing) and which cells are not whole numbers."""
    if not pa.types.is_dictionary(column.type):
        parsed = column.cast(pa.float64()).to_numpy()
        return parsed, ~np.isnan(parsed) & ~is_count(parsed)
    array = coded(column)
    told = array.dictionary.to_pylist()
    if all(text and text.isascii() and text.isdigit() for text in told):
        # Most files hold nothing but digits.
        parsed = np.array([float(text) for text in told], dtype=float)
        wrong = ~is_count(parsed)
    else:
        texts = plain_counts(pd.Series(told, dtype="str"))
        parsed = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float)
        wrong = ~is_count(parsed) & (texts != "").to_numpy()
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    parsed, wrong = np.append(parsed, np.nan), np.append(wrong, False)
    return parsed[codes], wrong[codes]


def _lines(table: pa.Table, name: str, bad: np.ndarray) -> str:
    rows = table.filter(pa.array(bad)).select([LINE, name]).to_pylist()
    return some(Text("line {line}: {cell!r}", line=row[LINE], cell=row[name]) for row in rows)


def _readable_votes(table: pa.Table, file: str) -> tuple[pa.Table, int]:
    """Turn votes into numbers; a few shifted rows become missing, many are an error."""
    if _holds_counts(table["votes"]):
        return _with_counts(table, "votes", table["votes"]), 0
    numbers, bad = _numbers(table["votes"])
    unreadable = bad | np.isnan(numbers)
    negative = numbers < 0
    many = unreadable.sum() > max(1, _MOST_UNREADABLE * len(numbers))
    if negative.any() and (many or unreadable.all()):
        raise DataError(
            "Column votes (voix / Voix) of {file} holds counts below 0.",
            where="{file}: {lines}",
            mend="Correct these rows at the source, or download the file again.",
            file=file,
            lines=_lines(table, "votes", negative),
        )
    if many:
        raise DataError(
            "Column votes (voix / Voix) of {file} does not hold whole numbers.",
            where="{file}: {lines}",
            mend="Counts are ballots; look for rates, shifted columns or another delimiter.",
            file=file,
            lines=_lines(table, "votes", unreadable),
        )
    whole = pa.array(np.where(unreadable, 0, numbers).astype("int64"), mask=unreadable)
    return _with_counts(table, "votes", whole), int(unreadable.sum())


def _counts_frame(table: pa.Table) -> pd.DataFrame:
    """Return the columns of `Raw.counts`, and the name of the place where there is one."""
    ids = ("election_id", "bureau_id", "place")
    frame = pd.DataFrame({n: categorical(coded(table[n])) for n in ids if n in table.column_names})
    for name in _COUNTS:
        known = name in table.column_names
        frame[name] = table[name].to_pandas(types_mapper=_NULLABLE.get) if known else pd.NA
        whole = name not in _OPTIONAL and not frame[name].isna().any()
        frame[name] = frame[name].astype("int64" if whole else "Int64")
    return frame


def _votes_frame(table: pa.Table) -> pd.DataFrame:
    """Return the columns of `Raw.ballots`; a candidate's name, else the list's."""
    election = categorical(coded(table["election_id"]))
    labelled = np.array([bool(_BY_LABEL.fullmatch(e)) for e in election.categories], dtype=bool)
    here = np.append(labelled, False)[election.codes]
    everywhere = np.ones(table.num_rows, dtype=bool)
    wanted = [(n, here) for n in _LISTS] if here.any() else []
    wanted += [(n, everywhere) for n in ("name", *_LISTS, *_HEADS)]
    given = [(coded(table[n]), rows) for n, rows in wanted if n in table.column_names]
    nuance = [(coded(table[n]), everywhere) for n in ("nuance",) if n in table.column_names]
    return pd.DataFrame(
        {
            "election_id": election,
            "bureau_id": categorical(coded(table["bureau_id"])),
            "nuance": first_text(nuance, table.num_rows),
            "name": first_text(given, table.num_rows),
            "votes": table["votes"].to_pandas(types_mapper=_NULLABLE.get),
        }
    )


def _places(counts: pd.DataFrame) -> pd.DataFrame:
    bureaux, communes = counts["bureau_id"].array, commune_of(counts["bureau_id"]).array
    is_former = np.array([bool(former_commune(str(b))) for b in bureaux.categories], dtype=bool)
    former = is_former[bureaux.codes]
    # The newest row names the commune; rows of a former one only where there is no other.
    rows = np.concatenate([np.flatnonzero(~former)[::-1], np.flatnonzero(former)[::-1]])
    rows = rows[np.sort(np.unique(communes.codes[rows], return_index=True)[1])]
    ids = {"commune_id": communes.categories[communes.codes[rows]]}
    table = pd.DataFrame(ids, index=counts.index[rows], dtype="str")
    names = counts["place"] if "place" in counts else table["commune_id"]
    names = names.loc[table.index].astype("str")
    # The Ministry writes « Wallis-Et-Futuna »; all others of the country have their small words.
    table = table.assign(name=names.str.replace("-Et-", "-et-", regex=False))
    overseas = table["commune_id"].str.match(r"9[78]\d{3}$")
    department = table["commune_id"].str[:2].mask(overseas, table["commune_id"].str[:3])
    return table.assign(department_id=department)
