"""`python -m analysis VERB`."""

from analysis.cli.main import main

main()
