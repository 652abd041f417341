"""Pictures of the real screens, on the fictional town: make screenshots."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import chromium, open_page, serve, settle  # noqa: E402

IMAGES = ROOT / "docs" / "images"
# file: address, width, height
SHOTS = {
    "priorites.png": ("/priorities?bloc=left&lang=fr", 1400, 1150),
    "donnees.png": ("/data?lang=fr", 1400, 1000),
    "priorites_telephone.png": ("/priorities?bloc=left&lang=fr", 390, 1500),
}


def main() -> None:
    """Open each page in headless Chromium and keep what it shows."""
    IMAGES.mkdir(exist_ok=True)
    with serve("app.py") as url, chromium() as browser:
        for name, (address, width, height) in SHOTS.items():
            page = open_page(browser, url + address, width=width, height=height).page
            settle(page)
            page.locator("canvas").first.wait_for() if "priorities" in address else None
            page.wait_for_timeout(1500)  # pictures and fonts come after the last message
            page.screenshot(path=IMAGES / name)
            print(IMAGES / name)


if __name__ == "__main__":
    main()
