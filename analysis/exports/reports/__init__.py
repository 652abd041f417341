"""Pages to read and sign: the plan of a trial, and what it showed."""
