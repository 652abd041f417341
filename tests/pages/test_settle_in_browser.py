"""What browser tests wait for and are told: the run a click asked for, and who else is asked."""

import pytest
from playwright.sync_api import TimeoutError as NotYetError
from playwright.sync_api import expect

from tests.browser import ASKED, open_page, settle

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
    # As one: which of two is run first is not said.
    window.add_init_script(f"{HELD}\n{ASKED}")
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


ELSEWHERE = ["https://192.0.2.1/a", "https://elsewhere.example/b", "wss://elsewhere.example/c"]


def test_whoever_is_asked_on_another_machine_is_told(browser, served):
    visit = open_page(browser, f"{served}/guides?lang=fr")
    assert visit.outside == []
    visit.page.evaluate(
        """([one, other, socket]) => Promise.allSettled([
            fetch(one, {mode: "no-cors"}),
            new Promise((end) => Object.assign(new Image(), {onerror: end, src: other})),
            new Promise((end) => { new WebSocket(socket).onerror = end; }),
        ])""",
        ELSEWHERE,
    )
    visit.leave()
    assert sorted(visit.outside) == ELSEWHERE
    assert visit.fetched == []
