"""Results turned into files that other programs open."""

from analysis.exports.dispatch import SUFFIXES, to_bytes, write
from analysis.exports.provenance import Provenance, read_provenance

__all__ = ["SUFFIXES", "Provenance", "read_provenance", "to_bytes", "write"]
