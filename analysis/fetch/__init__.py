"""Download the official files of a place from a catalogue of their public addresses."""
