"""The page Abstention: where people stay home next time, and how well that can be known."""
