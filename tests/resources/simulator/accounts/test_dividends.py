from datetime import UTC, date, datetime

from resources.simulator.accounts import dividends, terms
from resources.simulator.accounts.book import Entry, Kind
from resources.simulator.accounts.dividends import Dividend
from resources.simulator.accounts.world import World
from tests.resources.simulator.conftest import make_world

FOUR_HOURS = 4 * 3600  # who buys on the day is too late
FROM, TO = date(2025, 11, 25), date(2026, 11, 24)


def received(world: World) -> list[Entry]:
    """The dividends of a year in the first account."""
    entries = world.ledger(world.accounts[0], TO).book.entries
    since = datetime(FROM.year, FROM.month, FROM.day, tzinfo=UTC).timestamp()
    return [entry for entry in entries if entry.kind is Kind.DIVIDEND and since <= entry.at < since + 365 * 86_400]


def test_owners_receive_what_the_list_says_on_the_day_it_says() -> None:
    world = make_world(positions=60)
    ledger = world.ledger(world.accounts[0], TO)
    contracts = {each.conid: each for each in ledger.instruments}
    entries = received(world)
    assert len(entries) > 20
    paid = {(entry.conid, entry.at): 0 for entry in entries}
    for entry in entries:
        paid[entry.conid, entry.at] += entry.cash
    for (conid, at), cash in paid.items():
        day = datetime.fromtimestamp(at, UTC).date()
        [listed] = dividends.paid(world.market, contracts[conid], day, day)
        held = int(ledger.book.holdings(at - FOUR_HOURS).quantity[ledger.book.conids.index(conid)])
        assert abs(cash - terms.amount(contracts[conid], held, listed.amount)) <= 2  # several lots, each in whole cents


def test_a_share_that_pays_does_so_four_times_a_year() -> None:
    market = make_world().market
    counts = {len(dividends.paid(market, each, FROM, TO)) for each in market.instruments() if each.asset_class == "STK"}
    assert counts == {0, 4}


def test_other_contracts_pay_no_dividends() -> None:
    market = make_world().market
    others = [each for each in market.instruments() if each.asset_class != "STK"]
    assert not any(dividends.paid(market, each, FROM, TO) for each in others)


def test_a_payment_is_known_when_it_has_arrived() -> None:
    payment = Dividend(date(2026, 9, 15), 0.5)
    assert not dividends.known(payment, datetime(2026, 9, 15, 15, 59, tzinfo=UTC))
    assert dividends.known(payment, datetime(2026, 9, 15, 16, 0, tzinfo=UTC))
