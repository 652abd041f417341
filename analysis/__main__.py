"""`python -m analysis VERB`."""

from analysis.cli.interrupts import stoppable

with stoppable():
    # Whoever stops while the libraries load is told the same as later.
    from analysis.cli.main import main

    main()
