from datetime import UTC, date, datetime, time

from resources.simulator.accounts.book import Entry, Kind
from resources.simulator.accounts.world import Ledger, World
from resources.simulator.clock import NEW_YORK
from tests.resources.simulator.conftest import TODAY, make_world


def ledger(world: World) -> Ledger:
    return world.ledger(world.accounts[0], TODAY)


def trades(found: Ledger) -> list[Entry]:
    return [entry for entry in found.book.entries if entry.kind in {Kind.TRADE, Kind.EXPIRY}]


def local(entry: Entry) -> datetime:
    return datetime.fromtimestamp(entry.at, UTC).astimezone(NEW_YORK)


def test_orders_are_filled_on_weekday_mornings_inside_the_range_of_the_day() -> None:
    found = ledger(make_world(positions=60))
    contracts = {contract.conid: contract for contract in found.instruments}
    for entry in trades(found):
        track = found.tape.track(contracts[entry.conid])
        place = track.at_or_before(local(entry).toordinal())
        assert local(entry).isoweekday() <= 5
        assert track.low[place] <= entry.price <= track.high[place]
        assert time(9, 45) <= local(entry).time() <= time(16)


def test_options_and_futures_close_out_at_the_last_close_for_free() -> None:
    found = ledger(make_world(positions=100))
    contracts = {contract.conid: contract for contract in found.instruments}
    expired = [entry for entry in trades(found) if entry.kind is Kind.EXPIRY]
    assert {contracts[entry.conid].asset_class for entry in expired} == {"OPT", "FUT"}
    for entry in expired:
        contract = contracts[entry.conid]
        assert contract.expiry == local(entry).date()
        assert entry.commission == 0
        assert entry.price == found.tape.close(contract, local(entry).toordinal())


def test_a_closed_place_is_filled_at_the_same_instant() -> None:
    found = ledger(make_world(positions=100))
    opened = {entry.at for entry in trades(found) if entry.kind is Kind.TRADE}
    closed = [entry.at for entry in trades(found) if entry.kind is Kind.EXPIRY]
    assert closed
    assert all(at in opened for at in closed)


def test_shorts_pay_the_dividends_that_longs_receive() -> None:
    found = ledger(make_world(positions=158))
    paid = [entry.cash > 0 for entry in found.book.entries if entry.kind is Kind.DIVIDEND]
    assert {True, False} == set(paid)
    assert sum(paid) > len(paid) / 2


def test_no_entry_is_older_than_the_account() -> None:
    world = make_world(positions=20)
    assert min(local(entry).date() for entry in ledger(world).book.entries) == world.inception == date(2025, 1, 2)
