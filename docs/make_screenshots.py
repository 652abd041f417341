"""Pictures of the real screens, on the fictional town: make screenshots."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import expect

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import chromium, open_page, serve, settle  # noqa: E402

IMAGES = ROOT / "docs" / "images"
PHONE = 600
# file: address, width, height
SHOTS = {
    "priorites.png": ("/priorities?bloc=left&lang=fr", 1400, 1150),
    "donnees.png": ("/data?lang=fr", 1400, 1000),
    "priorites_telephone.png": ("/priorities?bloc=left&lang=fr", 390, 844),
}


def main() -> None:
    """Open each page in headless Chromium and keep what it shows."""
    IMAGES.mkdir(exist_ok=True)
    with serve("app.py") as url, chromium() as browser:
        for name, (address, width, height) in SHOTS.items():
            page = open_page(browser, url + address, width=width, height=height).page
            settle(page)
            # The tables come after the last message of the page, each in its own time.
            page.get_by_test_id("stDataFrame").locator("canvas").first.wait_for()
            expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
            if "priorities" in address:
                page.locator(".map[data-paints]").wait_for()
            if width < PHONE:
                # What a phone is taken out for: the map and its legend, below the settings.
                page.locator(".map").evaluate(
                    "map => { map.style.scrollMarginTop = '70px'; map.scrollIntoView(); }"
                )
            page.evaluate("document.fonts.ready.then(() => undefined)")
            page.screenshot(path=IMAGES / name)
            print(IMAGES / name)


if __name__ == "__main__":
    main()
