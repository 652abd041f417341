"""How the command line speaks: lines on standard output, bars and complaints on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analysis.vocabulary import in_words

if TYPE_CHECKING:
    from rich.console import Console


def console(*, stderr: bool = False) -> Console:
    """Return a console that prints texts as they are, to be copied whole: no wrap, no markup."""
    # Drawn help needs rich too, but a verb that only parses does not wait for it.
    from rich.console import Console

    return Console(stderr=stderr, soft_wrap=True, highlight=False, markup=False)


def show(text: str) -> None:
    """Print a text on standard output, in the words of the country of the place."""
    console().print(in_words(text, "en"))


@contextmanager
def bar(name: str) -> Iterator[Callable[[str, float], None]]:
    """Show a bar on standard error while the work goes on; yield who tells step and share done."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=1.0)
        yield lambda step, done: bars.update(task, completed=done, description=step)
