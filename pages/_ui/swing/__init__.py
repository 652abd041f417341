"""The page Swing and transfers: what moved between two elections, and who voted what next."""
