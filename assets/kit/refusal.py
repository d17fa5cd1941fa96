"""A step that cannot be done, said in plain words: what was asked, what stands against it, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from resources.calendar.trading_days import CalendarError
from resources.gateway.errors import GatewayError
from resources.lake.profile import WrongProfile
from resources.lake.raw import RawDamaged
from resources.warehouse.build import WarehouseMistake


def refusal(message: str, **facts: str) -> dg.Failure:
    """A failure that no retry can clear."""
    return dg.Failure(message, metadata=dict(facts), allow_retries=False)


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turn the errors that speak to a person into Dagster failures with the same words."""
    try:
        yield
    except (GatewayError, WrongProfile, RawDamaged, CalendarError, WarehouseMistake) as error:
        raise dg.Failure(str(error), metadata={"remedy": type(error).__name__}, allow_retries=False) from error
    except OSError as error:
        where = f" at {error.filename}" if error.filename else ""
        raise refusal(
            f"Keeping data{where}: {error.strerror or error}. Make room or set the rights there, "
            "or set IBKR_DATA to another folder; then run again."
        ) from error
