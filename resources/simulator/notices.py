"""What the broker has to tell an owner, and how the owner wants to be told.

Belongs here: notices that follow from what is held, which of them were read, and the settings. Does not: wire
shapes (`shapes/notices.py`), HTTP.

A notice comes three days before an option or a future that is held expires. The simulated broker tells nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from resources.simulator.accounts.marks import instant
from resources.simulator.accounts.valuation import Held
from resources.simulator.contracts.instruments import Instrument

AHEAD = timedelta(days=3)
MORNING = time(6)
EXPIRY = "OE"


@dataclass(frozen=True, slots=True)
class Topic:
    """Something one can be told about."""

    code: str
    name: str
    about: str


TOPICS = (
    Topic("BA", "Borrow Availability", "Shares have been found for a short sale that was refused before."),
    Topic("CA", "Comparable Algo", "Another algorithm may suit an order better."),
    Topic("DA", "Dividend Advisory", "A dividend of a holding is near."),
    Topic("EA", "Upcoming Earnings", "A company among the holdings announces its earnings soon."),
    Topic("MF", "Mutual Fund Advisory", "A similar fund costs less than one that is held."),
    Topic(EXPIRY, "Option or Future Expiration", "A holding expires within three days."),
    Topic("SG", "Short Term Gain", "A gain is about to become a long-term one."),
    Topic("SM", "System Messages", "Maintenance and changes of the system."),
    Topic("TO", "Takeover Announcements", "A company among the holdings is to be taken over."),
    Topic("UA", "User Alert", "An alert of one's own has been triggered."),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; its number begins with the day on which it came."""

    number: str
    code: str
    at: datetime
    title: str
    text: str


@dataclass(slots=True)
class Mailbox:
    """The settings of an owner, and what was read."""

    read: set[str] = field(default_factory=set)
    disclaimed: set[str] = field(default_factory=set)  # topics whose disclaimer was read
    muted: set[str] = field(default_factory=set)  # topics that are switched off
    by_email: bool = True
    devices: dict[str, dict[str, object]] = field(default_factory=dict)  # by id

    def shown(self, notices: Iterable[Notice]) -> list[Notice]:
        """What is left of some notices, the newest first."""
        kept = [notice for notice in notices if notice.code not in self.muted]
        return sorted(kept, key=lambda notice: (notice.at, notice.number), reverse=True)


def notices(rows: Sequence[Held], now: datetime) -> list[Notice]:
    """About every holding that is near its end."""
    held = {row.contract.conid: row.contract for row in rows}
    found = [_expiring(each, each.expiry) for each in held.values() if each.is_derivative and each.expiry]
    return [notice for notice in found if notice.at <= now <= notice.at + AHEAD + timedelta(days=1)]


def _expiring(contract: Instrument, expiry: date) -> Notice:
    at = instant(expiry - AHEAD, MORNING).astimezone(UTC)
    return Notice(
        f"{expiry - AHEAD:%Y%m%d}{contract.conid % 10**8:08d}",
        EXPIRY,
        at,
        f"FYI: {contract.symbol} expires soon",
        f"Your position in {contract.symbol} {contract.asset_class} expires on {expiry:%Y-%m-%d}.",
    )
