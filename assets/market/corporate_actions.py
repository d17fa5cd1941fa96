"""Corporate actions and restatements: what bars that were read again say otherwise than before.

The gateway adjusts all bars before a split once its day has come, and corrects single bars, both without a word. So
each landing of bars is a vintage: where it reads bars again that are held, they are compared with what was known of
them, in the order of observation. Equal: nothing. A constant ratio of daily bars up to a day, prices by `1/factor` and
volumes by `factor`: a corporate action. Anything else: a restatement, of bars of any size below a week. Neither changes
the bars, which stay as they were observed first; `bars_adjusted` puts the three together, as of any date.

Findings are kept in raw like replies, with what they rest on: so a rebuild has the rows that the nights had. Landed
again for all its days in order, they come out the same, since only what was observed before a vintage is looked at.
Replies that the table took nothing from (a check said no to them, or they told nothing new) are not compared.

A split is dated by the first bar that is not adjusted. After a week that was missed this is the first day of that week:
all bars of it were first observed in new shares, so the day makes no difference to any price.
"""

from collections.abc import Iterator
from datetime import date, datetime

from assets.kit.bars.compared import COMPARED, Comparing, Findings
from assets.kit.bars.windows import DAY, SIZES
from assets.kit.declare import check, landing, table
from assets.kit.parse import epoch_ms, instant
from assets.kit.records import Records
from assets.kit.schema import Row, column
from assets.kit.shape import Block, keyed, listed, rows
from resources.gateway.endpoint import Page

PRICE = "instrument's currency"


class CorporateAction(Row):
    """A constant ratio by which all bars of a contract before a day were adjusted."""

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    first_unadjusted_day: date = column("first_unadjusted_day", "First day whose bar is not adjusted: the ex-day.")
    factor: float = column("factor", "Units that one unit became: 2 of a 2 for 1 split.", gt=0, unit="ratio")
    last_adjusted_day: date = column("last_adjusted_day", "Last day whose bar was seen to be adjusted.")
    agreed_bars: int = column("agreed_bars", "How many bars that were read again have the factor.", gt=0)
    compared_bars: int = column("compared_bars", "How many were read again up to the last adjusted day.", gt=0)
    before_observed_at: datetime = column("before_at", "When the last of them was known otherwise.", parse=instant)
    before_raw_sha256: str = column("before_sha256", "SHA-256 of the reply that told it then.")
    after_raw_sha256: str = column("after_sha256", "SHA-256 of the reply in which it was adjusted.")
    after_raw_file: str = column("after_file", "Landing that holds the adjusted reply.")


class Restatement(Row):
    """A bar that came again with other values than were known, no corporate action explaining it."""

    conid: int = column("conid", "IBKR's contract id.", gt=0)
    bar_size: str = column("bar_size", "Its size, as `[bars] sizes` names it: 1d, 1h.")
    bar_start: datetime = column("t", "When the bar begins; a daily one with its session.", parse=epoch_ms)
    bar_day: date = column("day", "Trading day of the bar.")
    open: float = column("open", "First price, as it came.", unit=PRICE)
    high: float = column("high", "Highest price, as it came.", unit=PRICE)
    low: float = column("low", "Lowest price, as it came.", unit=PRICE)
    close: float = column("close", "Last price, as it came.", unit=PRICE)
    volume: float = column("volume", "Volume, as it came.", ge=0, unit="units")
    open_before: float = column("open_before", "First price, as it was known, in the shares of now.", unit=PRICE)
    high_before: float = column("high_before", "Highest price, as it was known, in the shares of now.", unit=PRICE)
    low_before: float = column("low_before", "Lowest price, as it was known, in the shares of now.", unit=PRICE)
    close_before: float = column("close_before", "Last price, as it was known, in the shares of now.", unit=PRICE)
    volume_before: float = column("volume_before", "Volume, as it was known, in the shares of now.", unit="units")
    before_observed_at: datetime = column("before_at", "When that was observed.", parse=instant)
    before_raw_sha256: str = column("before_sha256", "SHA-256 of the reply that told it.")
    after_raw_sha256: str = column("after_sha256", "SHA-256 of the reply that tells it now.")


@landing(COMPARED, time="local", needs=["bars_1d", "bars_*"], is_ranged=True)
def raw_corporate_actions(records: Records) -> Iterator[Page]:
    """What each vintage of bars says otherwise than was known before it."""
    acted: list[Findings] = []
    for size in (DAY, *(one for one in SIZES.values() if one.is_intraday)):
        for path, found in Comparing(records, size, actions=acted).landings():
            acted.append(found)
            content = {"actions": found.actions, "restatements": found.restatements}
            yield records.page(COMPARED, content, at=found.at, vintage=path.name, bar_size=size.name)


@table(CorporateAction, raw=raw_corporate_actions, key=["conid", "first_unadjusted_day"], shrinks="freely")
def corporate_actions(page: Page) -> Block:
    """Splits and the like: by which factor all bars before which day were adjusted, and what shows it."""
    return rows(listed(keyed(page.json)["actions"]))


@table(Restatement, raw=raw_corporate_actions, key=["conid", "bar_size", "bar_start", "observed_at"], shrinks="freely")
def bar_restatements(page: Page) -> Block:
    """Bars that were told otherwise later, as they were known and as they came."""
    return rows(listed(keyed(page.json)["restatements"]), bar_size=page.params.get("bar_size", DAY.name))


@check(corporate_actions, needs=["bars_1d"], is_blocking=False)
def no_price_jumps_by_half() -> str:
    """No close is less than half or more than twice the one before, once recorded corporate actions are taken out.

    Does not block: a crash, a split that was not seen and a wrong price look alike from here; each is listed.
    """
    return """
        with adjusted as (
            select b.conid, b.bar_start, b.trading_day, b.close / coalesce(product(a.factor), 1) as close
            from bars_1d b
            left join corporate_actions_history a
                on a.conid = b.conid and b.trading_day < a.first_unadjusted_day and b.observed_at < a.observed_at
            group by b.conid, b.bar_start, b.trading_day, b.close
        ),
        steps as (
            select conid, trading_day, close, lag(close) over (partition by conid order by bar_start) as close_before
            from adjusted
        )
        select * from steps where close_before > 0 and (close / close_before < 0.5 or close / close_before > 2)
        order by conid, trading_day
    """


@check(bar_restatements, is_blocking=False)
def no_price_was_restated() -> str:
    """No price of a bar came otherwise than it was known; volumes alone may, late prints are added to them.

    Does not block: both values are kept, and the owner must see it; the bars stay as they were.
    """
    return """
        select
            conid, bar_size, bar_day, bar_start,
            open_before, open, high_before, high, low_before, low, close_before, close
        from bar_restatements
        where (open, high, low, close) <> (open_before, high_before, low_before, close_before)
        order by conid, bar_size, bar_start
    """
