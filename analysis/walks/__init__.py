"""From a file of targets and a sealed design to turfs on disk."""

from analysis.walks.make import Ask, make_walks
from analysis.walks.write import write_walks

__all__ = ["Ask", "make_walks", "write_walks"]
