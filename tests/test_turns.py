"""Work that processes share from both ends, and arrays that one hands to another."""

import os

import numpy as np
import pytest

from anchoraudit.io.handing_over import Outgoing, shared_memory, take_over
from anchoraudit.io.processes import can_fork, workers
from anchoraudit.io.turns import MOST, Turns


def take_all(send, turns):
    send(list(turns.from_back()))


@pytest.mark.skipif(not can_fork(), reason="only forked processes share pipes")
def test_each_number_is_taken_once():
    turns = Turns(MOST)
    with workers(take_all, [(turns,), (turns,)]) as started:
        front = list(turns.from_front())
        backs = [receiver.recv() for _, receiver in started]
    turns.close()
    assert front == list(range(len(front)))
    assert sorted([*front, *backs[0], *backs[1]]) == list(range(MOST))
    assert all(back == sorted(back, reverse=True) for back in backs)


def test_both_ends_and_a_stop():
    turns = Turns(6)
    front, back = turns.from_front(), turns.from_back()
    assert [next(front), next(back), next(front), next(back)] == [0, 5, 1, 4]
    turns.stop()
    assert [*front, *back] == []
    turns.close()


def handing(send, memory, *values):
    outgoing = Outgoing(memory)
    for value in values:
        outgoing.put(value)
    send(outgoing.handed())


@pytest.mark.skipif(not can_fork(), reason="only forked processes share memory")
@pytest.mark.parametrize("shared", [True, False])
def test_arrays_of_another_process(shared):
    value = {
        "a": np.arange(100_000),
        "b": [np.array([True, False]), np.zeros((3, 4)), np.empty(0)],
        "text": np.array(["x", 7, None], dtype=object),
    }
    with shared_memory() as memory:
        used = memory if shared else None
        with workers(handing, [(used, value, 5, np.empty(0), [np.arange(7)])]) as [(_, receiver)]:
            found, *others = take_over(receiver.recv(), used)
    assert np.array_equal(found["a"], value["a"])
    for one, other in zip(found["b"], value["b"], strict=True):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    assert found["text"].tolist() == ["x", 7, None]
    number, empty, (last,) = others
    assert (number, empty.tolist(), last.tolist()) == (5, [], [*range(7)])


def test_a_system_without_such_memory(monkeypatch):
    def refused(name):
        raise OSError

    monkeypatch.setattr(os, "memfd_create", refused, raising=False)
    with shared_memory() as memory:
        assert memory is None
    outgoing = Outgoing(None)
    outgoing.put(np.arange(3))
    assert [each.tolist() for each in take_over(outgoing.handed(), None)] == [[0, 1, 2]]
