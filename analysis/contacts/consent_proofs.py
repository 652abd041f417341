"""What shows that somebody agreed: the words, the day, the act and its signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from analysis.contacts.acts import act_by, proof_of
from analysis.contacts.contact_store import Contacts
from analysis.database.contact_tables import CONSENT_TEXTS, CONSENTS
from analysis.database.engine import reading


@dataclass(frozen=True, slots=True)
class Proof:
    """Of one consent.

    Attributes
    ----------
    purpose, wording
        What they agreed to, in the very words.
    said_s, how
        When, and by which way.
    digest
        Of the act, as the consent bears it.
    whole
        Whether the act is there and has this digest; False where it came by another way.
    signature
        Strokes drawn on a screen, x and y in turn, on a field of 600 by 200.
    """

    purpose: str
    wording: str
    said_s: int
    how: str
    digest: str
    whole: bool
    signature: Sequence[Sequence[int]] = field(repr=False, default=())

    @property
    def drawing(self) -> str:
        """Return the signature as SVG; "" where none was drawn."""
        strokes = [
            "M" + " L".join(f"{x} {y}" for x, y in zip(one[::2], one[1::2], strict=False))
            for one in self.signature
            if len(one) > 1
        ]
        if not strokes:
            return ""
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 200" width="600" '
            'height="200"><rect width="600" height="200" fill="#fff"/>'
            f'<path d="{" ".join(strokes)}" fill="none" stroke="#000" stroke-width="4"/></svg>'
        )


def proofs(contacts: Contacts, person: str) -> list[Proof]:
    """Return what shows the consents that somebody gave, the latest first.

    Parameters
    ----------
    contacts
        The campaign, with its keys.
    person
        Who.
    """
    same = sa.and_(
        CONSENT_TEXTS.c.tenant == CONSENTS.c.tenant,
        CONSENT_TEXTS.c.text_id == CONSENTS.c.text_id,
        CONSENT_TEXTS.c.version == CONSENTS.c.text_version,
    )
    query = (
        sa.select(CONSENTS, CONSENT_TEXTS.c.wording)
        .outerjoin(CONSENT_TEXTS, same)
        .where(CONSENTS.c.tenant == contacts.tenant, CONSENTS.c.person == person)
        .where(CONSENTS.c.given)
        .order_by(CONSENTS.c.said_s.desc(), CONSENTS.c.purpose)
    )
    found = []
    with reading(contacts.engine) as connection:
        for row in connection.execute(query).mappings().all():
            act = act_by(connection, contacts, person, row["proof"])
            found.append(
                Proof(
                    purpose=row["purpose"],
                    wording=row["wording"] or "",
                    said_s=row["said_s"],
                    how=row["how"],
                    digest=row["proof"],
                    whole=act is not None and proof_of(contacts, act) == row["proof"],
                    signature=act.signature if act else (),
                )
            )
    return found
