"""Verbs as people type them."""

from __future__ import annotations

import pytest

from analysis.cli.main import main


@pytest.fixture
def run(capsys):
    """Run a verb: exit code, and what it printed and complained of."""

    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        told = capsys.readouterr()
        return end.value.code or 0, told.out, told.err

    return run
