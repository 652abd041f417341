"""The verb of models that look back: backtest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

if TYPE_CHECKING:
    from analysis.electorate.abstention.backtest import AbstentionBacktest


def backtest(
    workspace: Annotated[Path, typer.Option(help="Folder of the workspace.")],
    target: Annotated[str, typer.Option(help="Past election to forecast: 2024_legi_t1.")],
    out: Annotated[Path, typer.Option(help="Errors of all methods, .json.")],
) -> None:
    """Forecast the abstention of a past election, and say how far off it and rules of thumb are."""
    from analysis.electorate.abstention.backtest import (
        backtest_abstention,
        check_path,
        write_backtest,
    )
    from analysis.workflows.ranking import open_workspace, target_of

    check_path(out)
    place = open_workspace(workspace)
    election = target_of(place, target)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("forecasting", total=1.0)
        found = backtest_abstention(
            place, election, progress=lambda done: bars.update(task, completed=done)
        )
    write_backtest(found, out)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(_table(found))
    console.print(found.summary())
    console.print(f"written: {out}")


def _table(found: AbstentionBacktest) -> str:
    """Return the measures as rows and the methods as columns, which fits a terminal."""
    table = found.methods.set_index("method").T
    form = {"n": "{:,.0f}", "n_all": "{:,.0f}"}
    lines = [[found.target.election_id, *map(str, table.columns)]]
    for name, row in zip(table.index, table.to_numpy(), strict=True):
        digits = "{:.2f}" if "points" in str(name) else "{:.3f}"
        cells = (form.get(str(name), digits).format(v) if v == v else "—" for v in row)
        lines.append([str(name), *cells])
    lines.append(["noise_floor_points", f"{found.noise_floor_points:.2f}"])
    return "\n".join(
        f"{line[0]:<22}" + "".join(f"{cell:>18}" for cell in line[1:]) for line in lines
    )


def register(app: typer.Typer) -> None:
    """Give the command line its verb of look back."""
    app.command()(backtest)
