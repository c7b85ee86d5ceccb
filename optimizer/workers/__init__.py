"""The one place where work is handed out: to processes of our own, one to a core, or to the workers of a cluster.

A task is what differs between the questions, such as the numbers of some samples. What all of them share is handed to a
worker once, which keeps it. An answer depends on both alone: not on how many workers there are, nor on their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from itertools import chain, islice
from typing import Any, Protocol, TypeVar

from optimizer.interruption import Hold, held
from optimizer.workers.cluster import Cluster
from optimizer.workers.local import local_hands, local_workers

Common = TypeVar("Common")
Task = TypeVar("Task")
Result = TypeVar("Result")
Workers = int | Cluster | None
"""So many processes of our own, by default one to a core, or the workers of a cluster."""
POLL_SECONDS = 0.1
"""How long a Ctrl-C may go unnoticed."""
AHEAD = 3
"""So many tasks for each worker are handed out at a time: none of them waits for us, and a million fit into memory."""


class Hands(Protocol):
    """Workers that have what all tasks share."""

    def at_once(self) -> int:
        """How many tasks are answered at once."""

    def give(self, question: Callable[[Any, Task], Result], task: Task) -> Future[Result]:
        """Hands a task out."""

    def check(self) -> None:
        """Raises what makes it useless to wait longer."""

    def answer(self, future: Future[Result]) -> Result:
        """What a task that has ended came to."""


def answers(
    tasks: Iterable[Task], question: Callable[[Common, Task], Result], common: Common, workers: Workers = None
) -> Iterator[tuple[int, Result]]:
    """(number of the task, answer) as they come. `question` is a function of a module, which any process can import.

    One worker is this process. Leaving early, by Ctrl-C or otherwise, ends the work on all tasks at once.
    """
    left = iter(tasks)
    if not isinstance(workers, Cluster):
        first = list(islice(left, local_workers(workers)))
        workers, left = len(first), chain(first, left)
        if workers <= 1:
            yield from ((i, question(common, task)) for i, task in enumerate(left))
            return
    with held() as hold, _hands(common, workers) as hands:
        yield from _in_turn(hold, hands, enumerate(left), question)


def _hands(common: object, workers: int | Cluster) -> AbstractContextManager[Hands]:
    return workers.hands(common) if isinstance(workers, Cluster) else local_hands(common, workers)


def _in_turn(
    hold: Hold, hands: Hands, tasks: Iterator[tuple[int, Task]], question: Callable[[Any, Task], Result]
) -> Iterator[tuple[int, Result]]:
    """Hands tasks out as answers come in."""
    number: dict[Future[Result], int] = {}

    def hand_out() -> None:
        for i, task in islice(tasks, max(0, AHEAD * max(1, hands.at_once()) - len(number))):
            number[hands.give(question, task)] = i

    hand_out()
    while number:
        for future in first_ended(hold, number, hands.check):
            i = number.pop(future)
            hand_out()
            yield i, hands.answer(future)


def first_ended(
    hold: Hold, futures: Iterable[Future[Result]], check: Callable[[], None] = lambda: None
) -> set[Future[Result]]:
    """Those that are answered, or cancelled, once there are some. Raises KeyboardInterrupt if asked."""
    waiting = list(futures)
    while True:
        hold.check()
        check()
        ended, _ = wait(waiting, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        if ended:
            return ended


def as_they_end(
    hold: Hold, futures: Iterable[Future[Result]], check: Callable[[], None] = lambda: None
) -> Iterator[Future[Result]]:
    """Questions that are answered, or cancelled, in the order in which they are. Raises KeyboardInterrupt if asked."""
    left = set(futures)
    while left:
        ended = first_ended(hold, left, check)
        left -= ended
        yield from ended
