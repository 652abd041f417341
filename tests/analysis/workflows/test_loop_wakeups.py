"""Whatever threads hand to the loop is run, in their order, and it is woken less often."""

from __future__ import annotations

import asyncio
import threading

from analysis.workflows import loop_wakeups

THREADS, EACH = 8, 2_000


async def handed_over(got, done):
    """Hand over numbers from threads that wait for nobody; then from some that come late."""
    loop = asyncio.get_running_loop()

    def hand(n):
        for i in range(EACH):
            loop.call_soon_threadsafe(got[n].append, i)
        loop.call_soon_threadsafe(done[n].set)

    for n in range(THREADS):
        threading.Thread(target=hand, args=(n,)).start()
    await asyncio.wait_for(asyncio.gather(*(one.wait() for one in done)), 60)
    # A loop that sleeps is woken by the next one, too.
    for _ in range(3):
        late = asyncio.Event()
        threading.Timer(0.01, loop.call_soon_threadsafe, (late.set,)).start()
        await asyncio.wait_for(late.wait(), 60)


def run(*, together):
    """Return what ran, by thread, and how often the loop was woken."""
    got, woken = {n: [] for n in range(THREADS)}, []

    async def work():
        loop = asyncio.get_running_loop()
        write = loop._write_to_self
        loop._write_to_self = lambda: (woken.append(1), write())
        if together:
            loop_wakeups.together(loop)
        await handed_over(got, [asyncio.Event() for _ in range(THREADS)])

    asyncio.run(work())
    return got, len(woken)


def test_nothing_is_missed_and_the_loop_is_woken_less_often():
    usual, often = run(together=False)
    ours, seldom = run(together=True)
    assert ours == usual == {n: list(range(EACH)) for n in range(THREADS)}
    assert often >= THREADS * EACH
    assert 4 <= seldom < often / 2


def test_a_loop_of_another_kind_is_left_alone():
    class Other(asyncio.AbstractEventLoop):
        pass

    loop_wakeups.together(Other())
    assert "_write_to_self" not in vars(Other)
