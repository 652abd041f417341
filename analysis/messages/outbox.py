"""The outbox: what was approved leaves once for each person, however often its worker is killed.

There is no cursor: a row in `steps` says of each person what became of their message. It is written
right after the mail server answered for it: a worker killed in between sends the one in hand
again, with the same Message-ID, and loses none.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from analysis.contacts.contact_store import Contacts
from analysis.contacts.gate import agreements, passes
from analysis.contacts.suppression import catch_up, listed
from analysis.contacts.universe_ground import Ground
from analysis.database.engine import or_nothing, reading, tenant_of, writing
from analysis.database.message_tables import APPROVALS, DELIVERIES, HALTS, STEPS
from analysis.errors import DataError
from analysis.messages.approve import approval_of
from analysis.messages.delivery_guard import Guard, guard_of
from analysis.messages.delivery_ledger import Ledger, Told, ledger_of
from analysis.messages.drafts import POINT_OF, Draft, draft_of
from analysis.messages.letter_layout import Layout, lay_out
from analysis.messages.letter_links import bounce_secret, links, return_path
from analysis.messages.loads import PURPOSE as MEASURED
from analysis.messages.loads import counted_cells, load_token
from analysis.messages.mime_bytes import Parcel, Sender, Wrapping, parcel_bytes, wrap
from analysis.messages.preflight import sender_address
from analysis.messages.recipients import SENT as TO_SEND
from analysis.messages.recipients import addresses, asked_of, values_of
from analysis.messages.sending_pace import Pace
from analysis.messages.smtp_post import Post, RefusedError

GATE, SENT, REFUSED, BOUNCED, COMPLAINED = "gate", "sent", "refused", "bounced", "complained"
BATCH = 500
# What a killed worker wrote is there in any case. So that a power cut repeats no more than so many
# letters, one in so many waits for the disk; all waiting would make it ten times slower.
FIRM = 25
# A letter that could not leave in four days is about what is over.
LATEST_S = 4 * 86_400
# Two workers share a message by parts of so many letters.
PART = 50


@dataclass(slots=True)
class Way:
    """By what and how quickly messages leave.

    Attributes
    ----------
    post
        Takes them away.
    base
        Address of the server: links to leave begin with it.
    ground
        Facts of the place, which messages may name.
    bounces
        Address to which returned mail goes; "" for that of who answers.
    pace
        By domain.
    clock
        Tells the moment, with its zone.
    stop
        Says whether to stop after the message in hand.
    sign
        Signs a mail (DKIM), where the mail server does not.
    """

    post: Post
    base: str
    ground: Ground
    bounces: str = ""
    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    stop: Callable[[], bool] = lambda: False
    sign: Callable[[bytes], bytes] = bytes


def waiting(contacts: Contacts) -> list[str]:
    """Return the messages that were approved, not halted, and wait for somebody; oldest first."""
    query = (
        sa.select(APPROVALS.c.message)
        .where(APPROVALS.c.tenant == contacts.tenant)
        .order_by(APPROVALS.c.at_s, APPROVALS.c.message)
    )
    halted = sa.select(HALTS.c.message).where(HALTS.c.tenant == contacts.tenant)
    with reading(contacts.engine) as connection:
        found = connection.execute(query.where(APPROVALS.c.message.not_in(halted))).scalars()
        return [one for one in map(str, found) if _pending(connection, one, 1)]


def _pending(connection: Connection, message: str, most: int | None) -> list[tuple[int, str]]:
    tenant = tenant_of(connection)
    # Not "exists": a store that does not yet know how large its tables are would compare each of
    # the recipients with each that is done.
    done = sa.select(STEPS.c.person).where(STEPS.c.tenant == tenant, STEPS.c.message == message)
    query = (
        sa.select(DELIVERIES.c.turn, DELIVERIES.c.person)
        .where(DELIVERIES.c.tenant == tenant, DELIVERIES.c.message == message)
        .where(DELIVERIES.c.arm == TO_SEND, DELIVERIES.c.person.not_in(done))
        .order_by(DELIVERIES.c.turn)
        .limit(most)
    )
    return [(int(turn), str(person)) for turn, person in connection.execute(query)]


def send_message(contacts: Contacts, message: str, way: Way) -> Counter[str]:
    """Send a message to whom it was approved for and still may go; return what became of them.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.
    way
        By what.

    Returns
    -------
    Counter
        How many by outcome: sent, gate, refused, later, busy, done, halted.

    Raises
    ------
    DataError
        When the mail server takes nothing, or the message was changed since it was approved.
    """
    return _by_batches(contacts, message, _Sending.of(contacts, message, way))


def _by_batches(contacts: Contacts, message: str, sending: _Sending) -> Counter[str]:
    count: Counter[str] = Counter()
    # Read once: who is approved for is frozen, and who was done meanwhile is seen at their turn.
    with reading(contacts.engine) as connection:
        pending = _pending(connection, message, None)
    for start in range(0, len(pending), BATCH):
        if sending.way.stop() or count["halted"]:
            break
        rows = pending[start : start + BATCH]
        count.update(sending.batch({person: turn // PART for turn, person in rows}))
    return count


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known of the people of a batch, read at once."""

    guard: Guard
    address: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]
    variant: Mapping[str, str]
    load: Mapping[str, str]
    part: Mapping[str, int]
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class _Sending:
    """A message on its way."""

    contacts: Contacts
    draft: Draft
    layout: Layout
    wrapping: Wrapping
    way: Way
    approved_s: int
    measured: Layout
    # Bureau of a recipient → picture of its cell.
    load: Mapping[str, str]

    @classmethod
    def of(cls, contacts: Contacts, message: str, way: Way) -> _Sending:
        """Read what all recipients of a message share; refuse one not approved as it stands.

        Parameters
        ----------
        contacts, message
            The campaign, and which message.
        way
            How it leaves.

        Returns
        -------
        _Sending
            As its approval says.

        Raises
        ------
        DataError
            When it was not approved, or was changed since.
        """
        approval, draft = approval_of(contacts, message), draft_of(contacts, message)
        if approval is None or approval.sha256 != draft.letter.sha256:
            raise DataError(
                "This message was not approved as it stands: it does not leave.",
                where="{message}",
                mend="Have it approved by somebody other than its author.",
                message=message,
            )
        who = approval.controller
        address = sender_address(who)
        domain = address.rpartition("@")[2]
        layout = lay_out(draft.letter, who, themed=draft.themed)
        sender = Sender(who.name, address, f"{contacts.tenant}.{domain}".lower())
        wrapping = wrap(sender, layout.pictures)
        measured = lay_out(draft.letter, who, themed=draft.themed, measured=True)
        base = f"{way.base}/o/{contacts.tenant}/{message}"
        load = {
            bureau: f"{base}/{load_token(contacts.ring, message, cell)}.gif"
            for bureau, cell in counted_cells(contacts, message).items()
        }
        return cls(contacts, draft, layout, wrapping, way, approval.at_s, measured, load)

    def batch(self, part: Mapping[str, int]) -> Counter[str]:
        """Send to the people of a batch, by their part, whom the gate lets through at present."""
        count: Counter[str] = Counter()
        allowed = self._gate(list(part), count)
        channel = self.draft.letter.channel
        with ledger_of(self.contacts, self.draft.message, channel) as ledger:
            self._one_by_one(allowed, self._known(allowed, part, ledger), count)
        return count

    def _one_by_one(self, allowed: Sequence[str], known: _Batch, count: Counter[str]) -> None:
        waiting, later = deque(allowed), 0
        while waiting and not self.way.stop():
            person = waiting.popleft()
            domain = known.address.get(person, "").rpartition("@")[2]
            wait = self.way.pace.wait_s(domain)
            if wait and later < len(waiting):
                waiting.append(person)  # others may go first
                later += 1
                continue
            if wait:
                known.ledger.flush()
                time.sleep(min(wait, 1.0))
                waiting.appendleft(person)
                continue
            later = 0
            outcome = self._deliver(person, known, firmly=not sum(count.values()) % FIRM)
            if outcome == SENT:
                self.way.pace.note(domain)
            count[outcome] += 1
            if outcome == "halted":
                break

    def _gate(self, people: Sequence[str], count: Counter[str]) -> list[str]:
        """Return whom the gate lets through, and write down which rule refuses each other."""
        now = self.way.clock()
        if now.timestamp() - self.approved_s > LATEST_S:
            self._note_many(dict.fromkeys(people, "late"), count)
            return []
        asked = asked_of(self.draft, people, at=now)
        told = passes(self.contacts, asked)
        why = {people[n - 1]: one.rule for one in told.refusals for n in one.lines}
        if not told.whole:
            rule = next(one.rule for one in told.refusals if not one.lines)
            why = {who: why.get(who, rule) for who in people}
        self._note_many(why, count)
        return [who for who in people if who not in why]

    def _note_many(self, why: Mapping[str, str], count: Counter[str]) -> None:
        if not why:
            return
        rows = [self._step(who, GATE, rule) for who, rule in why.items()]
        with writing(self.contacts.engine) as connection:
            connection.execute(or_nothing(connection, STEPS), rows)
        count[GATE] += len(rows)

    def _known(self, people: Sequence[str], part: Mapping[str, int], ledger: Ledger) -> _Batch:
        catch_up(self.contacts)
        letter = self.draft.letter
        asked = agreements(asked_of(self.draft, ()))
        purposes = tuple(sorted(purpose for purpose, _channel in asked))
        guard = guard_of(self.contacts, self.draft.message, people, purposes, letter.channel)
        with reading(self.contacts.engine) as connection:
            address = addresses(connection, self.contacts, people, POINT_OF[letter.channel])
            values = values_of(connection, self.contacts, people, self.way.ground, letter.language)
            variant, load = self._variants(connection, people)
        return _Batch(guard, address, values, variant, load, part, ledger)

    def _variants(
        self, connection: Connection, people: Sequence[str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Return which subject each gets, and the picture of their cell."""
        if not self.draft.letter.subject_b and not self.load:
            return {}, {}
        query = sa.select(DELIVERIES.c.person, DELIVERIES.c.variant, DELIVERIES.c.cell).where(
            DELIVERIES.c.tenant == self.contacts.tenant,
            DELIVERIES.c.message == self.draft.message,
            DELIVERIES.c.person.in_(listed(connection, people)),
        )
        rows = [tuple(map(str, row)) for row in connection.execute(query)]
        load = {who: self.load[cell] for who, _one, cell in rows if cell in self.load}
        return {who: one for who, one, _cell in rows}, load

    def _deliver(self, person: str, known: _Batch, *, firmly: bool) -> str:
        """Ask once more, hand the message over, and write down what became of it."""
        if not known.ledger.claim(known.part[person]):
            return "busy"
        told = known.ledger.ask(person, known.guard.points.get(person, ()))
        rule = known.guard.refuses(told, person, self.way.clock)
        if rule in ("done", "halted"):
            return rule
        step, code = (GATE, rule) if rule else self._post(person, known, told)
        if step != "later":
            known.ledger.note(self._step(person, step, code), firmly=firmly)
        return step

    def _post(self, person: str, known: _Batch, told: Told) -> tuple[str, str]:
        """Hand a message over; return the step and its code, or "later"."""
        address = known.address.get(person, "")
        if not address:
            return GATE, "no_address"
        try:
            sender, content = self._parcel(person, address, known, told)
        except DataError:
            # Somebody lacks today what the message says of them.
            return REFUSED, "template"
        try:
            self.way.post.send(sender, address, content)
        except RefusedError as error:
            return (REFUSED, error.code) if error.ever else ("later", error.code)
        return SENT, ""

    def _parcel(self, person: str, address: str, known: _Batch, told: Told) -> tuple[str, bytes]:
        """Return from whom, and what: a mail with its return path, or a text with its id."""
        message = self.draft.message
        ways = links(self.contacts, self.way.base, message, person)
        variant = known.variant.get(person, "")
        # Asked at this moment: whoever took it back gets no picture.
        load = known.load.get(person, "") if MEASURED in told.agreed else ""
        layout = self.measured if load else self.layout
        filled = layout.fill(known.values.get(person, {}), replace(ways, load=load), variant)
        secret = bounce_secret(self.contacts.ring, message, person)
        if self.draft.letter.channel == "sms":
            return secret, filled.text.encode()
        sender = self.wrapping.sender.address
        back = return_path(self.way.bounces or sender, secret)
        parcel = Parcel(
            to=address,
            filled=filled,
            leave=ways.leave,
            leave_mail=back,
            message_id=f"{secret}@{sender.rpartition('@')[2]}",
        )
        return back, self.way.sign(parcel_bytes(self.wrapping, parcel))

    def _step(self, person: str, step: str, code: str) -> dict[str, Any]:
        return {
            "tenant": self.contacts.tenant,
            "message": self.draft.message,
            "person": person,
            "step": step,
            "at_s": int(self.way.clock().timestamp()),
            "code": code,
        }


def progress_of(contacts: Contacts, message: str) -> dict[str, int]:
    """Return what became of a message: sent, gate, refused, bounced, complained, waiting, control.

    Parameters
    ----------
    contacts
        The campaign.
    message
        Which.
    """
    arms = (
        sa.select(DELIVERIES.c.arm, sa.func.count())
        .where(DELIVERIES.c.tenant == contacts.tenant, DELIVERIES.c.message == message)
        .group_by(DELIVERIES.c.arm)
    )
    steps = (
        sa.select(STEPS.c.step, sa.func.count())
        .where(STEPS.c.tenant == contacts.tenant, STEPS.c.message == message)
        .group_by(STEPS.c.step)
    )
    with reading(contacts.engine) as connection:
        by_arm = {str(arm): int(n) for arm, n in connection.execute(arms)}
        by_step = {str(step): int(n) for step, n in connection.execute(steps)}
    done = sum(by_step.get(one, 0) for one in (GATE, SENT, REFUSED))
    told = {one: by_step.get(one, 0) for one in (SENT, GATE, REFUSED, BOUNCED, COMPLAINED)}
    return told | {
        "waiting": by_arm.get(TO_SEND, 0) - done,
        "control": sum(by_arm.values()) - by_arm.get(TO_SEND, 0),
    }
