"""One wake-up of the event loop for all that threads hand to it in a moment.

A page is some two hundred messages, each handed over from the thread of its script. asyncio writes
a byte into a socket for each, and lets go of the interpreter's lock to do so: with many pages at
work the script waits for it again every time.
"""

from __future__ import annotations

import asyncio
from typing import Any


def together(loop: asyncio.AbstractEventLoop) -> None:
    """Have a loop of asyncio woken once until it has woken; one made otherwise is left alone.

    Nothing is missed: what is handed over lies in the queue before the wake-up is asked for, and
    the loop looks into its queue after it has taken the wake-up in.

    Parameters
    ----------
    loop
        That runs, or will.
    """
    inner: Any = loop
    if not (hasattr(inner, "_write_to_self") and hasattr(inner, "_process_self_data")):
        return
    write, read = inner._write_to_self, inner._process_self_data  # noqa: SLF001
    asked = False

    def once() -> None:
        nonlocal asked
        if not asked:
            asked = True
            write()

    def taken_in(data: bytes) -> None:
        nonlocal asked
        asked = False
        read(data)

    inner._write_to_self, inner._process_self_data = once, taken_in  # noqa: SLF001
