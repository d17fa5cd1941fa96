"""A step that cannot be done, said in plain words: what was asked, what stands against it, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from resources.calendar.trading_days import CalendarError
from resources.gateway.errors import GatewayError
from resources.lake.profile import WrongProfile
from resources.lake.raw import RawDamaged
from resources.privacy import mask_error, masked
from resources.warehouse.build import WarehouseMistake


def refusal(message: str, **facts: str) -> dg.Failure:
    """A failure that no retry can clear; account ids are shortened in it."""
    told = {name: masked(fact) for name, fact in facts.items()}
    return dg.Failure(masked(message), metadata=told, allow_retries=False)


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turn the errors that speak to a person into Dagster failures with the same words."""
    try:
        with _without_account_ids():
            yield
    except (GatewayError, WrongProfile, RawDamaged, CalendarError, WarehouseMistake) as error:
        raise refusal(str(error), remedy=type(error).__name__) from error
    except OSError as error:
        where = f" at {error.filename}" if error.filename else ""
        raise refusal(
            f"Keeping data{where}: {error.strerror or error}. Make room or set the rights there, "
            "or set IBKR_DATA to another folder; then run again."
        ) from error


@contextmanager
def _without_account_ids() -> Iterator[None]:
    """Dagster stores an error with all that it came from: also one that nobody foresaw goes on without account ids."""
    try:
        yield
    except BaseException as error:
        mask_error(error)
        raise
