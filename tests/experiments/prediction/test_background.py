import threading
import time

import pytest

from experiments.prediction.background import Background


def fail():
    raise OSError("disk full")


def test_calls_happen_in_order_in_another_thread_and_all_before_the_end():
    done, threads = [], set()

    def note(number):
        time.sleep(0.001)
        done.append(number)
        threads.add(threading.get_ident())

    with Background() as background:
        for number in range(20):
            background.call(lambda number=number: note(number))
    assert done == list(range(20))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_an_error_comes_at_the_end_and_nothing_happens_after_it():
    done = []
    with pytest.raises(OSError, match="disk full"), Background() as background:
        background.call(fail)
        background.call(lambda: done.append(1))
    assert done == []


def test_an_error_comes_at_the_next_call():
    with pytest.raises(OSError, match="disk full"), Background(max_waiting=1) as background:
        for _ in range(1000):  # would wait for ever, did nothing take them
            background.call(fail)
        pytest.fail("no call raised")


def test_no_more_wait_than_allowed():
    begun, go_on, added = threading.Event(), threading.Event(), []

    def wait():
        begun.set()
        go_on.wait(30)

    with Background(max_waiting=2) as background:
        background.call(wait)
        begun.wait(30)

        def add():
            for number in range(3):
                background.call(lambda: None)
                added.append(number)

        adding = threading.Thread(target=add)
        adding.start()
        while len(added) < 2:
            time.sleep(0.001)
        time.sleep(0.05)
        assert added == [0, 1]
        go_on.set()
        adding.join()
    assert added == [0, 1, 2]


def test_an_error_here_drops_what_waits():
    done, begun, go_on = [], threading.Event(), threading.Event()

    def wait():
        begun.set()
        go_on.wait(30)

    with pytest.raises(KeyError), Background() as background:
        background.call(wait)
        background.call(lambda: done.append(1))
        begun.wait(30)
        threading.Timer(0.05, go_on.set).start()
        raise KeyError
    assert done == []
