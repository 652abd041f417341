"""The words of a return: outcomes, slots of the day, kinds of building."""

from __future__ import annotations

from analysis.tables.attempts import OUTCOMES as OUTCOMES

# Asked not to be visited again: later cuts leave as many doors of the address out.
DO_NOT_DISTURB = "do_not_disturb"
# Doors that opened, and behind which nobody wanted to talk.
REFUSALS = ("refused", DO_NOT_DISTURB)
# In a sheet: no attempt, but a building that no file knows (`missing_buildings`).
MISSING = "missing_building"
# Ids of such buildings in turfs and returns: this, and the id of the report.
ADDED = "added-"
# Takes an attempt back; only a correction may say so.
UNDONE = "undone"
# Slot → first local hour of it; evening lasts until midnight.
SLOTS = {"morning": 0, "midday": 12, "afternoon": 14, "evening": 17}
# Kind of building → fewest dwellings of it.
KINDS = {"house": 1, "small": 3, "block": 10, "tower": 30}
MOST_DOORS = 500
