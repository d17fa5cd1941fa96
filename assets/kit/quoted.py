"""A landing as it is watched by who started it: quoted before it asks, counted while it asks, stopped beyond its quote.

Belongs here: where the UI shows a quote, progress, and the days that are finished. Does not: landing (`land.py`), the
numbers (`quote.py`, `progress.py`, `finished.py`). What each place costs decides what goes there. Tags of the run are
overwritten, so they follow every few seconds; lines of the log stay for ever, so there is one a minute; the quote is an
observation of the asset too, whose numbers Dagster plots beside what the materialization says was asked. A landing
without a plan is not watched.

Days of a range that are finished are recorded as materialized while others are asked for, so that they stay so whatever
becomes of the run. Each takes 10 ms, as much as a tenth of a request. So it is done while requests are left, which
other threads make meanwhile, and a few days at a time: a landing ends a quarter of a second later for it, at most. One
that ends well has Dagster record every day of the run itself, which cannot be told to leave some out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import dagster as dg
import numpy as np

from assets.kit.cut_short import was_cut_short
from assets.kit.declare import Landing
from assets.kit.fetch import Fetch
from assets.kit.finished import Finished
from assets.kit.kept import kept_replies
from assets.kit.progress import LISTENERS, Meter
from assets.kit.quote import Load, Quote, quote
from assets.kit.scope import Scope
from resources.calendar.trading_days import Days
from resources.envelope import Envelope
from resources.gateway.endpoint import Page
from resources.gateway.replies import Recorder
from resources.gateway.resource import Gateway
from resources.lake.resource import Lake
from resources.privacy import masked

DRY_TAG = "ibkr/dry_run"
"""A run launched with this tag, `true`, quotes what it would ask, and asks nothing."""
NOT_QUOTED = "not quoted. A run asks for what is missing of it, however much that is."
TAGS_EVERY, LINES_EVERY = 5.0, 60.0  # seconds
DAYS_AT_ONCE = 25
"""How many finished days are recorded before the next reply is looked at."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a landing works with, before it asks anything: `kept` replies of tries that were cut short, its quote."""

    fetch: Fetch
    kept: list[Envelope]
    quote: Quote | None


def prepared(
    landing: Landing,
    days: Iterable[date],
    *,
    gateway: Gateway,
    lake: Lake,
    scope: Scope,
    instance: dg.DagsterInstance,
    say: Any,
) -> Prepared:
    """Plan a landing. Of the gateway nothing but the time is needed."""
    client = gateway.client
    fetch = Fetch(
        gateway=client,
        tables=lake.tables,
        raw=lake.raw,
        scope=scope,
        calendar=scope.calendar,
        days=tuple(days),
        say=say,
        pause=client.exchange.clock.sleep,
    )
    kept = kept_replies(
        landing,
        fetch.day.isoformat(),
        lake.raw,
        now=client.now,
        calendar=scope.calendar,
        is_cut_short=lambda letters: was_cut_short(instance, letters),
    )
    if landing.plan is None:
        return Prepared(fetch, kept, None)
    fetch = replace(fetch, plan=landing.plan(fetch))
    return Prepared(fetch, kept, quote(fetch.plan, landing.endpoints, kept, margin=scope.bars_quote_margin))


class Quoted:
    """One landing in one run, watched if it is planned."""

    def __init__(self, landing: Landing, context: dg.AssetExecutionContext, prepared: Prepared) -> None:
        self._landing, self._context = landing, context
        self._quote, self._meter, self._finished = prepared.quote, None, None
        self.fetch = prepared.fetch
        if prepared.quote is not None:
            client = prepared.fetch.gateway
            self._steady = client.exchange.clock.steady
            self._meter = Meter(
                landing.name,
                prepared.quote,
                prepared.fetch.plan.loads,
                steady=self._steady,
                costs=lambda: (client.tally.requests, client.tally.waited_seconds),
            )
            self._finished = _finished(context.partition_keys, prepared.fetch)
            self.fetch = replace(prepared.fetch, answered=self._answered, left=self._left, finish=self._finish)
            self._tagged_at = self._said_at = self._steady()

    def begin(self) -> None:
        """Say what it will cost, before it asks."""
        if self._quote is None:
            return
        self._tag("quote", self._quote.brief)
        self._context.log.info(masked(f"Quote of {self._landing.name}: {self._quote}"))
        self._context.log_event(
            dg.AssetObservation(self._context.asset_key, metadata={"quote": self._quote.brief, **self._quote.facts})
        )
        self._show()

    def recorder(self, append: Recorder) -> Recorder:
        """What keeps a reply, and counts it."""
        meter = self._meter
        if meter is None:
            return append

        def record(envelope: Envelope) -> None:
            append(envelope)
            meter.hear(envelope.request.query)

        return record

    def show(self) -> None:
        """Now and then it is told how far that is; by the thread that lands, since the others have no run.

        While there is more to ask, days that are finished are recorded.
        """
        if self._meter is not None:
            self._show()
            if self._meter.has_left:
                self._record()

    def cut_short(self) -> None:
        """It comes to no end of its own: what is finished is so all the same."""
        while self._record():
            pass

    def end(self) -> dict[str, int | float]:
        """It came to its end: what it was quoted with."""
        if self._quote is None:
            return {}
        self._show(is_over=True)
        return dict(self._quote.facts)

    def _answered(self, page: Page) -> None:
        assert self._meter is not None
        self._meter.answer(page.params)

    def _left(self, load: Load, days: Days) -> None:
        if self._finished is not None:
            self._finished.left(load, days)

    def _finish(self, load: Load) -> None:
        assert self._meter is not None
        self._meter.finish(load)
        self._left(load, load.missing[:0])

    def _record(self) -> bool:
        """Record some finished days; whether there were any. Their replies are on disk."""
        days = [] if self._finished is None else self._finished.take(DAYS_AT_ONCE).tolist()
        for day in days:
            told = {"landed": "while the rest of the run was under way"}
            self._context.log_event(
                dg.AssetMaterialization(self._context.asset_key, partition=day.isoformat(), metadata=told)
            )
        return bool(days)

    def _show(self, *, is_over: bool = False) -> None:
        assert self._meter is not None
        progress, now = self._meter.progress(is_over=is_over), self._steady()
        LISTENERS.info("%s", progress, extra={"progress": progress})
        if is_over or now - self._tagged_at >= TAGS_EVERY:
            self._tagged_at = now
            self._tag("progress", str(progress))
        if is_over or now - self._said_at >= LINES_EVERY:
            self._said_at = now
            self._context.log.info(f"{self._landing.name}: {progress}")

    def _tag(self, what: str, told: str) -> None:
        run_id = self._context.run.run_id
        self._context.instance.add_run_tags(run_id, {f"ibkr/{what}_{self._landing.name}": told})


def _finished(partition_keys: Iterable[str], fetch: Fetch) -> Finished | None:
    """Counts the days of a range that have closed; of one day alone there is nothing to tell before its end."""
    latest = fetch.calendar.latest_closed(fetch.gateway.now)
    sessions = fetch.calendar.between(fetch.days[0], min(fetch.day, latest))
    if len(fetch.days) == 1 or not len(sessions):
        return None
    days = np.array(sorted(partition_keys), dtype="datetime64[D]")
    return Finished(days[days < np.datetime64(fetch.calendar.next(latest))], sessions, fetch.plan.loads)
