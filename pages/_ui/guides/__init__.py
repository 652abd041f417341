"""Guides: read, printed, taken along."""
