"""The words of a return: outcomes, slots of the day, kinds of building."""

from __future__ import annotations

from analysis.tables.attempts import OUTCOMES as OUTCOMES

# Takes an attempt back; only a correction may say so.
UNDONE = "undone"
# Slot → first local hour of it; evening lasts until midnight.
SLOTS = {"morning": 0, "midday": 12, "afternoon": 14, "evening": 17}
# Kind of building → fewest dwellings of it.
KINDS = {"house": 1, "small": 3, "block": 10, "tower": 30}
MOST_DOORS = 500
