"""Requests of one client that are on their way, so that simulated time stands still for them.

A client that waits in simulated time waits for no time at all. With several requests at once, those that left a gap
apart would otherwise reach the simulator at one instant of it, which no real gateway sees.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Condition

from resources.envelope import Request
from resources.gateway.clock import Clock
from resources.gateway.transport import Reply, Transport

LONGEST = 30.0


class OnTheWay:
    """How many there are; sleeping waits until there are none."""

    def __init__(self) -> None:
        self._many = 0
        self._changed = Condition()

    def noting(self, transport: Transport) -> Transport:
        """The transport, which counts what it has under way."""
        send = transport.send

        def counted(request: Request, *, on_the_wire: Callable[[], None] = lambda: None) -> Reply:
            with self.one():
                return send(request, on_the_wire=on_the_wire)

        transport.send = counted  # type: ignore[method-assign]
        return transport

    @contextmanager
    def one(self) -> Iterator[None]:
        """One more, while the block runs."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def waited_for(self, clock: Clock) -> Clock:
        """The clock, whose sleep begins when none is on its way."""

        def sleep(seconds: float) -> None:
            with self._changed:
                if not self._changed.wait_for(lambda: self._many == 0, timeout=LONGEST):
                    raise TimeoutError(f"{self._many} requests were not answered in {LONGEST:g} s")
                clock.sleep(seconds)

        return replace(clock, sleep=sleep)

    def _count(self, more: int) -> None:
        with self._changed:
            self._many += more
            self._changed.notify_all()
