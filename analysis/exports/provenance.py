"""Where an exported file comes from, carried inside the file itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import __version__
from analysis.errors import DataError, Text
from analysis.exports.registry import find_provenance

if TYPE_CHECKING:
    from analysis.tables.workspace import Workspace

KIND = "kind"
# Kinds that are not made again → what tells whether they are as they were.
ONCE = {
    "turfs": Text(
        "Cut the turfs again: the same targets and options write the same files; turfs.csv, "
        "uncut.csv and summary.json of the folder can be made again from it."
    ),
    "plan": Text("Check the seal beside it: `python -m analysis verify FILE.seal.json`."),
    "field": Text(
        "Take it out again on the page Field, or with `python -m analysis returns` or `script`: "
        "the same returns write the same rows."
    ),
    "moved": Text("Run `python -m analysis rank --since` again: the same two rankings write it."),
    "register": Text(
        "Print it again on the page Law, or with `python -m analysis duties register`."
    ),
    "settings": Text("It holds what somebody chose, not what was worked out of it: keep a copy."),
    "backup": Text("Have it checked part by part: `python -m analysis restore`."),
    "brief": Text("Run `python -m analysis brief` again: the same place and day write it."),
    "impact": Text("Run `python -m analysis impact` again: the same files and seed write it."),
    "result": Text("Run the command again: the same data, options and seed write it."),
}
_OURS = Text("Export it again with `python -m analysis rank`, or give a file that Palier wrote.")


@dataclass(frozen=True)
class Provenance:
    """Everything needed to say where a file comes from, and to make it again.

    Attributes
    ----------
    version
        Version of Palier.
    command
        What was asked: "rank", "abstention", "swing", "transfers".
    parameters
        What the verb was told: bloc, election, weights, hours… anything JSON can hold.
    seed
        Of the draws; None when nothing was drawn.
    data
        Table or file name → its sha256.
    sources
        One mapping per source: `name`, `licence`, `date`, `sha256`.
    units
        One mapping per column: `column`, `unit`, `meaning`.
    written
        How the file was written (`language`, `dialect`, `title`…); `write` fills it in, and
        takes it back as keywords: `write(…, **provenance.written)`.
    """

    version: str
    command: str
    parameters: Mapping[str, Any]
    seed: int | None
    data: Mapping[str, str]
    sources: tuple[Mapping[str, str], ...] = ()
    units: tuple[Mapping[str, str], ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Through JSON and back, so that what was read equals what was written, and what
        # cannot be written is refused here instead of in the middle of an export.
        for name, value in json.loads(_dumps(asdict(self))).items():
            kept = tuple(value) if isinstance(value, list) else value
            object.__setattr__(self, name, kept)

    def to_json(self) -> str:
        """Return the one JSON text of this provenance: sorted keys, compact, ASCII."""
        # ASCII, because it travels through PDF strings and PNG chunks too.
        return _dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str, *, where: str = "") -> Provenance:
        """Read the text of `to_json`; `where` names its file in errors.

        Raises
        ------
        DataError
            When the text is cut, or is not the provenance of one of our files.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(
                "The provenance in this file is cut or altered.",
                where="{place}",
                mend="{ours}",
                place=where,
                ours=_OURS,
            ) from error
        if isinstance(values, dict) and KIND in values:
            raise not_again(str(values[KIND]), where)
        names = {f.name for f in fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise DataError(
                "This file carries a provenance that is not Palier's.",
                where="{place}",
                mend="{ours}",
                place=where,
                ours=_OURS,
            )
        return cls(**values)


def only_made_once(kind: str, *, fictional: bool = False) -> str:
    """Return what a file of ours carries that `reproduce` does not make again.

    Parameters
    ----------
    kind
        A key of `ONCE`.
    fictional
        Whether it is of a place that is invented.
    """
    invented = {"fictional": True} if fictional else {}
    return _dumps({KIND: kind, "palier": __version__, **invented})


def not_again(kind: str, where: str) -> DataError:
    """Say of a file of ours that it is not made again from itself, and what to do instead.

    Parameters
    ----------
    kind
        A key of `ONCE`.
    where
        The file.
    """
    return DataError(
        "Palier wrote this file; files of this kind are not made again from themselves.",
        where="{place}",
        mend="{instead}",
        place=where,
        instead=ONCE.get(kind, ONCE["result"]),
    )


def of_workspace(
    workspace: Workspace, command: str, parameters: Mapping[str, Any], *, seed: int | None
) -> Provenance:
    """Say where what was made from a workspace comes from.

    Parameters
    ----------
    workspace
        A built place; where it lies, and whether it is invented, join the parameters.
    command, parameters, seed
        As in `Provenance`.

    Returns
    -------
    Provenance
        With digests of all tables and the sources of the workspace.
    """
    keys = ("role", "licence", "date", "sha256")
    return Provenance(
        version=__version__,
        command=command,
        parameters={
            **parameters,
            # Its name alone: a file tells nobody how the disk of its maker is arranged.
            "workspace": workspace.path.resolve().name,
            "fictional": workspace.fictional,
        },
        seed=seed,
        data=workspace.digests,
        sources=tuple(
            {"name": str(one["file"]), **{key: str(one[key]) for key in keys}}
            for one in workspace.sources
        ),
    )


def read_provenance(path: Path | str) -> Provenance:
    """Get the provenance back out of any exported file.

    Parameters
    ----------
    path
        A file of `registry.write` or `registry.file_of`: CSV (either dialect), XLSX, GeoJSON, KML,
        Parquet, HTML, PDF, PNG, SVG.

    Returns
    -------
    Provenance
        As it was given to `write`, with `written` filled in.

    Raises
    ------
    DataError
        When the file is missing, cut, of another kind, or carries no provenance.
    """
    path = Path(path)
    try:
        text = find_provenance(path)
    except OSError as error:
        raise DataError(
            "The file cannot be read.",
            where="{path}: {strerror}",
            mend="Check its path.",
            path=path,
            strerror=error.strerror,
        ) from error
    except DataError:
        raise
    except (ValueError, LookupError) as error:
        raise DataError(
            "This file carries no provenance of Palier, or it is cut.",
            where="{path}: {error}",
            mend="{ours}",
            path=path,
            error=error,
            ours=_OURS,
        ) from error
    return Provenance.from_json(text, where=str(path))


def _dumps(values: Mapping[str, Any]) -> str:
    try:
        return json.dumps(
            values, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
        )
    except (TypeError, ValueError) as error:
        raise DataError(
            "A provenance holds only what JSON can: texts, finite numbers, lists, mappings.",
            where="{error}",
            mend="Pass parameters as plain numbers and texts.",
            error=error,
        ) from error


def _plain(value: object) -> object:
    """Turn numpy's numbers into Python's."""
    if callable(item := getattr(value, "item", None)):
        return item()
    raise TypeError(f"{type(value).__name__} {value!r}")
