"""Carries out a landing: the only stage with a network.

Every reply is on disk before it is looked at. Data that the gateway can only tell today is asked for
today and never again: for a past trading day the replies already landed are kept, or the step refuses.
What cannot be asked now, though nothing is wrong with it, is parked: the step ends without a result, what
follows from it is skipped, and `pipelines/resume.py` takes it up when what it waits for has passed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from assets.kit.costs import costs, tags_of
from assets.kit.declare import Landing
from assets.kit.land_records import land_records
from assets.kit.quote import OverQuote
from assets.kit.quoted import DRY_TAG, NOT_QUOTED, Prepared, Quoted, prepared
from assets.kit.refusal import in_plain_words, refusal
from assets.kit.scope import Scope
from resources.gateway.errors import GatewayError, Waiting
from resources.gateway.resource import Gateway
from resources.gateway.skew import in_words
from resources.lake.parked import Ending, Parked
from resources.lake.resource import Lake
from resources.privacy import masked

Metadata = Mapping[str, Any]
Result = dg.MaterializeResult[None]
WAITS_TAG = "ibkr/waits_for"  # a run that parked something ends well; the list of runs shows that it is not all
ONLY_TODAY = {
    "perishable": "the gateway tells it only on the day itself",
    "windowed": "the gateway tells the window as it stands today, and later nights hold these dates too",
}


class Landings:
    """One landing in one run, with all that it works with."""

    def __init__(
        self, landing: Landing, context: dg.AssetExecutionContext, *, gateway: Gateway, lake: Lake, scope: Scope
    ) -> None:
        self._landing, self._context = landing, context
        self._gateway, self._lake, self._scope = gateway, lake, scope
        self._calendar = scope.calendar

    def land(self) -> Iterator[Result]:
        """Land the run's partitions; each is recorded as soon as it is done. Nothing is yielded of what is parked."""
        asked = [date.fromisoformat(key) for key in self._context.partition_keys]
        days = [day for day in asked if day in self._calendar]
        if not days:
            yield dg.MaterializeResult(metadata={"closed": _closed(asked, self._calendar.name), "requests": 0})
        elif self._landing.is_ranged or len(days) == 1:
            yield from self._landed_or_parked(days)
        else:
            yield from self._land_days(days)

    def _landed_or_parked(self, days: list[date]) -> Iterator[Result]:
        if self._context.run.tags.get(DRY_TAG) == "true":
            self._only_quote(days)
            return
        if self._landing.time == "local":  # there is nobody to wait for
            yield dg.MaterializeResult(metadata=self._land_records(days[-1]))
            return
        try:
            metadata = self._fetch(days) if self._landing.is_ranged else self._land_day(days[0])
        except Waiting as waiting:
            self._park(days, waiting)
            return
        except (dg.Failure, GatewayError) as failure:  # it would fail again: nobody is to take it up
            self._settle(days, "refused", str(failure))
            raise
        self._settle(days, "landed", f"by run {self._context.run.run_id}")
        yield dg.MaterializeResult(metadata=metadata)

    def _land_days(self, days: list[date]) -> Iterator[Result]:
        """Several days in one run: the possible ones are landed and recorded, the others named at the end.

        The result at the end would count for every day, so there is none when a day was parked.
        """
        refused, parked, total = [], 0, Counter[str]()
        for day in days:
            try:
                landed = list(self._landed_or_parked([day]))
            except dg.Failure as failure:
                refused.append(str(failure.description))
                continue
            parked += not landed
            for result in landed:
                metadata = dict(result.metadata or {})
                self._context.log_event(
                    dg.AssetMaterialization(self._context.asset_key, partition=day.isoformat(), metadata=metadata)
                )
                total.update({name: value for name, value in metadata.items() if isinstance(value, int | float)})
        if refused:
            raise refusal(f"{len(refused)} of {len(days)} days cannot be landed. First: {refused[0]}")
        if not parked:
            yield dg.MaterializeResult(metadata={"days": len(days), **total})

    def _land_records(self, day: date) -> Metadata:
        run_id = self._context.run.run_id
        return land_records(
            self._landing, day, gateway=self._gateway, lake=self._lake, scope=self._scope, run_id=run_id
        )

    def _land_day(self, day: date) -> Metadata:
        name, time = self._landing.name, self._landing.time
        if time == "replayable":
            return self._fetch([day])
        kept = self._lake.raw.landings(name, day.isoformat())
        try:
            today = self._calendar.day_of(self._gateway.client.now)
        except Waiting as waiting:  # without the gateway's time nothing is judged to be too late
            if not kept or day >= self._calendar.day_of(datetime.now(UTC)):
                raise
            told = masked(str(waiting))
            return {"kept": f"Replies of {day} are on disk; the gateway was not needed ({told})", "requests": 0}
        if day == today:
            return self._fetch([day])
        if kept:
            return {"kept": f"Replies of {day} are on disk; nothing was asked.", "requests": 0}
        if day > today:
            raise refusal(f"{name} of {day}: that trading day has not begun, the gateway's is {today}. Wait for it.")
        failure = self._too_late(day, today)
        self._settle([day], "lost", str(failure.description))
        raise failure

    def _too_late(self, day: date, today: date) -> dg.Failure:
        return refusal(
            f"{self._landing.name} of {day}: {ONLY_TODAY[self._landing.time]}, and its trading day is {today} now. "
            f"No replies of {day} were ever landed, so there is nothing to rebuild it from."
        )

    def _fetch(self, days: list[date]) -> Metadata:
        landing, lake, client = self._landing, self._lake, self._gateway.client
        client.open()
        lake.claim(is_simulated=client.is_simulator)
        ahead = timedelta(seconds=client.exchange.ahead_seconds or 0.0)
        if (told := in_words(-ahead)) is not None and not client.is_simulator:  # which lives in a time of its own
            self._context.log.warning(told)
        before = replace(client.tally, waits=dict(client.tally.waits))
        partition, now = days[-1].isoformat(), client.now
        ready = self._prepared(days)
        quoted = Quoted(landing, self._context, ready)
        quoted.begin()
        with (
            lake.raw.landing(landing.name, partition, at=now, run_id=self._context.run.run_id) as file,
            client.recording(quoted.recorder(file.append), purpose=landing.name, tell=self._tell),
        ):
            client.remember(ready.kept)
            pages = 0
            try:
                for _ in landing.fetch(quoted.fetch):
                    pages += 1
                    quoted.show()
            except GatewayError:
                quoted.cut_short()
                raise
        self._context.instance.add_run_tags(self._context.run.run_id, tags_of(client.tally))
        waits = Counter(client.tally.waits) - Counter(before.waits)
        return {
            "pages": pages,
            "replies": file.replies,
            "replies_of_earlier_tries": len(ready.kept),
            **quoted.end(),
            **costs(before, client.tally),
            "bytes": client.tally.bytes - before.bytes,
            "waited_seconds": round(sum(waits.values()), 2),
            "waits": masked("; ".join(f"{seconds:.1f} s for {reason}" for reason, seconds in waits.items()) or "none"),
            "gateway_clock_ahead_seconds": ahead.total_seconds(),
            "dagster/uri": str(file.path) if file.replies else "",
        }

    def _prepared(self, days: list[date]) -> Prepared:
        return prepared(
            self._landing,
            days,
            gateway=self._gateway,
            lake=self._lake,
            scope=self._scope,
            instance=self._context.instance,
            say=lambda line: self._context.log.info(masked(line)),
        )

    def _only_quote(self, days: list[date]) -> None:
        """What it would ask, for who launched a run of the UI to know that; nothing is landed."""
        if self._landing.plan is not None:
            Quoted(self._landing, self._context, self._prepared(days)).begin()
        elif self._landing.time != "local":
            self._context.log.info(f"{self._landing.name}: {NOT_QUOTED}")

    def _tell(self, line: str) -> None:
        self._context.log.warning(masked(line))

    def _park(self, days: list[date], waiting: Waiting) -> None:
        """Put the work aside, with its reason, where the UI, the alert and whoever resumes it find it.

        Landings of the run that follow from it are skipped with it: they wait for the same.
        """
        facts = {"parked": masked(str(waiting)), "waits_for": type(waiting).__name__}
        self._context.instance.add_run_tags(self._context.run.run_id, {WAITS_TAG: facts["waits_for"]})
        if waiting.until is not None:
            facts["until"] = waiting.until.isoformat(timespec="seconds")
        for dataset in (self._landing.name, *self._following()):
            self._lake.parked.park(
                Parked(
                    dataset=dataset,
                    days=tuple(days),
                    waits_for=facts["waits_for"],
                    reason=str(waiting),
                    parked_at=self._now(),
                    until=waiting.until,
                    run_id=self._context.run.run_id,
                    margin=waiting.margin if isinstance(waiting, OverQuote) else None,
                )
            )
            for day in days:
                key = dg.AssetKey(["raw", dataset])
                self._context.log_event(dg.AssetObservation(key, partition=day.isoformat(), metadata=facts))

    def _following(self) -> list[str]:
        """Landings of this run that cannot be made without this one; what is local is made in any run that resumes."""
        layer = self._context.job_def.asset_layer
        chosen, found = layer.selected_asset_keys, set[dg.AssetKey]()
        todo = [self._context.asset_key]
        while todo:
            children = layer.asset_graph.get(todo.pop()).child_keys & chosen - found
            found |= children
            todo += children
        raw = [key for key in found if key.path[0] == "raw"]
        waits = (key for key in raw if not str(layer.asset_graph.get(key).metadata["time"]).startswith("local"))
        return sorted(key.path[-1] for key in waits)

    def _settle(self, days: list[date], ending: Ending, reason: str) -> None:
        """Of a window today's telling holds the days before too."""
        is_window = self._landing.time == "windowed"
        self._lake.parked.settle(self._landing.name, days, ending, reason, at=self._now(), and_earlier=is_window)

    def _now(self) -> datetime:
        """The gateway's time as of its last reply, or as it must be by this machine's clock."""
        client = self._gateway.client
        return client.exchange.now or client.keeper.known().now(client.exchange.here)


def land(
    landing: Landing, context: dg.AssetExecutionContext, *, gateway: Gateway, lake: Lake, scope: Scope
) -> Iterator[Result]:
    """Land the run's partitions."""
    with in_plain_words():
        yield from Landings(landing, context, gateway=gateway, lake=lake, scope=scope).land()


def _closed(asked: list[date], exchange: str) -> str:
    return f"{', '.join(day.isoformat() for day in asked[:5])}: {exchange} is closed, there is nothing to land."
