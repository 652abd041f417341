"""Every notebook runs, defines nothing, and shows what it would show today."""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.workflows.build import Inputs, build
from tests.made import DATA, sample_results, write_results

# What runs them takes a third as long to import as all the rest, in every worker: whoever runs
# one imports it.
if TYPE_CHECKING:
    import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS = 120
# "1 016" and "0,036" as French readers write them; spaces of thousands may be narrow.
_NUMBER = re.compile(r"\d+(?:[\u202f\u00a0]\d{3})*(?:[.,]\d+)?")
_MEND = "jupyter nbconvert --to notebook --execute --inplace notebooks/*.ipynb"
# What another notebook left behind: names, the place it was about, how it shows things.
# What is left are the libraries, which the collector need not look at again; and nobody looks at
# the pictures, which need not be drawn twice to be cropped, nor large.
FORGET = """%reset -f
%config InlineBackend.print_figure_kwargs = {{"bbox_inches": None, "dpi": 30}}
import gc, os, sys
gc.freeze()
for name in ("PALIER_WORKSPACE", "PALIER_EXPERIMENTS"):
    os.environ.pop(name, None)
os.environ.update({environment})
if "pandas" in sys.modules:
    sys.modules["pandas"].reset_option("^display")
if "matplotlib" in sys.modules:
    sys.modules["matplotlib"].rcdefaults()
del gc, name, os, sys
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq.*"),
]


def read(file: Path) -> nbformat.NotebookNode:
    """Read a notebook."""
    import nbformat

    return nbformat.read(file, as_version=4)


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the texts of the outputs, in order."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = data.get("text/markdown") or data.get("text/plain") or output.get("text", "")
            texts.append(re.sub(r"[ \t]+", " ", text))
    return texts


@pytest.fixture(scope="module")
def kernel():
    """Start one kernel for all: its libraries are half the time of a notebook."""
    from jupyter_client.manager import KernelManager

    with pytest.MonkeyPatch.context() as patch:
        # Importing streamlit chooses a backend without display, for the whole process and its
        # children: a kernel that inherited it would leave every figure out.
        patch.delenv("MPLBACKEND", raising=False)
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(cwd=str(ROOT / "notebooks"))
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture
def executed(kernel):
    """Return a function that runs a notebook with nothing known of others."""
    import nbformat
    from nbclient import NotebookClient

    def executed(notebook, **environment):
        again = nbformat.from_dict(copy.deepcopy(notebook))
        again.cells.insert(0, nbformat.v4.new_code_cell(FORGET.format(environment=environment)))
        # A busy machine may keep the kernel waiting longer than the four seconds it is given.
        patience = {"timeout": SECONDS, "iopub_timeout": SECONDS}
        client = NotebookClient(again, km=kernel, **patience)
        client.execute()
        client.kc.stop_channels()
        del again.cells[0]
        return again

    return executed


def numbers(text: str) -> list[tuple[float, float]]:
    """Return each number, and one unit of its last digit."""
    found = [re.sub(r"[\u202f\u00a0]", "", n).replace(",", ".") for n in _NUMBER.findall(text)]
    return [(float(n), 10.0 ** -len(n.partition(".")[2])) for n in found]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda file: file.stem)
def notebook(request):
    return read(request.param)


def test_there_is_a_notebook():
    assert NOTEBOOKS


def test_it_runs_and_shows_what_was_committed(notebook, executed):
    before = shown(notebook)
    for then, now in zip(before, shown(executed(notebook)), strict=True):
        assert _NUMBER.sub("#", then) == _NUMBER.sub("#", now), f"refresh it: {_MEND}"
        for (old, unit), (new, _) in zip(numbers(then), numbers(now), strict=True):
            # Processors may differ in the last digit shown.
            assert abs(old - new) <= 1.01 * unit, f"{old} is now {new}; refresh it: {_MEND}"


def test_the_3_1_points_are_reproduced_where_the_areas_are(executed):
    areas = DATA / "experiments" / "pons_2018_areas.csv"
    if not areas.is_file():
        pytest.skip("the shared data are not there")
    file = ROOT / "notebooks" / "03_the_3_1_points.ipynb"
    again = executed(read(file), PALIER_EXPERIMENTS=str(areas.parent))
    text = "\n".join(shown(again))
    assert "Chaque chiffre imprimé est retrouvé" in text
    assert "0,006345757" in text
    assert "0,565155449" in text
    assert "simulé" not in text
    made = "\n".join(shown(read(file)))
    assert "Données simulées : personne n’y a voté." in made


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Build two départements of which only the results are known, as most of France is."""
    tables = sample_results()
    for table in tables:
        far = table["code_bv"] >= "0024"
        table.loc[far, ["code_departement", "code_commune"]] = ["2A", "2A004"]
        table.loc[~far, ["code_departement", "code_commune"]] = ["01", "01053"]
        if "libelle_commune" in table:
            table["libelle_commune"] = np.where(far, "Ajaccio", "Bourg")
    folder = tmp_path_factory.mktemp("bare")
    return build(Inputs(*write_results(folder, *tables)), folder / "place")


# What 2012 found is the same everywhere.
@pytest.mark.parametrize(
    "file", [file for file in NOTEBOOKS if "3_1" not in file.stem], ids=lambda file: file.stem
)
def test_it_runs_in_the_words_of_another_place(file, bare, executed):
    from benchmarks.notebooks import faults

    again = executed(read(file), PALIER_WORKSPACE=str(bare.path))
    assert faults(again, town=False) == []


def test_it_defines_nothing(notebook):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, kinds)]


def test_it_was_run_in_order_and_without_error(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert not kinds & {"error", "stream"}
