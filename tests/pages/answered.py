"""What the library answers, asked once by all tests that only read it."""

from analysis.workflows.ranking import answer

_ANSWERS = {}


def answered(place, scenario):
    """Return `answer`, to be read only: the same for the same tables and question."""
    asked = (str(place.path), place.digest, scenario.to_toml())
    if asked not in _ANSWERS:
        _ANSWERS[asked] = answer(place, scenario)
    return _ANSWERS[asked]
