"""Names at doors, for a sheet on which the law lets them stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DoorNames:
    """Who is registered at the addresses of turfs; made by `workflows.names_at_doors` alone.

    Attributes
    ----------
    at
        By address: names as they are read aloud, in order.
    notice
        Of articles 13 and 14, in the language of the sheet; it stands on every page with names.
    """

    at: Mapping[str, tuple[str, ...]] = field(repr=False)
    notice: str

    def __post_init__(self) -> None:
        """Refuse names without their notice."""
        if not self.notice.strip():
            raise ValueError("names need their notice")
