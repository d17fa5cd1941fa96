"""Nights that cannot be made whole: what is lost is recorded as lost, and all that can be had is had.

A login that lapses before the night and comes back only after the next open; and nights in which the login stands
while the brokerage session is dead or somebody else's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.kit.declare import Landing
from pipelines.settings import Alerts
from resources.gateway.allowed import Tier
from resources.gateway.endpoint import Endpoint
from resources.simulator.faults.files import parse_rules
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.house import House, Lived
from tests.nights import SOME_OF_ALL, USUAL_LANDINGS, Nights, only
from tests.receiver import receiving

pytestmark = [pytest.mark.slow, pytest.mark.long]
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
NEXT_OPEN = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
BEFORE, AFTER = NEXT_OPEN - timedelta(minutes=5), NEXT_OPEN + timedelta(minutes=30)
TUESDAYS_NIGHT = EVENING + timedelta(days=1)
WEDNESDAYS_NIGHT = EVENING + timedelta(days=2)
SCOPE: dict[str, Any] = {**SOME_OF_ALL, "bars_asset_classes": ["STK"], "bars_depth_days": 5}
LANDINGS = [landing for landing in USUAL_LANDINGS if landing.time != "local"]
OF_THE_BROKERAGE = {
    landing.name
    for landing in LANDINGS
    if any(isinstance(one, Endpoint) and one.tier is Tier.BROKERAGE for one in landing.endpoints)
}
OF_EACH_KIND = [
    *("accounts", "allocation", "ledger", "positions", "orders", "quotes"),  # lost with their day
    *("symbols", "instruments", "performance", "trades", "bars_1d"),  # to be had later
]
"""Of both some need the brokerage session, and some do not."""
MINUTES = timedelta(minutes=5)


@dataclass(frozen=True)
class Told(Lived):
    """What its owner was told, and how the work that waited ended."""

    @property
    def titles(self) -> list[str]:
        return [posted["title"] for _, posted in self.phone.posted]

    @property
    def landed(self) -> list[Landing]:
        """What this house asks for."""
        return [landing for landing in LANDINGS if landing.name not in self.nights.choices.leave_out]

    @property
    def of_the_brokerage(self) -> set[str]:
        return {landing.name for landing in self.landed} & OF_THE_BROKERAGE

    @property
    def perishable(self) -> set[str]:
        return {landing.name for landing in self.landed if landing.time == "perishable"}

    def goes_to(self, instant: datetime) -> None:
        """Hours in which nobody looks: the daemon was away too."""
        self.gateway.control.move_to(instant)

    def endings(self) -> dict[tuple[str, date], str]:
        return {(one.work.dataset, one.work.days[-1]): one.ending for one in self.nights.lake.parked.ended()}


def _living(folder: Path, *names: str, **rules: Any) -> Iterator[Told]:
    """A house that lands the named datasets alone."""
    faults = parse_rules(rules["faults"]) if rules else ()
    with receiving() as phone, serve(Options(clock=EVENING, positions=4, faults=faults)) as gateway:
        gateway.control.tick_at(0)
        choices = only(*names).model_copy(update={"alerts": Alerts(targets=[phone.target])})
        nights = Nights(folder, gateway, scope=SCOPE, choices=choices)
        yield Told(House(nights, gateway), phone)


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Told]:
    yield from _living(tmp_path, *OF_EACH_KIND, *OF_THE_BROKERAGE)


@pytest.fixture(scope="module")
def lapsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Monday night without a login, which comes back half an hour after Tuesday's open; then Tuesday's night."""
    for lived in _living(tmp_path_factory.mktemp("lapsed"), *OF_EACH_KIND, "parked_work"):
        lived.gateway.control.log_out()
        night = lived.house.night_falls()
        assert night.is_success, night.failures
        lived.house.live_until(EVENING + MINUTES)
        lived.goes_to(BEFORE)
        lived.house.live_until(NEXT_OPEN - timedelta(seconds=30))
        assert lived.endings() == {}, "nothing is lost while the day lasts"
        lived.goes_to(AFTER - MINUTES)
        lived.house.live_until(AFTER)
        lived.gateway.control.log_in()
        lived.house.live_until(AFTER + MINUTES)
        lived.goes_to(TUESDAYS_NIGHT)
        lived.house.live_until(TUESDAYS_NIGHT + MINUTES)
        night = lived.house.night_falls()
        assert night.is_success, (night.failures, night.failed_checks)
        yield lived


def test_what_is_told_on_the_day_only_is_lost_with_the_reason_and_nothing_else_is(lapsed: Told) -> None:
    endings = lapsed.endings()
    assert {name for (name, day), ending in endings.items() if ending == "lost"} == lapsed.perishable
    assert {name for (name, day), ending in endings.items() if ending == "landed"} == {
        one.name for one in lapsed.landed
    } - lapsed.perishable
    assert {day for _, day in endings} == {MONDAY}
    assert lapsed.nights.lake.parked.waiting() == []
    for one in lapsed.nights.lake.parked.ended():
        if one.ending == "lost":
            assert NEXT_OPEN <= one.ended_at < AFTER, "as soon as somebody looked"
            assert "2026-11-23 ended when the exchange opened again at 2026-11-24 14:30 UTC" in one.reason
            assert "nobody is logged in" in one.reason


def test_the_loss_is_in_the_warehouse_and_on_each_assets_page(lapsed: Told) -> None:
    lost = lapsed.nights.query(
        "select distinct dataset, waits_for, why from parked_work where ending = 'lost' order by dataset"
    )
    assert set(lost["dataset"]) == lapsed.perishable
    assert set(lost["waits_for"]) == {"LoginRequired"}
    assert lost["why"].str.contains("the gateway tells it only on the day itself").all()
    for name in lapsed.perishable:
        records = lapsed.nights.instance.fetch_observations(dg.AssetKey(["raw", name]), limit=50).records
        observed = [one.asset_observation for one in records]
        [loss] = [one for one in observed if one is not None and "lost" in one.metadata]
        assert loss.partition == DAY
        assert "ended when the exchange opened again" in str(loss.metadata["lost"].value)


def test_a_night_with_a_loss_says_so_and_is_published_all_the_same(lapsed: Told) -> None:
    tuesdays = lapsed.house.outcomes[-1]
    assert [one.name for one in tuesdays.failed_checks if not one.is_blocking] == ["nothing_was_lost"]
    assert tuesdays.warehouse is not None


def test_nothing_of_that_day_was_made_up(lapsed: Told) -> None:
    for name in lapsed.perishable:
        assert lapsed.nights.lake.raw.partitions(name) == [TUESDAY.isoformat()], name
    assert set(lapsed.nights.table("positions")["trading_day"].astype(str)) == {"2026-11-24"}


def test_what_can_be_had_later_was_had(lapsed: Told) -> None:
    nights = lapsed.nights
    assert MONDAY.isoformat() in nights.lake.raw.partitions("symbols")
    assert MONDAY in set(nights.query("select nav_day from nav_daily")["nav_day"].dt.date)
    assert MONDAY in set(nights.query("select trading_day from bars_1d")["trading_day"].dt.date)


def test_the_next_night_is_whole(lapsed: Told) -> None:
    tuesday = TUESDAY.isoformat()
    for landing in lapsed.landed:
        if landing.name != "bars_1d":  # of a range: kept under the last day that had to be asked for
            assert lapsed.nights.lake.raw.landings(landing.name, tuesday), landing.name
    assert TUESDAY in set(lapsed.nights.query("select trading_day from bars_1d")["trading_day"].dt.date)
    assert len(lapsed.nights.query("from positions where trading_day = date '2026-11-24'")) == 4


def test_a_person_is_told_once_for_that_day_and_again_when_the_login_lapses_again(lapsed: Told) -> None:
    assert lapsed.titles == ["IBKR: log in by Tue 09:30 New York"]
    lapsed.goes_to(WEDNESDAYS_NIGHT - MINUTES)
    lapsed.house.live_until(WEDNESDAYS_NIGHT)
    lapsed.gateway.control.log_out()
    lapsed.house.night_falls()
    lapsed.house.live_until(WEDNESDAYS_NIGHT + MINUTES)
    assert lapsed.titles == ["IBKR: log in by Tue 09:30 New York", "IBKR: log in by Fri 09:30 New York"]
    lapsed.gateway.control.log_in()
    lapsed.house.live_until(WEDNESDAYS_NIGHT + 3 * MINUTES)
    assert lapsed.nights.lake.parked.waiting() == []
    assert "2026-11-25" in lapsed.nights.lake.raw.partitions("positions")
    assert len(lapsed.titles) == 2


def _waits_for_the_brokerage_alone(lived: Told, waits_for: str) -> None:
    night = lived.house.outcomes[0]
    assert (night.is_success, night.failures) == (True, [])
    waiting = {(work.dataset, work.waits_for) for work in lived.nights.lake.parked.waiting()}
    assert waiting == {(name, waits_for) for name in lived.of_the_brokerage}
    for name in ("accounts", "ledger", "positions", "allocation", "instruments", "symbols", "nav"):
        assert len(lived.nights.table(name)) > 0, name
    assert lived.nights.lake.tables.files("bars_1d") == []
    assert len(lived.nights.query("from positions")) == 4, "published with what there is"
    assert len(lived.nights.query("from nav_daily")) > 0
    assert lived.nights.query("from bars_1d").empty


def _is_whole(lived: Told) -> None:
    assert lived.nights.lake.parked.waiting() == []
    assert lived.endings() == {(name, MONDAY): "landed" for name in lived.of_the_brokerage}
    assert MONDAY in set(lived.nights.query("select trading_day from bars_1d")["trading_day"].dt.date)
    for name in lived.perishable:
        assert len(lived.nights.lake.raw.landings(name, DAY)) == 1, "asked for once"


def test_while_somebody_else_has_the_session_only_what_needs_it_waits_and_comes_when_he_has_left(living: Told) -> None:
    living.gateway.control.compete()
    living.house.night_falls()
    living.house.live_until(EVENING + MINUTES)
    _waits_for_the_brokerage_alone(living, "Competing")
    [title] = living.titles
    assert title.startswith("IBKR: log out elsewhere")
    [(_, posted)] = living.phone.posted
    assert "in use elsewhere" in posted["message"]
    lost, waits = posted["message"].split("Waits, nothing of it is lost:")
    assert "orders, scanner_runs, quotes, option_chains of Mon 23 Nov" in lost
    assert "bars_1d, contract_details, scanner_params of Mon 23 Nov" in waits
    assert living.gateway.control.session()["competing"], "nobody was thrown out"
    living.gateway.simulation.session.competing = False
    living.house.live_until(EVENING + 3 * MINUTES)
    _is_whole(living)
    assert len(living.titles) == 1


def test_while_the_brokerage_session_does_not_come_up_only_what_needs_it_waits(tmp_path: Path) -> None:
    unbridged = [{"name": "dead", "path": "/iserver/*", "faults": ["bridgeless"]}]
    for lived in _living(tmp_path, *OF_EACH_KIND, faults=unbridged):
        lived.house.night_falls()
        lived.house.live_until(EVENING + MINUTES)
        _waits_for_the_brokerage_alone(lived, "NotReady")
        lived.goes_to(EVENING + timedelta(minutes=28))
        lived.house.live_until(EVENING + timedelta(minutes=29))
        assert lived.titles == [], "it may heal by itself"
        lived.house.live_until(EVENING + timedelta(minutes=33))
        assert {work.waits_for for work in lived.nights.lake.parked.waiting()} == {"NotReady"}
        assert lived.titles == ["IBKR: log in by Tue 09:30 New York"], "and a person is told when it does not"
        lived.gateway.control.clear_faults()
        lived.house.live_until(EVENING + timedelta(minutes=38))
        _is_whole(lived)
        assert len(lived.titles) == 1
