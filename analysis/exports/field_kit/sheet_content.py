"""What the sheet of a turf says, before it is drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.errors import DataError, some
from analysis.exports.field_kit.kit import Kit
from analysis.i18n import format_number, format_percent


@dataclass(frozen=True)
class Sheet:
    """What one turf's sheet says.

    Attributes
    ----------
    kit, turf_id
        Which turf of which kit.
    stops
        Its stops, in walking order.
    facts
        What its summary says: bureaux, minutes, metres.
    """

    kit: Kit
    turf_id: str
    stops: Sequence[Mapping[str, Any]]
    facts: Mapping[str, Any]

    @property
    def doors(self) -> int:
        """Doors to knock at."""
        return sum(int(stop["dwellings"]) for stop in self.stops)

    @property
    def bureaux(self) -> str:
        """Its bureau by its name; of several their numbers, for a line holds no more."""
        ids = self.facts["bureaux"]
        names = [self.kit.names.get(one, "") for one in ids]
        if not all(names):
            return f"{self.kit.say('bureau' if len(ids) == 1 else 'bureaux')} {', '.join(ids)}"
        if len(names) > 1:
            # « 18e, bureau 50 » of « 18e, bureau 50, École rue Championnet ».
            names = [re.sub(r"(bureau \w+).*", r"\1", name) for name in names]
        told = "; ".join(names)
        return told[:1].upper() + told[1:]

    @property
    def line(self) -> str:
        """Bureaux, addresses, doors, minutes and walk in one line."""
        kit, facts = self.kit, self.facts
        parts = [
            self.bureaux,
            kit.count("addresses", "address_one", len(self.stops)),
            kit.count("doors", "door_one", self.doors),
            kit.say("minutes").format(format_number(facts["minutes"], language=kit.language)),
            kit.say("walk").format(format_number(facts["walk_m"], language=kit.language)),
        ]
        return " · ".join(parts)

    @property
    def goal(self) -> str:
        """What the outing is for, in numbers."""
        kit = self.kit
        text = kit.say("goal").format(
            doors=kit.count("doors", "door_one", self.doors),
            minutes=format_number(self.facts["minutes"], language=kit.language),
            team=kit.walks.summary.get("team", 2),
        )
        share = kit.walks.summary.get("work", {}).get("share_open")
        if share is None:
            return text
        talks = float(self.facts.get("conversations", self.doors * float(share)))
        expected = kit.say("goal_talks").format(
            share=format_percent(talks / self.doors, language=kit.language),
            talks=format_number(talks, language=kit.language),
        )
        return " ".join([text, expected, *slot_of(kit)])


def sheet_of(kit: Kit, turf_id: str) -> Sheet:
    """Gather what the sheet of one turf says.

    Raises
    ------
    DataError
        When there is no such turf.
    """
    if turf_id not in kit.tables:
        raise DataError(
            "There is no turf {turf_id!r}.",
            where="turfs: {tables}",
            mend="Name one of these.",
            turf_id=turf_id,
            tables=some(kit.tables),
        )
    facts = {**kit.measures[turf_id], **kit.entries.get(turf_id, {})}
    return Sheet(kit, turf_id, kit.records[turf_id], facts)


def seal_of(kit: Kit) -> str:
    """Return the seal of the design, short enough to be compared by eye."""
    seal = kit.walks.seal
    return kit.say("seal").format(seal[:16]) if seal else kit.say("no_seal")


def slot_of(kit: Kit) -> list[str]:
    """Return when the outing is, and how it is known who talks then; nothing where it is open."""
    opening = kit.walks.summary.get("opening")
    if not opening:
        return []
    known = kit.say("slot_learned").format(format_number(opening["doors"], language=kit.language))
    how = known if opening["source"] == "learned" else kit.say("slot_assumed")
    return [kit.say("slot").format(when=kit.say(str(opening["slot"])), how=how)]


def use_of(kit: Kit, facts: Mapping[str, Any]) -> str:
    """Return what is special about a turf: spare, later, without stairs."""
    words = [kit.say(str(facts["use"]))] if facts.get("use") in {"spare", "later"} else []
    if facts.get("profile") == "low_mobility":
        words.append(kit.say("low_mobility"))
    return ", ".join(words)


def about(kit: Kit) -> str:
    """Return what made these sheets, as the keywords of the PDF."""
    keys = ("palier", "made_from", "distance", "hours", "team", "start")
    known = {key: kit.walks.summary[key] for key in keys if key in kit.walks.summary}
    # `reproduce` knows by the kind that turfs are cut again, not made from this.
    told = {**known, "kind": "turfs", "seal": kit.walks.seal, "fictional": kit.fictional}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))
