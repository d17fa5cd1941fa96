"""What the functions of a dataset file are given: `Fetch` to land with, `RawPages` to check a landing with.

Belongs here: what every dataset may ask of the world around it. Does not: carrying a landing out (`land.py`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from assets.kit.quote import Load, Plan
from assets.kit.scope import Scope
from resources.calendar.trading_days import Days, TradingCalendar
from resources.gateway.client import GatewayClient
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData, Refused
from resources.lake.raw import RawStore
from resources.lake.tables import TableStore
from resources.privacy import masked


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a landing function works with: `days` are the trading days to land, oldest first, `raw` what was landed.

    `say` tells the run's log; `pause` lets seconds pass, for what the gateway is still fetching. Of a landing that is
    planned, `plan` is what it was quoted with, `answered` is told of each reply that came for it, `left` of the days of
    a load that are still to be asked for after it, and `finish` of each load that nothing more is asked for; all by
    whichever thread asks.
    """

    gateway: GatewayClient
    tables: TableStore
    raw: RawStore
    scope: Scope
    calendar: TradingCalendar
    days: tuple[date, ...]
    say: Callable[[str], None]
    pause: Callable[[float], None]
    plan: Plan = Plan()
    answered: Callable[[Page], None] = lambda _: None
    left: Callable[[Load, Days], None] = lambda *_: None
    finish: Callable[[Load], None] = lambda _: None

    @property
    def day(self) -> date:
        """The last of the days; for a dataset landed day by day the only one."""
        return self.days[-1]

    def planned(self, endpoint: Endpoint, query: Mapping[str, Any]) -> Page:
        """Ask as planned."""
        page = self.gateway.ask(endpoint, query=query)
        self.answered(page)
        return page

    def carried_out(self, load: Load, pages: Iterator[Page]) -> Iterator[Page]:
        """The replies for a load; that there is nothing of it is said, and ends it too."""
        try:
            yield from pages
        except NoData as nothing:
            self.say(f"contract {load.conid}: {nothing}")
        self.finish(load)

    @property
    def account_ids(self) -> list[str]:
        """The accounts to keep, of those the login can see."""
        seen = self.gateway.account_ids()
        wished = self.scope.wished_accounts
        unseen = [one for one in wished if one not in seen]
        if unseen:
            raise Refused(
                f"IBKR_ACCOUNTS names {masked(', '.join(unseen))}, and the login sees {masked(', '.join(seen))} only. "
                "Correct the variable, or log in as who can see them."
            )
        return [one for one in seen if not wished or one in wished]

    @property
    def account_queries(self) -> list[dict[str, str]]:
        """A query per account to keep, for what is told of the selected account unless another is named.

        Where the login has one account only, nothing needs to be named.
        """
        if len(self.gateway.account_ids()) == 1:
            return [{}]
        return [{"accountId": account_id} for account_id in self.account_ids]


@dataclass(frozen=True, slots=True)
class RawPages:
    """What a check of a landing looks at: every good reply, and of those the ones a table is built from.

    `raw` and `name` tell of earlier landings.
    """

    pages: Sequence[Page]
    answers: Sequence[Page]
    day: date
    name: str
    raw: RawStore
    tables: TableStore
    calendar: TradingCalendar
    scope: Scope

    def landed_before(self) -> date | None:
        """The latest earlier day that it was landed for."""
        earlier = (one for one in reversed(self.raw.partitions(self.name)) if one < self.day.isoformat())
        return next((date.fromisoformat(one) for one in earlier if self.raw.landings(self.name, one)), None)

    def strangers(self, accounts: Iterable[Any]) -> set[str]:
        """Those that are none of the login's accounts, where these are known; None is nobody.

        For replies that are of the selected account and were asked for without naming it. The day's own list may not
        be built yet: what was asked for by name was on it.
        """
        file = self.tables.latest("accounts", "trading_day", self.day.isoformat())
        if file is None:
            return set()
        known = set(self.tables.read([file], columns=["account_id"])["account_id"])
        named = {str(page.params.get("accountId")) for page in self.answers}
        return {str(one) for one in accounts if one is not None} - known - named
