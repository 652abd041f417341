"""Who voted what next: transfers between two elections, estimated from counts by unit."""

from analysis.electorate.transfers.estimate import estimate_transfers
from analysis.electorate.transfers.transfer_results import Transfers

__all__ = ["Transfers", "estimate_transfers"]
