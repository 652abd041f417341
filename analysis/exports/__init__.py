"""Results turned into files that other programs open."""

from analysis.exports.provenance import Provenance, read_provenance
from analysis.exports.registry import SUFFIXES, to_bytes, write

__all__ = ["SUFFIXES", "Provenance", "read_provenance", "to_bytes", "write"]
