"""Asking again what may pass by itself: a few times, with growing and random pauses.

Belongs here: which errors that helps against, how often, how long between. Does not: the other remedies (`client.py`).
"""

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from resources.gateway.errors import Garbled, NoData, Unavailable

TRIES = 3
T = TypeVar("T")


def persistently(do: Callable[[], T], *, sleep: Callable[[float], None], cold_tries: int = 1) -> T:
    """Do it again while that may help; `cold_tries` above one says that "no data" may be a cold cache."""
    retrying = Retrying(
        retry=retry_if_exception(lambda error: _is_worth_it(error, cold_tries)),
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=0.5, max=8),
        sleep=sleep,
        reraise=True,
    )
    return retrying(do)


def _is_worth_it(error: BaseException, cold_tries: int) -> bool:
    return isinstance(error, Unavailable | Garbled) or (isinstance(error, NoData) and cold_tries > 1)
