"""Files given for a place, what each is read as, and the reading of them as a job."""

from __future__ import annotations

import re
import shlex
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import BinaryIO

from analysis.errors import DataError, some
from analysis.fetch.chosen_place import Asked, ChosenPlace, asked_for, choose
from analysis.fetch.place import Fetched
from analysis.readers.column_map import files_named
from analysis.readers.reader_registry import NATIONAL, RAW, TERRAIN
from analysis.workflows import jobs
from analysis.workflows.build import Inputs, build

# What a file is that is read because a column map names it.
NAMED = "named"
_PLACE = re.compile(r"\d{2,3}|2[AB]|\d{5}|2[AB]\d{3}|Z[A-Z](\d{3})?")


@dataclass(frozen=True)
class GivenFile:
    """A file of a place.

    Attributes
    ----------
    name
        As the user knows it.
    source
        Where it is on this machine, or its content where it was sent.
    role
        What it is read as: one of `reader_registry.ROLES`, `NAMED`, or `reader_registry.UNUSED`.
    vintage
        The year of contours.
    election
        The round that a raw file is of.
    """

    name: str
    source: Path | BinaryIO
    role: str
    vintage: int | None = None
    election: str = ""

    @property
    def path(self) -> Path:
        """Where the file is; only its name where it was sent."""
        return self.source if isinstance(self.source, Path) else Path(self.name)


def inputs_of(
    files: Sequence[GivenFile], places: tuple[str, ...] | Asked, *, leave_out: bool
) -> Inputs:
    """Return what `build` reads.

    Parameters
    ----------
    files
        Those that are read, each where it lies.
    places
        Codes of communes or départements to keep, empty for all; or what they mean.
    leave_out
        Leave contradictory bureaux out however many they are.

    Returns
    -------
    Inputs
        Files that were not given are None.
    """
    of = {file.role: file.path for file in files}
    if not isinstance(places, Asked):
        # Codes of another country are its own.
        places = Asked(places) if TERRAIN in of else asked_for(places)
    return Inputs(
        general=of.get(NATIONAL[0]),
        candidates=of.get(NATIONAL[1]),
        contours={f.vintage: f.path for f in files if f.role == "contours" and f.vintage},
        squares=of.get("squares"),
        addresses=of.get("addresses"),
        electors=of.get("electors"),
        reu=of.get("reu"),
        reu_bureaux=of.get("reu_bureaux"),
        streets=of.get("streets"),
        quarters=of.get("quarters"),
        places=places.codes,
        place_notes=places.notes,
        leave_out=leave_out,
        raw=tuple((file.election, file.path) for file in files if file.role == RAW),
        terrain=of.get(TERRAIN),
    )


def start_reading(
    files: Sequence[GivenFile], target: Path, *, places: tuple[str, ...], leave_out: bool
) -> jobs.Job:
    """Begin to read files into a workspace; what was sent is on this machine only meanwhile.

    Parameters
    ----------
    files, places, leave_out
        As for `inputs_of`.
    target
        Folder of the workspace.

    Returns
    -------
    jobs.Job
        Under way; no other may write the same workspace meanwhile.

    Raises
    ------
    OSError
        When what was sent cannot be written to this machine.
    BusyError
        When the same workspace is being written already.
    """
    folder = TemporaryDirectory(prefix="palier-")
    try:
        inputs = inputs_of(_on_disk(files, Path(folder.name)), places, leave_out=leave_out)
        return jobs.submit(("place", target), _read, inputs, target, folder, alone=True)
    except BaseException:
        folder.cleanup()
        raise


def folder_of(job: jobs.Job) -> Path:
    """Return the folder of the workspace that a job writes."""
    return Path(str(job.key[1]))


def build_command(inputs: Inputs, workspace: Path, *, between: str = " \\\n  ") -> str:
    """Return the command that builds the same workspace, one option a line.

    Parameters
    ----------
    inputs
        The files.
    workspace
        The folder that the command will write.
    between
        What stands between two options.

    Returns
    -------
    str
        For a shell, quoted where need be.
    """
    parts = [["python", "-m", "analysis", "build", "--workspace", str(workspace)]]
    parts += _results(inputs)
    for year, file in sorted(inputs.contours.items()):
        parts.append(["--contours", str(file), "--vintage", str(year)])
        if licence := inputs.licences.get(file.name):
            parts.append(["--licence", f"{file.name}={licence}"])
    for name in (
        *("squares", "addresses", "electors", "reu", "reu_bureaux", "streets", "quarters"),
    ):
        if file := getattr(inputs, name):
            parts.append([f"--{name.replace('_', '-')}", str(file)])
    if inputs.places:
        parts.append(["--place", *inputs.places])
    if inputs.leave_out:
        parts.append(["--leave-out-contradictions"])
    return between.join(map(shlex.join, parts))


def _results(inputs: Inputs) -> list[list[str]]:
    """Return the options that name the results."""
    if inputs.terrain:
        return [["--terrain", str(inputs.terrain)]]
    if inputs.raw:
        return [["--raw", f"{election}={file}"] for election, file in inputs.raw]
    national = (inputs.general, inputs.candidates)
    names = [str(file or f"{role}.csv") for file, role in zip(national, NATIONAL, strict=True)]
    return [["--results", *names]]


def command_after_fetch(place: str, workspace: Path, fetched: Sequence[Fetched]) -> str:
    """Return the command, in one line, that builds the workspace from what was fetched.

    Parameters
    ----------
    place
        Name or code, as for `fetch`.
    workspace
        The folder that the files were fetched into.
    fetched
        The files.

    Returns
    -------
    str
        For a shell, quoted where need be.

    Raises
    ------
    DataError
        When the two results files, which `build` needs, are not among them.
    """
    return build_command(inputs_after_fetch(choose(place), fetched), workspace, between=" ")


def inputs_after_fetch(place: ChosenPlace, fetched: Sequence[Fetched]) -> Inputs:
    """Return what `build` reads of what was fetched for a place.

    Raises
    ------
    DataError
        When the two results files, which `build` needs, are not among it.
    """
    files = {one.source.role: one for one in fetched}
    if missing := [role for role in NATIONAL if role not in files]:
        raise DataError(
            "Nothing can be built without {missing}.",
            where="--without, or the catalogue",
            mend="Fetch the results too, or give your own files to `build --results`.",
            missing=" and ".join(missing),
        )
    if not {"contours", "reu"} & set(files):
        # Without ground, nothing can be placed on it.
        files = {role: file for role, file in files.items() if role in NATIONAL}
    given = [GivenFile(f.path.name, f.path, r, f.source.vintage) for r, f in files.items()]
    # The other files are of one publisher; contours may be of any.
    own = {f.path.name: f.source.licence for r, f in files.items() if r == "contours"}
    inputs = inputs_of(given, Asked(place.codes, place.notes), leave_out=False)
    return replace(inputs, licences=own)


def fetch_command(places: tuple[str, ...], workspace: Path) -> str:
    """Return the commands that download the official files of each place."""
    folder = str(workspace)
    words = ["python", "-m", "analysis", "fetch", "--place"]
    return "\n".join(shlex.join([*words, place, "--workspace", folder]) for place in places)


def places_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes of places in `text`, and the words that are none."""
    words = tuple(dict.fromkeys(re.findall(r"[^\s,;]+", text.upper())))
    codes = tuple(word for word in words if _PLACE.fullmatch(word))
    return codes, tuple(word for word in words if word not in codes)


def slug_of(text: str) -> str:
    """Return `text` as the name of a folder: « Saint-Étienne (42) » is `saint-etienne-42`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-")


def _read(inputs: Inputs, target: Path, folder: TemporaryDirectory[str], tell: jobs.Tell) -> None:
    try:
        build(inputs, target, progress=tell)
    except DataError as error:
        raise _without_folder(error, Path(folder.name)) from error
    finally:
        folder.cleanup()


def _without_folder(error: DataError, folder: Path) -> DataError:
    """Name sent files as the user does, without the folder they were put in."""
    folders = {str(file.parent) for file in folder.rglob("*")}

    def short(value: str) -> str:
        for name in sorted(folders, key=len, reverse=True):
            value = value.replace(f"{name}/", "")
        return value

    return DataError(
        error.what.with_values(short),
        where=error.where.with_values(short),
        mend=error.mend.with_values(short),
    )


def _refuse_elsewhere(sent: Path) -> None:
    """Refuse a column map that was sent and names what was not: another file of this machine."""
    names = files_named(sent.read_bytes())
    away = [n for n in names if PurePath(n).name != n or "\\" in n or n in {".", ".."}]
    if away:
        raise DataError(
            "A column map that is sent names files beside it, and no folders.",
            where="{file}: {away}",
            mend="Write the names alone, and send those files with the map.",
            file=sent.name,
            away=some(away),
        )


def _on_disk(files: Sequence[GivenFile], folder: Path) -> list[GivenFile]:
    """Return the files where they lie; what was sent is written first, under its own name."""
    mapped = [file for file in files if file.role in {TERRAIN, NAMED}]
    # A column map finds its files beside it: when one of them was sent, all go to one folder.
    together = not all(isinstance(file.source, Path) for file in mapped)
    placed = []
    for n, file in enumerate(files):
        at = folder / ("map" if file in mapped else str(n)) / file.name
        if not isinstance(file.source, Path):
            at.parent.mkdir(exist_ok=True)
            file.source.seek(0)
            with at.open("wb") as copy:
                shutil.copyfileobj(file.source, copy)
            if file in mapped:
                _refuse_elsewhere(at)
        elif together and file in mapped:
            at.parent.mkdir(exist_ok=True)
            at.symlink_to(file.source.resolve())
        else:
            at = file.source
        placed.append(replace(file, source=at))
    return placed
