"""The pieces of the page of the same name."""
