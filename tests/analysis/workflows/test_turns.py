"""Few at a time, in the order in which they came, and nobody waits for ever."""

import threading

import pytest

from analysis.workflows.turns import Turns

LONG = 60.0


def in_threads(number, work):
    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(number)]
    for thread in threads:
        thread.start()
    return threads


def test_no_more_than_a_few_have_their_turn_at_once():
    turns, lock, now, most = Turns(2, LONG), threading.Lock(), [0], [0]
    waited = threading.Event()

    def work(_n):
        with turns.turn():
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            waited.wait(0.01)
            with lock:
                now[0] -= 1

    for thread in in_threads(20, work):
        thread.join(LONG)
    assert now == [0]
    assert most == [2]


def test_whoever_waits_for_something_lets_others_and_is_then_the_first_in_the_row():
    turns, order = Turns(1, LONG), []
    began, done = threading.Event(), threading.Event()

    def other(number):
        with turns.turn():
            order.append(number)
            began.set()
            assert done.wait(LONG)

    with turns.turn():
        (first,) = in_threads(1, other)
        assert not began.wait(0.05)
        with turns.letting_others():
            assert began.wait(LONG)
            rest = in_threads(3, other)
            while len(turns._row) < len(rest):
                first.join(0.01)
            threading.Timer(0.05, done.set).start()
        order.append("back")
    for thread in (first, *rest):
        thread.join(LONG)
    assert order[:2] == [0, "back"]
    assert len(order) == 5
    assert turns._free == 1


def test_long_work_makes_nobody_wait_for_its_end():
    turns, done = Turns(1, 0.05), threading.Event()

    def other(_n):
        with turns.turn():
            done.set()

    with turns.turn():
        (thread,) = in_threads(1, other)
        assert done.wait(LONG)
        thread.join(LONG)
    # Given back once, by the clock: there is one turn as before, not two.
    assert turns._free == 1


def test_a_turn_ends_with_an_error_and_is_there_for_the_next():
    turns = Turns(1, LONG)
    with pytest.raises(KeyError), turns.turn():
        raise KeyError
    with turns.letting_others():
        assert turns._free == 1
