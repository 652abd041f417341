"""`python -m analysis VERB`."""

import gc

from analysis.cli.interrupts import stoppable
from analysis.process_end import ended_at_once

# Nearly all that a command makes are its libraries, which stay: looking through them every 700
# objects takes a tenth of a second.
gc.set_threshold(10_000, *gc.get_threshold()[1:])

with ended_at_once(), stoppable():
    # Whoever stops while the libraries load is told the same as later.
    from analysis.cli.main import main

    main()
