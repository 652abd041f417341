"""A browser for tests: a Streamlit server on a free port, and system Chromium that watches it.

with serve("app.py") as url, chromium() as browser:
    visit = open_page(browser, url, width=390)
    ...
    assert not visit.errors and not visit.outside
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, WebSocket, expect, sync_playwright

# A machine with two busy cores is slow, not wrong.
PATIENCE_MS = 60_000
# Asked at each frame, a page that waits for the server draws each of them.
POLLING_MS = 50
expect.set_options(timeout=PATIENCE_MS)

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # The processor draws maps of WebGL too: a graphics card imitated for every page costs more.
    "--disable-gpu",
    # Edges of maps are smoothed for nobody.
    "--webgl-antialiasing-mode=none",
    # Pages live for seconds: what is collected and compiled beside them takes the tests' cores.
    "--js-flags=--single-threaded",
    # Where nothing answers outside, a page of another's would wait for its style sheet.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
# Nobody sees what turns or fades while a page waits, and each of its frames is painted.
STILL = """addEventListener("DOMContentLoaded", () => {
    const style = document.createElement("style");
    style.textContent =
        "*, ::before, ::after {animation: none !important; transition: none !important}";
    document.head.append(style);
})"""
# A click is on its way to the server before the page says that the script runs: who asked for a
# run (field 11 of Streamlit's BackMsg) waits until one has begun (field 4 of its ForwardMsg); a
# page that was just opened has its first one to come.
ASKED = """{
    window.askedForRun = true;
    const send = WebSocket.prototype.send, heard = new WeakSet();
    const first = (bytes) => {
        for (let at = 0; at < bytes.length;) {
            const field = bytes[at] >> 3;
            if ((bytes[at] & 7) !== 2 || field > 2) return field;
            let long = 0, shift = 0;
            do long += (bytes[++at] & 127) * 2 ** shift, shift += 7; while (bytes[at] & 128);
            at += 1 + long;
        }
    };
    WebSocket.prototype.send = function (content) {
        if (!heard.has(this)) {
            heard.add(this);
            this.addEventListener("message", ({data}) => {
                if (data instanceof ArrayBuffer && first(new Uint8Array(data)) === 4)
                    window.askedForRun = false;
            });
        }
        if (content instanceof Uint8Array && first(content) === 11) window.askedForRun = true;
        return send.call(this, content);
    };
}"""
IDLE = "() => new Promise((idle) => requestIdleCallback(idle, {timeout: 5_000}))"
LOCAL = {"127.0.0.1", "localhost", ""}


def chromium_path() -> str | None:
    """Return the system's Chromium or Chrome, if there is one; first the one without windows.

    The whole program draws its own tabs and menus for every page, seen or not.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serve(
    script: Path | str, *options: str, env: dict[str, str] | None = None, port: int = 0
) -> Iterator[str]:
    """Run `streamlit run script` from the root of the repository; yield its address.

    A relative `script` is found from the root, so ``serve("app.py")`` is the app itself.
    What the server printed is in the error when it does not come up.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / script), *options]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--server.fileWatcherType", "none"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | (env or {})
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            if not _healthy(server, url):
                log.seek(0)
                raise RuntimeError(f"The server did not come up:\n{log.read().decode()}")
            yield url
        finally:
            # Asked to end, it takes itself apart for a second or two first.
            server.kill()
            server.wait()


def app_apart(folder: Path, place: Path) -> Path:
    """Put the app into a folder of its own, with a copy of a place; return its script.

    What somebody has made in the places of the repository changes nothing there, and a browser
    leaves nothing beside it.
    """
    for name in ("analysis", "pages", "locales", "data_samples", "docs"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(place, folder / "workspaces" / "valmont")
    (folder / "static").mkdir()
    return Path(shutil.copy(ROOT / "app.py", folder))


def _healthy(server: subprocess.Popen[bytes], url: str, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=5),
        ):
            return True
        time.sleep(0.1)
    return False


# Windows that somebody has left, by browser and kind: what the next page shares with the one
# before is fetched and compiled already.
_LEFT: dict[Browser, dict[str, list[Page]]] = {}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start headless Chromium; use `open_page` to open windows that know nothing of each other."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        try:
            yield browser
        finally:
            _LEFT.pop(browser, None)
            browser.close()


def close_windows(browser: Browser) -> None:
    """Close every window but those that were left for the next page."""
    left = [page.context for pages in _LEFT.get(browser, {}).values() for page in pages]
    for window in browser.contexts:
        if window not in left:
            window.close()


@dataclass
class Visit:
    """A page, and what happened behind it.

    Attributes
    ----------
    kind
        Options of its window; another of the same may be opened in it once it is left.
    errors
        Uncaught exceptions and what the page wrote on the console as an error.
    told_all
        Whether each of the hundred files that a page asks for is told. An address of another
        machine is told in any case: the browser finds none of them (`FLAGS`), and what failed
        is told.
    outside
        Addresses asked of other machines than this one.
    received
        Sizes in bytes of what came through WebSockets, in order.
    fetched
        Paths asked of the server over HTTP, where all is told.
    """

    page: Page
    kind: str
    told_all: bool = False
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._heard = {
            "pageerror": lambda error: self.errors.append(str(error)),
            "console": lambda m: self.errors.append(m.text) if m.type == "error" else None,
            "request" if self.told_all else "requestfailed": lambda one: self._asked(one.url),
            "websocket": self._watch,
        }
        for event, hear in self._heard.items():
            self.page.on(event, hear)

    def leave(self) -> None:
        """Close the page; its window forgets all it was told and takes the next one."""
        page, window = self.page, self.page.context
        for event, hear in self._heard.items():
            page.remove_listener(event, hear)
        for asks in (page, window):
            asks.unroute_all()
        page.evaluate("localStorage.clear(), sessionStorage.clear()")
        window.clear_cookies()
        page.goto("about:blank")
        page.mouse.move(0, 0)
        _LEFT.setdefault(window.browser, {}).setdefault(self.kind, []).append(page)

    def _watch(self, websocket: WebSocket) -> None:
        self._asked(websocket.url)
        websocket.on("framereceived", lambda frame: self.received.append(len(frame)))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        # `blob:` and `data:` addresses never leave the page.
        if parts.scheme in {"http", "https", "ws", "wss"}:
            if (parts.hostname or "") not in LOCAL:
                self.outside.append(url)
            elif self.told_all:
                self.fetched.append(parts.path)


def open_page(
    browser: Browser,
    url: str,
    *,
    width: int = 1200,
    height: int = 900,
    told_all: bool = False,
    **context: object,
) -> Visit:
    """Open `url` in a window that knows nothing of others, and wait until its first run has ended.

    `told_all` is of `Visit`; `context` goes to Playwright: ``color_scheme="dark"``,
    ``has_touch=True``, ``locale="en-GB"``…
    """
    size = {"width": width, "height": height}
    kind = repr(sorted(context.items()))
    if left := _LEFT.get(browser, {}).get(kind):
        page = left.pop()
        page.set_viewport_size(size)
    else:
        window = browser.new_context(**{"viewport": size, "locale": "fr-FR"} | context)
        window.add_init_script(STILL)
        window.add_init_script(ASKED)
        page = window.new_page()
        page.set_default_timeout(PATIENCE_MS)
    visit = Visit(page, kind, told_all)
    page.goto(url)
    settle(page)
    return visit


def settle(page: Page, *, timeout: float = PATIENCE_MS) -> None:
    """Wait until the script of the page has run to its end and its pictures have come.

    A run that a click has asked for is waited for too, in a window of `open_page`. The server
    forgets a picture at the next run; one still on its way would be an error.
    """
    # What a click changes is drawn before a run is asked for: the page has nothing left to do then.
    # One that is on its way to another address is looked at there.
    with contextlib.suppress(Error):
        page.evaluate(IDLE)
    ended = "!window.askedForRun && document.querySelector('[data-test-script-state=notRunning]')"
    page.wait_for_function(ended, timeout=timeout, polling=POLLING_MS)
    come = "[...document.images].every((each) => each.complete)"
    page.wait_for_function(come, timeout=timeout, polling=POLLING_MS)


def type_at_once(page: Page, text: str) -> None:
    """Type into the box of a table's cell and press Enter, as it comes when a page was busy."""
    page.locator("input.gdg-input").evaluate(
        """(box, text) => {
            const press = (key) => box.dispatchEvent(new KeyboardEvent(
                "keydown", {key, bubbles: true, cancelable: true, composed: true}));
            for (const one of text) press(one) && document.execCommand("insertText", false, one);
            press("Enter");
        }""",
        text,
    )
