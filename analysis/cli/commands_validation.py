"""The verb that asks of the past whether the order of the doors was any good: validate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.cli.terminal import bar, show

if TYPE_CHECKING:
    from analysis.targeting.validation import Validation


def validate(
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    out: Annotated[Path, typer.Option(help="What every order would have met, .json.")],
    place: Annotated[
        list[str] | None,
        typer.Option("--place", help="Code of a commune or département; several may follow."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
) -> None:
    """Tell what each order of the doors would have met of the votes that moved in the past."""
    from analysis.workflows.validate import validate_to_file

    with bar("looking back") as told:
        found, content = validate_to_file(
            workspace, out, places=tuple(place or ()), seed=seed, progress=told
        )
    show(_table(found, content))
    show(f"written: {out}")


def _table(found: Validation, told: dict[str, Any]) -> str:
    """Return cells as rows and methods as columns, then means and the worst of five worlds."""
    from analysis.targeting.validation import METHODS

    untold = len(found.untold)
    few = f"cannot tell: {untold} pairs at which under 1% of the registered or 200 votes moved"
    if found.cells.empty:
        return f"the past of this place cannot tell one order from another\n{few}"
    # One word of a name under the other: the longest has three.
    words = [m.split("_") for m in METHODS]
    lines = [
        f"{told_of:<46}" + "".join(f"{w[n] if n < len(w) else '':>13}" for w in words)
        for n, told_of in enumerate(("votes met by 20% of hours", "", ""))
    ]
    for row in found.to_frame().to_dict("records"):
        label = f"{row['bloc']} {row['kind']} {row['from']} > {row['to']}"
        cells = (row.get(m, float("nan")) for m in METHODS)
        lines.append(f"{label:<46}" + "".join(f"{v:>13.3f}" for v in cells))
    means = found.means
    lines.append(f"{'mean':<46}" + "".join(f"{means.get(m, float('nan')):>13.3f}" for m in METHODS))
    for bloc, worst in told["worlds_worst"].items():
        shares = "".join(f"{worst[m]:>13.2f}" for m in METHODS)
        lines.append(f"{'worst of five worlds, ' + bloc:<46}" + shares)
    lines += _parts(found)
    lines += _held(told["calibration"])
    lines.append(few)
    return "\n".join(lines)


def _parts(found: Validation) -> list[str]:
    """Return how far off each part was, beside its rule of thumb, means over pairs by bloc."""
    means = found.parts.groupby(["part", "bloc"], sort=False).mean(numeric_only=True)
    return [
        f"{f'{part}, {bloc}: error':<46}{row['error']:>13.4f} its rule "
        f"{row['rule_error']:.4f}, counting alone {row['noise']:.4f}, rank correlation "
        f"{row['correlation']:.2f}"
        for (part, bloc), row in means.sort_index(level=0, sort_remaining=False).iterrows()
    ]


def _held(told: dict[str, dict[str, Any]]) -> list[str]:
    """Return coverage by world, then the reliability of probabilities, over drawn pasts."""
    from analysis.targeting.calibration import MOVEMENTS
    from analysis.targeting.value import ANSWERS

    lines = []
    for bloc, held in told.items():
        for movement in MOVEMENTS:
            told_of = f"90% intervals of gain, {bloc}, movement {movement}"
            by_world = ", ".join(
                f"{row['world']} {row['coverage']:.3f}"
                for row in held["covered"]
                if row["movement"] == movement
            )
            lines.append(
                f"{told_of:<62}{held['coverage'][movement]:.3f} ({by_world}); "
                f"chances told and come apart by {held['gap'][movement]:.3f}"
            )
    lines.append(f"chances of being among the first, told > come (worlds: {', '.join(ANSWERS)})")
    for bloc, held in told.items():
        classes = "  ".join(
            f"{row['told']:.2f} > {row['came']:.2f}"
            for row in held["reliability"]
            if row["movement"] == MOVEMENTS[0]
        )
        lines.append(f"{bloc:<12}{classes}")
    return lines


def register(app: typer.Typer) -> None:
    """Give the command line its verb of proof."""
    app.command()(validate)
