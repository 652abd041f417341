"""One question on a workspace, its answer and its file: one function for every way in."""
