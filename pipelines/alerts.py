"""What an alert says: one message to a person with a phone in hand, at whatever hour.

Belongs here: the words. Pure. Does not: when there is something to say (`resources/gateway/incidents.py`),
how it gets there (`pipelines/targets.py`).

The title is all that a locked phone shows, so it says what to do and by when. The body goes from what
to do to why: first that which is lost first, last the words of the error. Account ids never leave the house.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby

from resources.calendar.new_york import NEW_YORK
from resources.gateway.address import login_page
from resources.privacy import masked

LONGEST_REASON = 300


class Kind(StrEnum):
    """What has happened; the value is what an incident is remembered as."""

    LOGIN_LAPSED = "login lapsed"
    COMPETING = "competing"
    GATEWAY_DOWN = "gateway down"
    LIMIT_BROKEN = "limit broken"
    OVER_QUOTE = "over quote"


@dataclass(frozen=True)
class AtRisk:
    """Work that waits, and the instant from which it is lost for ever; None when nothing is lost by waiting."""

    dataset: str
    days: tuple[date, ...]
    until: datetime | None


@dataclass(frozen=True)
class Alert:
    """A message to a person."""

    title: str
    body: str


@dataclass(frozen=True)
class _Words:
    """What one kind of trouble is called, and what to do about it; `{page}` is where a person logs in."""

    title: str
    happened: str
    remedy: str


_WORDS = {
    Kind.LOGIN_LAPSED: _Words(
        "log in",
        "Nobody is logged in at the IBKR gateway.",
        "On the gateway's computer open {page} and log in, with your phone for the second step. "
        "What waits then goes on by itself.",
    ),
    Kind.COMPETING: _Words(
        "log out elsewhere",
        "Your IBKR username is in use elsewhere: TWS, the phone app or the website.",
        "Log out there; nobody was thrown out from here. What waits then goes on by itself. "
        "If the gateway wants a login first, it is at {page} on its computer.",
    ),
    Kind.GATEWAY_DOWN: _Words(
        "start the gateway",
        "The IBKR gateway does not answer.",
        "Start it on its computer, then open {page} there and log in. What waits then goes on by itself.",
    ),
    Kind.LIMIT_BROKEN: _Words(
        "paused",
        "IBKR was asked too much at once and wants a pause.",
        "Nothing to do: it goes on by itself{resumes}. If another program uses this login, stop it for that time.",
    ),
    Kind.OVER_QUOTE: _Words(
        "a download stopped",
        "Bars asked more of IBKR than they were quoted with, so they stopped.",
        "Look at the replies of the run. If they are as they should be, raise quote_margin under [bars] in the TOML: "
        "it then goes on by itself.",
    ),
}


def compose(
    kind: Kind,
    reason: str,
    *,
    login_url: str,
    at_risk: Sequence[AtRisk],
    now: datetime,
    since: datetime | None = None,
    resumes_at: datetime | None = None,
    zone: tzinfo = NEW_YORK,
) -> Alert:
    """The alert about one incident. `login_url` may be the API's address; instants are told in `zone` too."""
    words = _WORDS[kind]
    told = _Instants(now, zone)
    begun = f" First noticed {told.short(since)}." if since else ""
    resumes = f" on {told.full(resumes_at)}" if resumes_at else ""
    remedy = words.remedy.format(page=login_page(login_url), resumes=resumes)
    blocks = [f"{words.happened}{begun}", remedy, *_risks(at_risk, told)]
    if reason:
        blocks.append(f"Details: {_short(reason)}")
    return Alert(f"IBKR: {words.title}{_deadline(kind, at_risk, resumes_at, told)}", "\n\n".join(blocks))


def undecided(reasons: Sequence[str]) -> Alert:
    """The alert about what is held back until its owner decides; each reason says what shrank, and what to do."""
    told = "\n\n".join(masked(reason) for reason in reasons)
    return Alert("IBKR: decide, nothing is published", f"Something shrank so much that it waits for you.\n\n{told}")


def trial(now: datetime) -> Alert:
    """What `python -m pipelines alert` sends."""
    sent = _Instants(now, NEW_YORK).short(now)
    return Alert("IBKR: test", f"Alerts of the IBKR warehouse arrive here. Sent {sent}; there is nothing to do.")


@dataclass(frozen=True)
class _Instants:
    """Instants in words, as seen now."""

    now: datetime
    zone: tzinfo

    def brief(self, instant: datetime) -> str:
        there = instant.astimezone(NEW_YORK)
        is_near = instant - self.now < timedelta(days=6)
        return f"{there:%a %H:%M} New York" if is_near else f"{there.day} {there:%b %H:%M} New York"

    def short(self, instant: datetime) -> str:
        there = instant.astimezone(NEW_YORK)
        return f"{self._day(there.date())} {there:%H:%M} New York"

    def full(self, instant: datetime) -> str:
        return f"{self.short(instant)}{self._beside(instant)} ({self._left(instant - self.now)})"

    def _beside(self, instant: datetime) -> str:
        """The same instant where the reader is, if the clocks differ there."""
        here, there = instant.astimezone(self.zone), instant.astimezone(NEW_YORK)
        if here.utcoffset() == there.utcoffset():
            return ""
        day = "" if here.date() == there.date() else f"{self._day(here.date())} "
        return f" / {day}{here:%H:%M %Z}"

    def days(self, days: Sequence[date]) -> str:
        if len(days) == 1:
            return self._day(days[0])
        return f"{len(days)} days, {self._day(min(days))} to {self._day(max(days))}"

    def _day(self, day: date) -> str:
        year = "" if day.year == self.now.astimezone(NEW_YORK).year else f" {day.year}"
        return f"{day:%a} {day.day} {day:%b}{year}"

    def _left(self, left: timedelta) -> str:
        """Rounded down: nobody is promised more time than there is."""
        minutes = int(left.total_seconds() // 60)
        if minutes < 1:
            return "now"
        if minutes < 120:
            return f"in {minutes} min"
        return f"in {minutes // 60} hours" if minutes < 48 * 60 else f"in {minutes // (24 * 60)} days"


def _deadline(kind: Kind, at_risk: Sequence[AtRisk], resumes_at: datetime | None, told: _Instants) -> str:
    """The end of the title: by when to act."""
    if kind is Kind.LIMIT_BROKEN:
        return f" until {told.brief(resumes_at)}" if resumes_at else ""
    ahead = [one.until for one in at_risk if one.until is not None and one.until > told.now]
    return f" by {told.brief(min(ahead))}" if ahead else ""


def _risks(at_risk: Sequence[AtRisk], told: _Instants) -> Iterator[str]:
    """What is lost when, first that which is lost first; then what only waits; then what is gone."""
    dated = [(one.until, one) for one in at_risk if one.until is not None]
    ahead = sorted((pair for pair in dated if pair[0] > told.now), key=lambda pair: pair[0])
    for until, pairs in groupby(ahead, key=lambda pair: pair[0]):
        yield f"Lost for good if not fetched before {told.full(until)}:\n{_listed((one for _, one in pairs), told)}"
    waiting = [one for one in at_risk if one.until is None]
    if waiting:
        yield f"Waits, nothing of it is lost:\n{_listed(waiting, told)}"
    gone = [one for until, one in dated if until <= told.now]
    if gone:
        yield f"Lost already:\n{_listed(gone, told)}"


def _listed(at_risk: Iterable[AtRisk], told: _Instants) -> str:
    """A line per set of days, with the datasets that miss them."""
    by_days: dict[tuple[date, ...], list[str]] = {}
    for one in at_risk:
        names = by_days.setdefault(tuple(sorted(set(one.days))), [])
        if one.dataset not in names:
            names.append(one.dataset)
    return "\n".join(
        f"- {masked(', '.join(names))}" + (f" of {told.days(days)}" if days else "") for days, names in by_days.items()
    )


def _short(reason: str) -> str:
    """An error's words in one line without account ids, and no more of them than a phone shows."""
    line = masked(" ".join(reason.split()))
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON].rstrip()}…"
