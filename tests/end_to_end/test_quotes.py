"""What a history costs is known before it asks, by the planner that asks; what costs more stops and waits."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from rich.console import Console

from assets.kit.quoted import DRY_TAG
from pipelines.choices import Bars
from pipelines.command import Command
from pipelines.settings import Choices, Environment, Settings
from resources.calendar.trading_days import trading_calendar
from resources.lake.parked import Parked
from resources.simulator.flavour import Flavour
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.end_to_end.conftest import DAY, EVENING
from tests.nights import Nights, dagster_home, rest

pytestmark = [pytest.mark.slow, pytest.mark.long]
FIRST, LAST = date(2026, 9, 14), date(2026, 9, 30)
PLANNED = 2
"""Two contracts, and a thousand trading days to a request."""
DAYS = 2 * len(trading_calendar("XNYS").between(FIRST, LAST))
SCOPE = {"watchlist": ["265598", "272093", "NVDA"], "bars_asset_classes": ["STK"], "bars_depth_days": 5}
BARS = dg.AssetKey(["raw", "bars_1d"])


@dataclass
class Owner:
    """Somebody at a terminal, with two contracts defined and one that is not yet."""

    nights: Nights
    home: Path
    gateway: Running
    margin: float = 1.0
    choices: Choices = field(default_factory=Choices)
    read: str = ""

    def command(self, what: Any) -> int:
        self.nights.scope = {**SCOPE, "bars_quote_margin": self.margin}
        text = io.StringIO()
        settings = Settings(environment=Environment(data=self.nights.data), choices=self.choices)
        code: int = what(Command(settings, Console(file=text, width=100), self.nights.resources))
        self.read = text.getvalue()
        rest(self.gateway)
        return code

    def quotes(self, dataset: str = "bars_1d") -> dict[str, str]:
        assert self.command(lambda command: command.quote(FIRST, LAST)) == 0
        lines = iter(self.read.splitlines())
        assert dataset in lines
        return {line[2:30].strip(): line[30:] for line in takewhile(lambda line: line.startswith("  "), lines)}

    def history(self) -> int:
        return self.command(lambda command: command.run("history", FIRST, LAST))

    def goes_on(self) -> int:
        """How many runs the parked work would go on in now."""
        found: list[int] = []

        def look(command: Command) -> int:
            with dg.DagsterInstance.from_config(str(self.home)) as instance:
                found.append(len(command._watch.plan(instance).runs))
            return 0

        assert self.command(look) == 0
        return found[0]

    @property
    def asked(self) -> int:
        return len(self.gateway.control.requests(path="*/marketdata/history"))

    @property
    def waiting(self) -> list[Parked]:
        return self.nights.lake.parked.waiting()

    def tags(self) -> dict[str, str]:
        """Of the latest run."""
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            [run] = instance.get_runs(limit=1)
            return dict(run.tags)


@contextmanager
def _owning(folder: Path) -> Iterator[Owner]:
    home = dagster_home(folder / "home")
    with (
        pytest.MonkeyPatch.context() as patch,
        serve(Options(clock=EVENING, positions=0, flavour=Flavour(cold_history=False))) as gateway,
    ):
        patch.setenv("DAGSTER_HOME", str(home))
        nights = Nights(folder / "data", gateway, scope={**SCOPE, "watchlist": ["265598", "272093"]})
        for name in ("symbols", "positions", "instruments"):
            outcome = nights.materialize(f"raw/{name}", name, day=DAY)
            assert outcome.is_success, outcome.failures
            rest(gateway)
        yield Owner(nights, home, gateway)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    with _owning(tmp_path) as owner:
        yield owner


@dataclass(frozen=True)
class Asked:
    """A history, and what was quoted before and after it."""

    owner: Owner
    before: dict[str, str]
    asked_before: int
    read: str
    tags: dict[str, str]
    after: dict[str, str]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with _owning(tmp_path_factory.mktemp("asked")) as owner:
        before, asked_before = owner.quotes(), owner.asked
        assert owner.nights.lake.raw.partitions("bars_1d") == []
        assert owner.history() == 0, owner.read
        yield Asked(owner, before, asked_before, owner.read, owner.tags(), owner.quotes())


def test_what_is_quoted_is_what_is_asked_and_the_quote_asks_for_no_bar(asked: Asked) -> None:
    told = asked.before
    assert asked.asked_before == 0
    assert (told["contracts"], told["requests"], told["already held"]) == ("2", str(PLANNED), "0")
    assert told["trading days expected"] == told["missing"] == f"{DAYS:,}"
    assert told["time"] == "1 s at the pace of the budget"
    assert "contracts without a definition yet: 1 (NVDA)" in told["not known before"]
    assert asked.owner.asked == PLANNED
    assert f"bars_1d: 0 done (0%), {PLANNED} left, about 1 s; 0 asked, 0 s waited" in asked.read
    assert f"bars_1d: {PLANNED} done (100%), over; {PLANNED} asked" in asked.read
    assert asked.tags["ibkr/quote_bars_1d"] == "2 requests, 1 s, 0.00% of a day's budget"
    assert asked.tags["ibkr/progress_bars_1d"].startswith(f"{PLANNED} done (100%), over")


def test_what_is_held_is_quoted_as_nothing(asked: Asked) -> None:
    told = asked.after
    assert (told["requests"], told["missing"], told["already held"]) == ("0", "0", f"{DAYS:,}")


def test_the_assets_page_has_what_was_quoted_beside_what_was_asked(asked: Asked) -> None:
    with dg.DagsterInstance.from_config(str(asked.owner.home)) as instance:
        [run] = instance.get_runs(limit=1)
        [quoted] = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_OBSERVATION).records
        found = instance.get_latest_materialization_event(BARS)
    assert quoted.event_log_entry.dagster_event is not None
    observed = quoted.event_log_entry.dagster_event.asset_observation_data.asset_observation.metadata
    assert observed["quoted_requests"].value == PLANNED
    assert found is not None
    assert found.asset_materialization is not None
    landed = found.asset_materialization.metadata
    assert (landed["quoted_requests"].value, landed["requests"].value) == (PLANNED, PLANNED)
    assert landed["trading_days_missing"].value == DAYS


def test_smaller_bars_are_quoted_and_asked_by_the_same_rules(owner: Owner) -> None:
    """Five minutes: 78 bars a day, of which a thousand are a request."""
    owner.choices = Choices(bars=Bars(sizes=["1d", "1w"]))
    assert "contracts without a definition yet: 1 (NVDA)" in owner.quotes("bars_1w")["not known before"]
    owner.choices = Choices(bars=Bars(sizes=["1d", "5min"]))
    planned = 2 * -(-DAYS // 2 * 78 // 1000)
    told = owner.quotes("bars_5min")
    assert (told["contracts"], told["requests"], told["already held"]) == ("2", str(planned), "0")
    assert told["trading days expected"] == told["missing"] == f"{DAYS:,}"
    assert "contracts without a definition yet: 1 (NVDA)" in told["not known before"]
    assert "bar_coverage" not in owner.read, "it asks nobody"
    assert owner.asked == 0

    assert owner.history() == 0, owner.read
    assert owner.asked == PLANNED + planned > 2 * PLANNED
    assert f"bars_5min: {planned} done (100%), over;" in owner.read
    assert owner.tags()["ibkr/quote_bars_5min"].startswith(f"{planned} requests")
    assert owner.tags()["ibkr/progress_bars_5min"].startswith(f"{planned} done (100%), over")
    told = owner.quotes("bars_5min")
    assert (told["requests"], told["missing"], told["already held"]) == ("0", "0", f"{DAYS:,}")


def test_a_run_of_the_ui_that_is_tagged_as_dry_quotes_and_asks_nothing(owner: Owner) -> None:
    span = {"dagster/asset_partition_range_start": str(FIRST), "dagster/asset_partition_range_end": str(LAST)}
    result = (
        owner.nights.definitions()
        .resolve_job_def("history")
        .execute_in_process(instance=owner.nights.instance, tags={**span, DRY_TAG: "true"}, raise_on_error=False)
    )
    assert result.success
    [run] = owner.nights.instance.get_runs(limit=1)
    assert run.tags["ibkr/quote_bars_1d"].startswith(f"{PLANNED} requests")
    assert owner.asked == 0
    assert (owner.waiting, owner.nights.lake.raw.partitions("bars_1d")) == ([], [])


def test_several_under_way_that_would_ask_more_than_their_quote_stop_and_wait_for_their_owner(owner: Owner) -> None:
    """Each request fails twice, so that thrice as many are needed; none beyond the two cold tries are allowed."""
    struck = {"path": "*/marketdata/history", "per_request": True, "times": 2, "faults": ["unavailable"]}
    owner.gateway.control.replace_faults([struck])
    owner.nights.scope = {**SCOPE, "bars_quote_margin": 0.0}
    owner.nights.choices = Choices(bars=Bars(sizes=["1d", "5min"]))
    outcome = owner.nights.materialize("raw/bars_5min", day=str(FIRST), last=str(LAST))
    planned, cold = 2 * 2, 2 * 2
    assert outcome.is_success, outcome.failures
    assert f"are more than the {planned + cold} that bars.quote_margin = 0 allows" in outcome.parked[0].reason
    assert owner.asked <= planned + cold + 2, "the one that was too many, and the other contract's on the wire"
    [work] = owner.waiting
    assert (work.dataset, work.waits_for, work.margin) == ("bars_5min", "OverQuote", 0.0)
