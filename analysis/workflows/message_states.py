"""Where every message of a campaign stands, and what is missing before any can leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from analysis.contacts.contact_store import Contacts
from analysis.messages.approve import approval_of
from analysis.messages.drafts import drafts
from analysis.messages.inbound import hook_secret
from analysis.messages.outbox import progress_of
from analysis.messages.preflight import sender_address
from analysis.workflows import mail_out, message_work

State = Literal["draft", "waiting", "sending", "sent", "halted"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message stands.

    Attributes
    ----------
    row
        Of `drafts`: message, version, name, at_s, approved.
    state
        A draft, approved and waiting, on its way, sent, or halted.
    progress
        What became of it, see `outbox.progress_of`; empty for a draft.
    """

    row: dict[str, Any]
    state: State
    progress: dict[str, int]


def standings(contacts: Contacts) -> list[Standing]:
    """Return where every message stands, the latest first."""
    return [standing(contacts, row) for row in drafts(contacts)]


def standing(contacts: Contacts, row: dict[str, Any]) -> Standing:
    """Return where one message of `drafts` stands."""
    approval = approval_of(contacts, row["message"]) if row["approved"] else None
    if approval is None:
        return Standing(row, "draft", {})
    progress = progress_of(contacts, row["message"])
    if approval.halted:
        return Standing(row, "halted", progress)
    if not progress["waiting"]:
        return Standing(row, "sent", progress)
    return Standing(row, "sending" if progress["sent"] else "waiting", progress)


def hook_address(contacts: Contacts) -> str:
    """Return where gateways and mail servers call back what came back."""
    base = message_work.base_address() or "https://…"
    return f"{base}/api/inbound/{contacts.tenant}/{hook_secret(contacts)}"


@dataclass(frozen=True, slots=True)
class Means:
    """What a message needs to leave: mail server, address of this server, sender."""

    server: bool
    address: str
    sender: str

    @property
    def whole(self) -> bool:
        """Tell whether nothing is missing."""
        return self.server and self.address.startswith("https://") and bool(self.sender)


def means(contacts: Contacts) -> Means:
    """Return what there is of what a mail needs to leave."""
    return Means(
        mail_out.takes_away("email"),
        message_work.base_address(),
        sender_address(contacts.controller),
    )
