"""The fictional town that Palier opens with, written in the official layouts."""
