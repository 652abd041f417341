"""`python -m analysis VERB`."""

from analysis.cli import main

main()
