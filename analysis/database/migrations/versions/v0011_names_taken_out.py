"""What somebody wrote may lose the name of who is erased; all else still only grows."""

from __future__ import annotations

from analysis.database import tenancy

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Let the eraser put the mark of a name taken out into remarks, and change nothing else."""
    for table, column in (("attempts", "note"), ("answers", "text"), ("conflicts", "content")):
        tenancy.only_loses_names(table, column)
