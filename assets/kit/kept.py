"""Replies that earlier tries of a landing left behind, and that answer still: asked once, they are not asked again.

Belongs here: which of them count. Does not: fetching (`land.py`). A try that was killed or parked leaves its file
open; its good replies are as true as new ones while the exchange stays closed, and for a quarter of an hour while
it is open. What a dataset says is settled, such as a window of the past, stays so for a week: a login lapses at
midnight, and the rest of a long history is asked the day after. Each answers one asking: a dataset that asks the same
twice on purpose is told twice. What a run landed to the end before it was killed or stopped counts as well: whoever
runs it again wants the rest. After a run that came to its own end everything is asked anew, since it may be what was
landed that was wrong.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path

from assets.kit.declare import Landing
from resources.calendar.trading_days import TradingCalendar
from resources.envelope import Envelope
from resources.gateway.wire import is_good
from resources.lake.layout import OPEN
from resources.lake.raw import RawStore, written_by

FRESH = timedelta(minutes=15)
CLOCK_SLACK = timedelta(minutes=1)
SETTLED = timedelta(days=7)
Told = Callable[[str], bool]


def kept_replies(
    landing: Landing,
    partition: str,
    raw: RawStore,
    *,
    now: datetime,
    calendar: TradingCalendar,
    is_cut_short: Told = lambda _: False,
) -> list[Envelope]:
    """The replies of earlier tries that are not to be asked for again, in the order of receipt.

    `is_cut_short` tells of a run, by the first letters of its id, whether it was killed or stopped.
    """
    replies: dict[str, list[Envelope]] = {}
    unfinished = _unfinished(raw, landing.name, partition, is_cut_short)
    if landing.is_ranged:
        unfinished += _of_other_ranges(raw, landing.name, partition, is_cut_short, now)
    for path in sorted(unfinished, key=lambda path: path.name):  # the newest last: it has copied what it used of others
        for key, found in _by_request(raw.read(path)).items():
            fresh = [
                one
                for one in found
                if _is_settled(landing, one, now) or still_tells(one.received_at, now=now, calendar=calendar)
            ]
            if len(fresh) >= len(replies.get(key, [])):
                replies[key] = fresh
    for key, found in _by_request(_slow(landing, partition, raw, now)).items():
        replies.setdefault(key, found[-1:])
    return sorted((one for found in replies.values() for one in found), key=lambda one: one.received_at)


def still_tells(received_at: datetime, *, now: datetime, calendar: TradingCalendar) -> bool:
    """Whether a reply says what the gateway would say now: nothing moves between a close and the next open."""
    day = calendar.day_of(now)
    if calendar.day_of(received_at) != day:
        return False
    if now - received_at < FRESH:
        return received_at - now < CLOCK_SLACK
    return calendar.latest_closed(received_at) == day


def _is_settled(landing: Landing, reply: Envelope, now: datetime) -> bool:
    """Whether it is of what does not change any more, and not so old that a restatement is likely."""
    is_told_again = landing.is_settled is not None and landing.is_settled(reply.request)
    return is_told_again and -CLOCK_SLACK <= now - reply.received_at < SETTLED


def _unfinished(raw: RawStore, dataset: str, partition: str, is_cut_short: Told) -> list[Path]:
    """Landings that did not end well, or whose run did not, since the last one that did; oldest first."""
    files = reversed(raw.files(dataset, partition))
    return list(takewhile(lambda path: path.name.endswith(OPEN) or is_cut_short(written_by(path)), files))[::-1]


def _of_other_ranges(raw: RawStore, dataset: str, partition: str, is_cut_short: Told, now: datetime) -> Iterator[Path]:
    """The same of all other partitions, if young enough to tell anything, and since the last in this one that did."""
    files = raw.files(dataset, partition)
    ended = files[: len(files) - len(_unfinished(raw, dataset, partition, is_cut_short))]
    since = max([f"{now - SETTLED:%Y%m%d}", *(path.name for path in ended[-1:])])
    for other in raw.partitions(dataset):
        if other != partition and any(path.name > since for path in raw.files(dataset, other)):
            yield from (path for path in _unfinished(raw, dataset, other, is_cut_short) if path.name > since)


def _slow(landing: Landing, partition: str, raw: RawStore, now: datetime) -> Iterator[Envelope]:
    """Good replies of endpoints that may be asked every few minutes only, while asking again would be too soon."""
    for path in raw.landings(landing.name, partition) if landing.slow_endpoints else ():
        for envelope in raw.read(path):
            gaps = (one.limit.gap for one in landing.slow_endpoints if one.limit and one.answers(envelope.request))
            age = now - envelope.received_at
            if any(-CLOCK_SLACK <= age < timedelta(seconds=gap) for gap in gaps):
                yield envelope


def _by_request(envelopes: Iterable[Envelope]) -> dict[str, list[Envelope]]:
    found: dict[str, list[Envelope]] = defaultdict(list)
    for envelope in envelopes:
        if is_good(envelope):
            found[envelope.request.key].append(envelope)
    return found
