"""The nation in a browser: how long until its map is there, on three pages.

python benchmarks/nation_on_screen.py --workspace FOLDER [--runs N]

The workspace is one of the whole of France without contours of bureaux (`fetch` and `build`
without them), and lies under `workspaces/`. The server is already running and has drawn the
embedded town once, as at a campaign's desk. Each figure is of an empty window: `swing` is the
first map of Évolution, as counted; `nation` the map of a level (départements) of Priorités, and
`priorities` the same page once its answer is known. The median of the runs counts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app_start import wait_for_map
from common import ROOT, promise

from tests.browser import chromium, chromium_path, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# What the issue of the map promises, seconds.
LIMITS = {"nation": 3.0, "swing": 5.0, "priorities": 3.0}
_SETTLED_MS, _PATIENCE_MS = 2_000, 180_000


def seconds(browser: Browser, address: str, *, settled: bool = False) -> float:
    """Return how long a page takes to its first map; `settled`: leave it once all is there."""
    page = browser.new_context(locale="fr-FR", viewport={"width": 1400, "height": 900}).new_page()
    started = time.perf_counter()
    page.goto(address)
    wait_for_map(page)
    taken = time.perf_counter() - started
    if settled:
        status = page.get_by_test_id("stStatusWidget")
        page.wait_for_timeout(_SETTLED_MS)
        status.wait_for(state="detached", timeout=_PATIENCE_MS)
    page.context.close()
    return taken


def measure(folder: Path, runs: int) -> bool:
    """Print each promise; tell whether all are kept."""
    if not chromium_path():
        print("not measured: no Chromium on this machine (make setup-dev installs it)")
        return True
    if folder.parent.resolve() != (ROOT / "workspaces").resolve():
        print("not measured: the app opens what lies under workspaces/; put the workspace there")
        return True
    where = f"?workspace={folder.name}"
    kept = []
    with serve("serve.py") as url, chromium() as browser:
        seconds(browser, f"{url}/priorities", settled=True)
        first = seconds(browser, f"{url}/priorities{where}", settled=True)
        print(f"      the very first map of the nation: {first:.2f} s")
        asked = {
            "nation": f"{url}/priorities{where}&map_level=departement&bloc=left",
            "swing": f"{url}/swing{where}",
            "priorities": f"{url}/priorities{where}",
        }
        for name, address in asked.items():
            found = [seconds(browser, address, settled=True) for _ in range(runs)]
            print(f"      {name}: {', '.join(f'{one:.2f} s' for one in found)}")
            # The first of a swing is what somebody waits for; later ones are known already.
            shown = found[0] if name == "swing" else statistics.median(found)
            kept.append(promise(f"{name} to its map", shown, LIMITS[name], "s"))
    return all(kept)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    sys.exit(not measure(given.workspace, given.runs))
