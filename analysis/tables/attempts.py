"""The canonical table of returns: what was found at the doors."""

from __future__ import annotations

from analysis.errors import Text
from analysis.tables.table import Column, Identity, Table

# What happens at a door; few and exclusive.
OUTCOMES = ("no_answer", "refused", "conversation", "moved", "no_access", "do_not_disturb")

ATTEMPTS = Table(
    name="attempts",
    key=("attempt_id",),
    columns={
        "attempt_id": Column("str", "—", "id made where it was noted (UUID): imported twice, once"),
        "turf_id": Column("str", "—", "turf it was noted for"),
        "address_id": Column("str", "—", "id of the address base"),
        "team_id": Column("str", "—", "label of a team, never of a person; may be empty"),
        "at": Column("datetime64[s, UTC]", "instant", "when the door was knocked at"),
        "timed": Column("bool", "—", "whether the hour is known, not only the day"),
        "outcome": Column("str", "—", "see below"),
        "doors": Column("int64", "doors", "doors it tells of, 1 to 500"),
        "grade": Column("str", "—", "door, or building: a number for several doors"),
        "floor": Column("str", "—", "may be empty"),
        "door": Column("str", "—", "may be empty"),
        "quality": Column("Int64", "1 to 5", "of the conversation", nullable=True),
        "opponent": Column("bool", "—", "another campaign was seen there"),
        "themes": Column("str", "—", "codes of what was raised, with spaces between"),
        "come_back_on": Column("str", "day", "ISO date on which to return; may be empty"),
        "come_back_slot": Column("str", "—", "morning, midday, afternoon, evening; may be empty"),
        "note": Column("str", "—", "names nobody; may be empty"),
        "corrects": Column("str", "—", "id of the attempt it replaces; may be empty"),
        "source": Column("str", "—", "phone, sheet or counts"),
        "script": Column("str", "—", "version of the script that was asked; may be empty"),
        "answers": Column("str", "—", "JSON: answers by question; may be empty"),
    },
    identities=(
        Identity(
            Text("an outcome is one of the six, or undone in a correction"),
            lambda t: (
                t["outcome"].isin(OUTCOMES) | (t["outcome"].eq("undone") & t["corrects"].ne(""))
            ),
        ),
        Identity(Text("1 ≤ doors ≤ 500"), lambda t: t["doors"].between(1, 500)),
        Identity(
            Text("quality is 1 to 5, of a conversation only"),
            lambda t: (
                t["quality"].isna()
                | (t["quality"].between(1, 5) & t["outcome"].eq("conversation")).fillna(value=False)
            ),
        ),
        Identity(
            Text("an attempt does not correct itself"), lambda t: t["corrects"].ne(t["attempt_id"])
        ),
    ),
)
