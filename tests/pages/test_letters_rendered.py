"""Letters as a browser draws them: on a phone, on a desk, and where the program of mail is dark."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from analysis.messages.letter_blocks import Letter
from analysis.messages.letter_layout import Links, lay_out
from analysis.messages.letter_preview import shown
from tests.analysis.messages.conftest import CONTROLLER

pytestmark = pytest.mark.browser
LINKS = Links("https://example.org/u/c/" + "5" * 48, "https://example.org/p/c")
# A thumb; and what the words of a link inside a text may be.
THUMB_PX, LEAST_CONTRAST = 44, 4.5
LONG = "Rassemblement-intercommunal-extraordinaire-des-associations-de-quartier"
# What is drawn against what lies under it, of every text that is seen.
CONTRASTS = """() => {
  const rgb = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => rgb(c).slice(0, 3).map(v => v / 255)
      .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
      .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
  const under = e => { for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor, parts = rgb(c);
      if (parts.length < 4 || parts[3]) return c; } return "rgb(0, 0, 0)"; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let t; t = walk.nextNode();) {
    const e = t.parentElement;
    if (!t.textContent.trim() || !e.getClientRects().length) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(under(e))].sort((x, y) => y - x);
    found.push([t.textContent.trim().slice(0, 40), (a + .05) / (b + .05)]);
  }
  return found;
}"""


def letter(language):
    """Return a letter in which everything is long."""
    wide = io.BytesIO()
    Image.new("RGB", (1_600, 500), "#7c93b2").save(wide, "PNG")
    source = "https://www.example.org/" + "tres-longue-adresse/" * 6
    told = {
        "language": language,
        "subject": "Jeudi",
        "preheader": "À 19 h",
        "blocks": [
            {"kind": "title", "text": LONG},
            {"kind": "text", "text": f"{{{{ first_name }}}}, {source}"},
            {"kind": "picture", "data": base64.b64encode(wide.getvalue()).decode(), "alt": "x"},
            {"kind": "button", "text": f"Je viens : {LONG}", "url": "https://example.org/"},
            {"kind": "figures", "rows": [[LONG, "31,2 %"], ["Inscrits", "1 204"]], "source": LONG},
        ],
    }
    layout = lay_out(Letter.read(told), CONTROLLER, themed=True, measured=True)
    return shown(layout, layout.fill({"first_name": "Zoé"}, LINKS))


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("width", [390, 1_000])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_letter_fits_its_screen_and_a_thumb_finds_the_way_out(page, width, language):
    page.set_viewport_size({"width": width, "height": 844})
    page.set_content(letter(language).html)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("img").bounding_box()["width"] <= min(width, 600)
    for link in page.locator("a").all():
        box = link.bounding_box()
        assert min(box["height"], box["width"]) >= THUMB_PX, link.inner_text()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    way_out = page.locator(f'a[href="{LINKS.leave}"]')
    assert (
        way_out.inner_text()
        == {"fr": "Ne plus rien recevoir", "en": "Receive nothing more"}[language]
    )
    assert way_out.is_visible()
    assert float(way_out.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 13  # noqa: PLR2004
    text = page.locator("p").first
    assert text.evaluate("e => getComputedStyle(e).fontSize") == "16px"


def test_a_letter_is_read_in_a_dark_program_of_mail(page):
    page.emulate_media(color_scheme="dark")
    page.set_content(letter("fr").html)
    # Such programs put the letter into a page of their own, and drop what it says of its body.
    page.evaluate("document.body.removeAttribute('style')")
    page.add_style_tag(content="html, body {background: #121212; color: #eeeeee}")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 10  # noqa: PLR2004 - title, text, button, figures and foot
    assert {text: ratio for text, ratio in found if ratio < LEAST_CONTRAST} == {}
