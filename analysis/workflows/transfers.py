"""Who voted what next, as a table, a matrix or flows."""

from __future__ import annotations

from functools import partial

from analysis.charts.chart_words import election
from analysis.electorate.transfers import Transfers
from analysis.electorate.transfers.place_transfers import transfers_of
from analysis.exports.model_export import Finding, Written
from analysis.exports.provenance import Provenance, of_workspace
from analysis.tables.workspace import Workspace
from analysis.workflows.model_columns import columns_of
from analysis.workflows.model_territory import title_of

SEED = 0


def finding(
    workspace: Workspace,
    asked: tuple[str, str, str],
    found: Transfers,
    *,
    figure: str = "",
    written: Written,
) -> Finding:
    """Put an estimate so that it can leave.

    Parameters
    ----------
    workspace
        Where it was made.
    asked
        From which election to which, and the commune or département ("" for the whole).
    found
        `transfers_of` these, with the seed `SEED`.
    figure
        "matrix" or "flows" for a picture; empty for the table.
    written
        How it is written.
    """
    origin, destination, place = asked
    language = written.language
    source = of_workspace(
        workspace,
        "transfers",
        {
            "from": origin,
            "to": destination,
            "place": place,
            "level": found.level,
            "figure": figure,
        },
        seed=SEED,
    )
    # In two lines: a table of few columns is narrow.
    before, after = (election(one, language) for one in (origin, destination))
    heading = f"{title_of(workspace, place, language)} · {before} →\n{after}"
    draw = None
    if figure:
        from analysis.charts import transfer_charts as charts

        chart = charts.heat_map if figure == "matrix" else charts.flows
        draw = partial(chart, found, title=heading, language=language)
    table = found.to_frame()
    units = columns_of("transfers", table, language)
    return Finding(table, None, source, heading, units, draw, written)


def again(workspace: Workspace, provenance: Provenance, written: Written) -> Finding:
    """Find again what a file of `finding` was made from."""
    given = provenance.parameters
    asked = given["from"], given["to"], given["place"]
    found = transfers_of(workspace, *asked, seed=provenance.seed or SEED, level=given["level"])
    return finding(workspace, asked, found, figure=given["figure"], written=written)
