"""What the models say of a place, put so that it can leave as files and be made again."""

from __future__ import annotations

from collections.abc import Callable

from analysis.exports.finding import Finding, Written
from analysis.exports.provenance import Provenance
from analysis.findings import abstention, swing, transfers
from analysis.workspace import Workspace

# What the provenance of a file says was asked → what finds it again.
AGAIN: dict[str, Callable[[Workspace, Provenance, Written], Finding]] = {
    "abstention": abstention.again,
    "swing": swing.again,
    "transfers": transfers.again,
}

__all__ = ["AGAIN"]
