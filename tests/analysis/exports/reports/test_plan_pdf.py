"""A plan on paper holds every word of its Markdown."""

import re

import numpy as np
import pandas as pd
import pypdfium2
import pytest

from analysis.experiments.design import declare
from analysis.experiments.drawing_rule import Rule
from analysis.experiments.preanalysis_plan import Plan, write_plan
from analysis.exports.reports.plan_pdf import plan_pdf


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_word_of_the_plan_is_on_the_paper(language):
    units = pd.DataFrame({"unit_id": [f"u{n}" for n in range(10)], "value": np.arange(10)})
    markdown = write_plan(
        Plan(("voix & <part>", "turnout"), language=language),
        declare(units, Rule(rank_by="value")),
        2027,
    )
    content = plan_pdf(markdown, footer="0123abcd")
    assert content == plan_pdf(markdown, footer="0123abcd")
    paper = pypdfium2.PdfDocument(content)
    text = " ".join(page.get_textpage().get_text_range() for page in paper)
    read = set(re.findall(r"\w+", text))
    assert set(re.findall(r"\w+", markdown)) <= read | {""}
    assert "0123abcd" in text
    assert "**" not in text
    assert "#" not in text
