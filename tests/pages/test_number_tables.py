"""Tables of numbers on screen: each number as the texts around it write it."""

import pandas as pd
import pytest

from pages._ui.trial import number_tables


@pytest.mark.parametrize("alike", [True, False])
def test_what_is_less_than_nothing_has_the_minus_of_texts(monkeypatch, alike):
    monkeypatch.setattr(number_tables, "_speaks_alike", lambda: alike)
    table = pd.DataFrame({"Swing": [-8.9, 4.0], "Registered": [1204, 980]})
    shown, _columns = number_tables.written(table)
    assert "−8,9" in (html := shown.to_html())
    assert "1\N{NARROW NO-BREAK SPACE}204" in html


def test_a_browser_that_writes_as_the_page_does_writes_what_is_not(monkeypatch):
    monkeypatch.setattr(number_tables, "_speaks_alike", lambda: True)
    table = pd.DataFrame({"Share": [8.9, None]})
    shown, columns = number_tables.written(table)
    assert shown is table
    assert columns["Share"]["type_config"]["format"] == "localized"


def test_a_text_far_longer_than_the_others_has_room():
    names = ["Tour 1", "Tour 2", "Gauche", "Droite", "Centre", "Une ligne bien plus longue"]
    _shown, columns = number_tables.written(pd.DataFrame({"Issue": names, "Part": range(6)}))
    assert columns["Issue"]["width"] == 202
    # With so few rows, or texts as long as one another, the browser measures all of them.
    for alike in (names[:3] + names[5:], names[:5] + ["Tour 3"]):
        _shown, columns = number_tables.written(pd.DataFrame({"Issue": alike}))
        assert "Issue" not in columns
