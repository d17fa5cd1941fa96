"""A landing as it is watched by who started it: quoted before it asks, counted while it asks, stopped beyond its quote.

Belongs here: where the UI shows a quote and progress. Does not: landing (`land.py`), the numbers (`quote.py`,
`progress.py`). What each place costs decides what goes there. Tags of the run are overwritten, so they follow every few
seconds; lines of the log stay for ever, so there is one a minute; the quote is an observation of the asset too, whose
numbers Dagster plots beside what the materialization says was asked. A landing without a plan is not watched.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import dagster as dg

from assets.kit.cut_short import was_cut_short
from assets.kit.declare import Landing
from assets.kit.fetch import Fetch
from assets.kit.kept import kept_replies
from assets.kit.progress import LISTENERS, Meter
from assets.kit.quote import Quote, quote
from assets.kit.scope import Scope
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
        self._quote, self._meter = prepared.quote, None
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
            self.fetch = replace(prepared.fetch, answered=self._answered, finish=self._meter.finish)
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
        """Now and then it is told how far that is; by the thread that lands, since the others have no run."""
        if self._meter is not None:
            self._show()

    def end(self) -> dict[str, int | float]:
        """It came to its end: what it was quoted with."""
        if self._quote is None:
            return {}
        self._show(is_over=True)
        return dict(self._quote.facts)

    def _answered(self, page: Page) -> None:
        assert self._meter is not None
        self._meter.answer(page.params)

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
