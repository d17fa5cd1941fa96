"""A history over a range of days, killed (kill -9) in the middle: the next run asks only for the rest."""

import signal
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from assets.market.bars_1d import HISTORY as ENDPOINT
from resources.calendar.trading_days import calendar_of, trading_calendar
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.forked_nights import CHOICES, DAY, EVENING, SCOPE, Gate, Owner, Work, ready_home
from tests.nights import Nights, rest

pytestmark = [pytest.mark.slow, pytest.mark.long]
HISTORY = "*/marketdata/history"
FIRST, LAST = "2026-08-03", "2026-09-30"
RANGE, EARLIER = Work("history", FIRST, LAST), Work("history", "2026-11-02", "2026-11-06")
LONG = Work("history", "2022-08-01", LAST, assets=("raw/bars_1d",))
"""A few days more than a request has bars."""
AT_ONCE = ENDPOINT.concurrent or 1
BARS = dg.AssetKey(["raw", "bars_1d"])


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    """Who has a home and no data yet."""
    return Owner.moves_in(tmp_path, ready_home(tmp_path / "ready"))


@contextmanager
def _served(owner: Owner) -> Iterator[Running]:
    warm = Flavour(cold_history=False)
    with serve(Options(clock=EVENING, positions=40, flavour=warm), real=owner.time.now) as gateway:
        _define(owner, gateway)
        yield gateway


def _define(owner: Owner, gateway: Running) -> None:
    names = ("symbols", "positions", "instruments")
    with dg.DagsterInstance.from_config(str(owner.home)) as instance:
        nights = Nights(owner.folder / "data", gateway, scope=SCOPE, instance=instance, choices=CHOICES)
        for name in names:
            outcome = nights.materialize(f"raw/{name}", name, day=DAY)
            assert outcome.is_success, outcome.failures
            rest(gateway)


def _asked(gateway: Running) -> Counter[str]:
    return Counter(one["query"] for one in gateway.control.requests(path=HISTORY))


def _lives(owner: Owner, gateway: Running, work: Work) -> None:
    with owner.night(Gate(gateway.url, gateway.certificate), work) as child:
        told = list(child.events())
        child.process.join()
        assert child.process.exitcode == 0, told[-5:]


def _dies(owner: Owner, gateway: Running, work: Work, *, after: int) -> None:
    """Killed when the gateway has received so many requests for bars."""
    with owner.night(Gate(gateway.url, gateway.certificate), work) as child:
        listening = threading.Thread(target=lambda: deque(child.events(), maxlen=0))  # else its pipe fills
        listening.start()
        while sum(_asked(gateway).values()) < after:
            assert child.process.is_alive(), child.told
            threading.Event().wait(0.001)
        child.process.kill()
        child.process.join()
        listening.join()
        assert child.process.exitcode == -signal.SIGKILL


def _dies_at(owner: Owner, gateway: Running, work: Work, event: str, *, times: int = 1) -> None:
    """Killed when an event was recorded so many times."""
    with owner.night(Gate(gateway.url, gateway.certificate), work) as child:
        told = (line for line in child.events() if f" - {event} - " in line)
        assert len(list(islice(told, times))) == times, child.told[-5:]
        child.process.kill()
        child.process.join()
        assert child.process.exitcode == -signal.SIGKILL


def _recorded(owner: Owner) -> set[str]:
    with dg.DagsterInstance.from_config(str(owner.home)) as instance:
        return set(instance.get_materialized_partitions(BARS))


def test_killed_twice_it_loses_what_was_in_flight_and_keeps_what_was_finished(owner: Owner) -> None:
    with _served(owner) as gateway:
        _lives(owner, gateway, EARLIER)
        finished = _recorded(owner)
        assert len(finished) == 5
        gateway.control.clear_requests()
        _dies(owner, gateway, RANGE, after=4)
        _dies(owner, gateway, RANGE, after=sum(_asked(gateway).values()) + 3)
        assert _recorded(owner) >= finished
        _lives(owner, gateway, RANGE)
        asked = _asked(gateway)
    shares = owner.nights.table("instruments").query("asset_class == 'STK'")
    assert len(shares) > 10
    assert len(asked) == len(shares), "one request for each, whoever made it"
    assert sum(asked.values()) - len(shares) <= 2 * AT_ONCE, "for each kill what was in flight"
    bars = owner.nights.table("bars_1d").groupby("conid")["trading_day"]
    for conid, listing in zip(shares["conid"], shares["listing_exchange"], strict=True):
        calendar = calendar_of(listing) or trading_calendar("XNYS")
        sessions = calendar.between(date.fromisoformat(FIRST), date.fromisoformat(LAST))
        assert set(sessions.tolist()) <= set(bars.get_group(conid))
    days = np.arange(FIRST, np.datetime64(LAST) + 1, dtype="datetime64[D]").astype(str)
    assert _recorded(owner) == finished | set(days)


def test_killed_where_each_contract_takes_several_requests_the_newest_days_are_recorded_and_the_rest_is_asked_for(
    owner: Owner,
) -> None:
    """What is recorded when such a run comes to its end is not waited for here: it takes longer than all else."""
    days = np.arange(LONG.first, np.datetime64(LONG.last) + 1, dtype="datetime64[D]").astype(str).tolist()
    with _served(owner) as gateway:
        gateway.control.clear_requests()
        gateway.control.replace_faults([{"path": HISTORY, "faults": [{"fault": "slow", "seconds": 0.2}]}])
        _dies_at(owner, gateway, LONG, "ASSET_MATERIALIZATION", times=60)
        before, recorded = _asked(gateway), sorted(_recorded(owner))
        gateway.control.replace_faults([])
        _dies_at(owner, gateway, LONG, "STEP_OUTPUT")
        asked = _asked(gateway)
    assert len(recorded) >= 60
    assert recorded == days[-len(recorded) :], "the newest first"
    shares = owner.nights.table("instruments").query("asset_class == 'STK'")
    assert len(shares) <= sum(before.values()) < len(asked), "each had its newest bars, and not every one the rest"
    assert len(asked) == 2 * len(shares), "as few as in one run"
    assert sum(asked.values()) - len(asked) <= AT_ONCE, "what was in flight"
    [landed] = owner.nights.lake.raw.landings("bars_1d", LONG.last)
    assert len(list(owner.nights.lake.raw.read(landed))) == len(asked), "the replies of both runs"
