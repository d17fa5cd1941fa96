"""Tasks that ask, several at once: each in a thread, their results in one stream.

Belongs here: starting the threads, and ending them. Does not: when a request may leave (`budget.py`), which remedy an
error gets (`client.py`): those are each request's own, as if it were alone.

A task is an iterator, so that it may ask several times in a row, each time by what came before. Its results keep their
order; those of different tasks come as they arrive. Tasks are taken one by one, in their order, as a thread is free,
and each is worked at to its end, or, cut into turns, for one result until all the others had theirs.

The first error ends all of it, and so does a reader who stops reading, as a cancelled run does: what is on the wire
by then is received, and recorded, and nothing else is sent.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Lock
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """Nobody waits for this task any longer: it is not to send anything more."""


_IS_OVER: ContextVar[Callable[[], bool]] = ContextVar("is_over", default=lambda: False)


def go_on() -> None:
    """Raise `Stopped` in a task that is over; to be called before anything is sent."""
    if _IS_OVER.get()():
        raise Stopped


@dataclass(slots=True)
class InTurns(Iterator[Iterator[T]]):
    """Tasks cut into turns of one result: the first of each, in their order, then the second of each, and so on.

    A turn that ends puts its task back. So there may be a next one after there was none; a thread that found none, and
    ended, is not missed, since each of the others has a task in hand.
    """

    waiting: deque[Iterator[T]]

    def __next__(self) -> Iterator[T]:
        if not self.waiting:
            raise StopIteration
        return self._turn(self.waiting.popleft())

    def _turn(self, task: Iterator[T]) -> Iterator[T]:
        for one in task:
            yield one
            self.waiting.append(task)
            return


def side_by_side(
    tasks: Iterable[Iterator[T]], *, at_once: int, is_over: Callable[[], bool] = lambda: False
) -> Iterator[T]:
    """What the tasks give, `at_once` of them working at any time; they end too when `is_over` says so."""
    stopping, taking, left = Event(), Lock(), iter(tasks)
    found: SimpleQueue[T | Future[None]] = SimpleQueue()

    def work() -> None:
        _IS_OVER.set(lambda: stopping.is_set() or is_over())
        with suppress(Stopped):
            while (task := take()) is not None:
                for one in task:
                    found.put(one)
                    go_on()

    def take() -> Iterator[T] | None:
        with taking:
            go_on()
            return next(left, None)

    with ThreadPoolExecutor(at_once, thread_name_prefix="asking") as pool:
        working = {pool.submit(work) for _ in range(at_once)}
        for worker in working:
            worker.add_done_callback(found.put)
        try:
            while working:
                yield from _result(found.get(), working)
        finally:
            stopping.set()


def _result(one: T | Future[None], working: set[Future[None]]) -> Iterator[T]:
    """A task's result; a thread that ended gives none, and raises what it ended with."""
    if not isinstance(one, Future):
        yield one
        return
    working.discard(one)
    one.result()
