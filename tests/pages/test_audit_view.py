"""The audit on screen: what was done is told in the language of the page."""

import pytest

from pages._ui.access import audit_view


@pytest.mark.parametrize(
    ("action", "subject", "told"),
    [
        ("invite", "3419cc53 volunteer turf ZCPT-001", "Bénévole · un secteur ZCPT-001 · 3419cc53"),
        ("grant", "41418a7f analyst campaign", "Analyste · toute la campagne · 41418a7f"),
        ("revoke", "41418a7f 3", "41418a7f 3"),
        ("download", "palier_valmont.csv", "palier_valmont.csv"),
        ("logout", "", ""),
    ],
)
def test_a_role_that_was_given_is_told_in_words(action, subject, told):
    assert audit_view._on(action, subject) == told
