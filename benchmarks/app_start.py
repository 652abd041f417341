"""From starting the app to its first map of the sample on screen.

python benchmarks/app_start.py [--runs N]

Each run starts the server afresh, as `make app` does, and opens the page of priorities
in an empty window of headless Chromium, which is already running; the clock stops when
the map has colours, which its pixels are then asked for. The median of the runs counts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import TYPE_CHECKING

from common import promise

from tests.browser import chromium, chromium_path, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SECONDS, PATIENCE_MS = 5.0, 60_000
# How many pixels of the drawing are not empty; the component's canvas is the first.
_PAINTED = """canvas => {
  const { width, height } = canvas;
  if (!width || !height) return 0;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let painted = 0;
  for (let i = 3; i < data.length; i += 4) painted += data[i] > 0;
  return painted;
}"""
_ENOUGH = 1000


def wait_for_map(page: Page) -> None:
    """Wait until the component says that it has painted, and see that it has."""
    page.locator("section.map[data-paints]").first.wait_for(timeout=PATIENCE_MS)
    if page.locator("section.map canvas").first.evaluate(_PAINTED) < _ENOUGH:
        raise ValueError("the map is empty")


def seconds_to_map(browser: Browser) -> float:
    page = browser.new_context(locale="fr-FR").new_page()
    started = time.perf_counter()
    with serve("serve.py") as url:
        page.goto(f"{url}/priorities")
        wait_for_map(page)
        seconds = time.perf_counter() - started
        page.context.close()
    return seconds


def measure(runs: int) -> bool:
    if not chromium_path():
        print("not measured: no Chromium on this machine (make setup-dev installs it)")
        return True
    with chromium() as browser:
        found = [seconds_to_map(browser) for _ in range(runs)]
    print(f"      each run: {', '.join(f'{seconds:.2f} s' for seconds in found)}")
    return promise("app start to first map of the sample", statistics.median(found), SECONDS, "s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    sys.exit(not measure(parser.parse_args().runs))
