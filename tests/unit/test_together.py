"""What is asked for at the same moment is done in one go, and everybody gets an answer of their own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from segmentary.errors import TryAgain
from segmentary.services.together import Together

SECONDS = 30
Work = Together[str, int, int]


class Held:
    """Work that squares numbers: the first call goes on only when so many others wait; negative numbers fail."""

    def __init__(self, others: int, failing: Callable[[Sequence[int]], None] = lambda _: None) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self._others, self._failing = others, failing
        self._are_waiting = threading.Semaphore(0)
        self.together = Work(self, patience=SECONDS)

    def __call__(self, key: str, asked: Sequence[int]) -> list[int]:
        self.calls.append((key, list(asked)))
        if len(self.calls) == 1:
            for _ in range(self._others):
                assert self._are_waiting.acquire(timeout=SECONDS)
            # Whoever has said so is about to take its place: with the lock free it takes it.
            while len(self.together._waiting) < self._others:  # noqa: SLF001, there is nothing else to see
                pass
        self._failing(asked)
        return [one * one for one in asked]

    def ask(self, *asked: tuple[str, int]) -> list[Future[int]]:
        """Ask for the first, and for the others while it is being worked on."""
        with ThreadPoolExecutor(len(asked)) as threads:
            first = threads.submit(self.together.do, *asked[0])
            while not self.calls:
                pass

            def wait(key: str, number: int) -> int:
                self._are_waiting.release()
                return self.together.do(key, number)

            return [first, *(threads.submit(wait, *one) for one in asked[1:])]


def of(key: str, *numbers: int) -> list[tuple[str, int]]:
    return [(key, number) for number in numbers]


def test_those_who_wait_are_served_in_one_go() -> None:
    held = Held(others=5)
    assert [one.result() for one in held.ask(*of("a", 1, 2, 3, 4, 5, 6))] == [1, 4, 9, 16, 25, 36]
    assert [sorted(numbers) for _, numbers in held.calls] == [[1], [2, 3, 4, 5, 6]]


def test_different_keys_are_served_apart() -> None:
    held = Held(others=4)
    assert [one.result() for one in held.ask(*of("a", 1, 2), *of("b", 3), *of("a", 4), *of("b", 5))] == [
        1,
        4,
        9,
        16,
        25,
    ]
    assert sorted((key, sorted(numbers)) for key, numbers in held.calls[1:]) == [("a", [2, 4]), ("b", [3, 5])]


def test_a_failure_is_the_failing_ones_alone() -> None:
    def fail(asked: Sequence[int]) -> None:
        if min(asked) < 0:
            raise ValueError(min(asked))

    held = Held(others=4, failing=fail)
    answers = held.ask(*of("a", 1, 2, -3, 4, -5))
    assert [answers[place].result() for place in (0, 1, 3)] == [1, 4, 16]
    for place, number in ((2, -3), (4, -5)):
        with pytest.raises(ValueError, match=str(number)):
            answers[place].result()


def test_what_may_have_been_done_is_not_done_again() -> None:
    def lose(asked: Sequence[int]) -> None:
        if len(asked) > 1:
            raise TryAgain(reason="lost")

    held = Held(others=3, failing=lose)
    answers = held.ask(*of("a", 1, 2, 3, 4))
    for answer in answers[1:]:
        with pytest.raises(TryAgain, match="lost"):
            answer.result()
    assert len(held.calls) == 2


def test_whoever_waits_for_long_works_alone() -> None:
    goes_on = threading.Event()

    def work(_key: str, asked: Sequence[int]) -> list[int]:
        if asked == [1]:
            assert goes_on.wait(SECONDS)
        return [one * one for one in asked]

    together = Work(work, patience=0.01)
    with ThreadPoolExecutor(2) as threads:
        stuck = threads.submit(together.do, "a", 1)
        while not together._is_busy:  # noqa: SLF001, there is nothing else to see
            pass
        assert threads.submit(together.do, "a", 2).result(SECONDS) == 4
        assert threads.submit(together.do, "b", 3).result(SECONDS) == 9
        assert not stuck.done()
        goes_on.set()
        assert stuck.result(SECONDS) == 1
    assert together.do("a", 4) == 16
