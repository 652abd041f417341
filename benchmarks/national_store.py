"""The shared store: national files cut once by département, then a town's départements taken out.

python benchmarks/national_store.py [--scale 1.0]

The files are generated in a temporary folder, of the official columns and of the official size: two
Parquet files of results and a GeoJSON of 650 MB. Each is cut in a process of its own, whose peak of
memory counts. The rival takes one département out of the national file itself, each time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from common import promise

if TYPE_CHECKING:
    import numpy as np

PEAK_GB, SECOND_S = 1.0, 5.0
DEPARTMENTS = [f"{n:02d}" for n in range(1, 96) if n != 20] + ["2A", "2B"]
BUREAUX, ELECTIONS, CANDIDATES, POINTS = 70_000, 26, 7, 410
# What the publisher's files weigh (contours 650 MB, results 71 and 161).
SIZES = {"general_results": 71, "candidats_results": 161, "contours": 650}
FILES = {
    "general_results": "general_results.parquet",
    "candidats_results": "candidats_results.parquet",
    "contours": "contours.geojson",
}


def generate(folder: Path, scale: float) -> None:
    import numpy as np

    rng = np.random.default_rng(11)
    bureaux = int(BUREAUX * scale)
    ids = [
        f"{DEPARTMENTS[n * len(DEPARTMENTS) // bureaux]}{n % 500 + 1:03d}_{n % 97 + 1:04d}"
        for n in range(bureaux)
    ]
    _contours(folder / FILES["contours"], ids, rng)
    for name, each in (("general_results", 1), ("candidats_results", CANDIDATES)):
        _results(folder / FILES[name], ids, each, rng)


def _contours(file: Path, ids: list[str], rng: np.random.Generator) -> None:
    """Write polygons of as many points as the official ones, each a ring moved elsewhere."""
    import numpy as np

    angle = np.linspace(0, 2 * np.pi, POINTS)
    rings = []
    for _ in range(50):
        radius = 400_000 * (1 + 0.2 * rng.random(POINTS))
        x, y = 500_000 + radius * np.cos(angle), 500_000 + radius * np.sin(angle)
        x[-1], y[-1] = x[0], y[0]
        # Six digits behind a decimal that is filled in below.
        rings.append(",".join(f"[@{int(a):06d},#{int(b):06d}]" for a, b in zip(x, y, strict=True)))
    with file.open("w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","name":"contours","features":[\n')
        for n, bureau in enumerate(ids):
            at = {"@": f"{n % 9}.{n % 10}", "#": f"{43 + n % 7}.{n // 10 % 10}"}
            ring = rings[n % 50].replace("@", at["@"]).replace("#", at["#"])
            told = {
                "codeDepartement": bureau[:2],
                "codeCommune": bureau[:5],
                "codeBureauVote": bureau,
            }
            out.write(
                f'{"," if n else ""}{{"type":"Feature","properties":{json.dumps(told)},'
                f'"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}\n'
            )
        out.write("]}\n")


def _results(file: Path, ids: list[str], each: int, rng: np.random.Generator) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    bureau = np.repeat(np.array(ids), each)
    commune = np.array([name[:5] for name in ids]).repeat(each)
    names = np.array([f"NOM{n}" for n in range(4000)])
    for n in range(ELECTIONS):
        size = len(bureau)
        columns = {
            "id_election": np.full(size, f"{2000 + n}_pres_t1"),
            "id_brut_miom": bureau,
            "code_departement": np.array([c[:2] for c in commune]),
            "code_commune": commune,
            "code_bv": np.array([b[-4:] for b in bureau]),
        }
        counts = ("voix",) if each > 1 else ("inscrits", "votants", "blancs", "nuls", "exprimes")
        columns |= {name: rng.integers(0, 1500, size) for name in counts}
        if each > 1:
            columns |= {"nom": rng.choice(names, size), "nuance": rng.choice(names[:30], size)}
        if each == 1:
            columns["ratio_c"] = rng.random(size).round(5)
        columns["ratio_a"] = rng.random(size).round(5)
        columns["ratio_b"] = rng.random(size).round(4 if each > 1 else 5)
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table)
    writer.close()


def cut(folder: Path, role: str) -> None:
    from analysis.fetch import national_store
    from analysis.fetch.download import Origin
    from analysis.fetch.download_progress import Silent

    file = folder / FILES[role]
    national_store.keep_cut(_source(role), file, Origin("here", sha256="0" * 64), Silent())


def take(folder: Path, role: str) -> None:
    from analysis.fetch import national_store

    kept = national_store.kept_cut(_source(role))
    if kept is None or not national_store.write_piece(kept, ["33"], folder / f"{role}.piece"):
        sys.exit(f"{role}: nothing was kept")


def rival(folder: Path, role: str) -> None:
    """Take the département out of the national file itself."""
    file = folder / FILES[role]
    if file.suffix == ".geojson":
        import pyogrio

        found = pyogrio.read_dataframe(file, where="codeDepartement = '33'")
    else:
        import pyarrow.parquet as pq

        found = pq.read_table(file, filters=[("code_departement", "=", "33")])
    if not len(found):
        sys.exit(f"{role}: the rival found nothing")


def _source(role: str) -> object:
    from analysis.fetch.catalogue import read_catalogue

    return next(source for source in read_catalogue().sources if source.role == role)


def child(job: str, folder: Path, role: str) -> dict[str, float]:
    """Run a job in a process of its own; return its seconds and peak."""
    command = [sys.executable, __file__, "--job", job, "--folder", str(folder), "--role", role]
    env = os.environ | {"PALIER_FILES": str(folder / "store")}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(scale: float) -> bool:
    kept, peak, second, first, theirs = True, 0.0, 0.0, 0.0, 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, scale)
        print(f"{'file':<20}{'MB':>6}{'cut s':>8}{'cpu s':>7}{'peak GB':>9}{'town s':>8}", end="")
        print(f"{'rival s':>9}{'its GB':>8}")
        for role, official in SIZES.items():
            size = (folder / FILES[role]).stat().st_size / 1e6
            other = child("rival", folder, role)
            made = child("cut", folder, role)
            town = child("take", folder, role)
            print(
                f"{role:<20}{size:>6.0f}{made['seconds']:>8.1f}{made['processor']:>7.1f}{made['peak']:>9.2f}"
                f"{town['seconds']:>8.2f}{other['seconds']:>9.2f}{other['peak']:>8.2f}",
                flush=True,
            )
            if scale >= 1:
                kept &= promise(f"size of {role} as published", official, size, "MB")
            peak, second = max(peak, made["peak"]), second + town["seconds"]
            first, theirs = first + made["seconds"], theirs + other["seconds"]
        held = sum(f.stat().st_size for f in (folder / "store").rglob("*") if f.is_file()) / 1e6
    print(
        f"      first town {first:.1f} s, each after it {second:.2f} s; rival {theirs:.1f} s each"
    )
    print(f"      the store holds {held:.0f} MB")
    kept &= promise("peak memory of cutting", peak, PEAK_GB, "GB")
    return promise("a second town", second, SECOND_S, "s") and kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--job", choices=("cut", "take", "rival"))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--role")
    given = parser.parse_args()
    if not given.job:
        sys.exit(not measure(given.scale))
    started, worked = time.perf_counter(), time.process_time()
    {"cut": cut, "take": take, "rival": rival}[given.job](given.folder, given.role)
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kibibytes, macOS bytes.
    gigabytes = usage / (1e9 if sys.platform == "darwin" else 1e9 / 1024)
    told = {"seconds": time.perf_counter() - started, "peak": gigabytes}
    print(json.dumps(told | {"processor": time.process_time() - worked}))
