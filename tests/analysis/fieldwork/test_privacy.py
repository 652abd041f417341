"""Tests of `analysis.fieldwork.privacy`."""

from __future__ import annotations

import pytest

from analysis.fieldwork.privacy import personal


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("06 12 34 56 78", "a telephone number"),
        ("tel +33.6.12.34.56.78", "a telephone number"),
        ("0612345678", "a telephone number"),
        ("06-12-34-56-78 le soir", "a telephone number"),
        ("٠٦١٢٣٤٥٦٧٨", "a telephone number"),
        ("06\u202f12\u202f34\u202f56\u202f78", "a telephone number"),
        ("jean.dupont+x@example.co.uk", "an e-mail address"),
        ("jean (at) example.org", "an e-mail address"),
        ("jean arobase example . org", "an e-mail address"),
        ("voir Mme Durand", "a name"),
        ("M. Le Goff rappelle", "a name"),
        ("monsieur Éluard", "a name"),
        ("sonner fort, monsieur du 3e entend mal", ""),
        ("code 1234A, 2e étage", ""),
        ("portes 3, 5, 7, 9, 11, 13, 15 et 17", ""),
        ("revenir le 28/11 à 18:30", ""),
        ("", ""),
    ],
)
def test_what_names_a_person_is_found(text, kind):
    assert personal(text) == kind
