"""Results turned into files that other programs open."""
