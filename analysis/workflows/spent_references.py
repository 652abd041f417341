"""Let go of what pandas keeps of columns that were looked at and are gone.

Each look at a column of a table (`table["votes"]`) leaves a weak reference beside the column's
values; pandas clears the dead ones when there are 500 (`BlockValuesRefs`, pandas/_libs). A server
keeps the tables of many campaigns open, some thousands of columns that every page looks at: at
80 bytes a reference the dead ones alone would come to hundreds of megabytes.
"""

from __future__ import annotations

import gc
import threading

PAUSE_S = 120.0


def let_go() -> int:
    """Clear the dead references of every table of this process; return how many."""
    from pandas._libs.internals import BlockValuesRefs

    gone = 0
    # What is kept is old.
    for one in gc.get_objects(generation=2):
        if type(one) is BlockValuesRefs:
            before = len(one.referenced_blocks)
            # Asked whether a value is shared, pandas first clears the list of who shares it.
            one.has_reference()
            gone += before - len(one.referenced_blocks)
    return gone


def keep_letting_go(ending: threading.Event) -> None:
    """Do so every two minutes until it is time to end."""
    while not ending.wait(PAUSE_S):
        let_go()
