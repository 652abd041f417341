"""Where people stay home next time: a forecast by bureau, from past elections only."""
