"""What browser tests wait for: a run that a click asked for, not the one before it."""

import pytest
from playwright.sync_api import TimeoutError as NotYetError
from playwright.sync_api import expect

from tests.browser import ASKED, settle

pytestmark = pytest.mark.browser

# What a page sends stays in it while `holding` is true.
HELD = """{
    const send = WebSocket.prototype.send, held = [];
    WebSocket.prototype.send = function (content) {
        window.holding ? held.push([this, content]) : send.call(this, content);
    };
    window.letGo = () => {
        window.holding = false;
        held.forEach(([socket, content]) => send.call(socket, content));
    };
}"""


def test_a_page_is_not_settled_while_a_click_is_on_its_way(browser, served):
    window = browser.new_context(locale="fr-FR")
    for script in (HELD, ASKED):
        window.add_init_script(script)
    page = window.new_page()
    page.goto(f"{served}/guides?lang=fr")
    settle(page)
    page.evaluate("window.holding = true")
    page.get_by_text("English", exact=True).click()
    with pytest.raises(NotYetError):
        settle(page, timeout=500)
    page.evaluate("window.letGo()")
    settle(page)
    expect(page.get_by_text("Before the vote")).to_be_visible()
