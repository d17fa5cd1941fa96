from collections import defaultdict

import numpy as np

from resources.simulator.accounts.book import Kind
from resources.simulator.accounts.tape import Tape
from resources.simulator.accounts.treasury import evenings
from tests.resources.simulator.conftest import TODAY, make_world


def test_a_conversion_has_two_legs_of_the_same_worth() -> None:
    world = make_world(positions=60)
    legs = defaultdict(list)
    for entry in world.ledger(world.accounts[0], TODAY).book.entries:
        if entry.kind is Kind.CONVERSION:
            legs[entry.at].append(entry)
    assert legs
    for pair in legs.values():
        assert len(pair) % 2 == 0
        assert sum(entry.cash > 0 for entry in pair) == len(pair) / 2


def test_foreign_overdrafts_are_bought_back_within_a_month() -> None:
    world = make_world(positions=60)
    ledger = world.ledger(world.accounts[0], TODAY)
    first_of_months = evenings([day.toordinal() for day in (world.inception, TODAY.replace(day=2))])
    for currency in ledger.book.currencies:
        assert ledger.book.cash(currency, first_of_months)[-1] >= 0


def test_futures_move_exactly_what_their_closes_move() -> None:
    """Bought once and held: the variations add up to the last close less the price paid."""
    world = make_world(positions=158)
    ledger = world.ledger(world.accounts[0], TODAY)
    futures = {contract.conid: contract for contract in ledger.instruments if contract.asset_class == "FUT"}
    assert futures
    for conid, future in futures.items():
        own = [entry for entry in ledger.book.entries if entry.conid == conid]
        swept = sum(entry.cash for entry in own if entry.kind is Kind.VARIATION)
        track = ledger.tape.track(future)
        quantity, turnover = ledger.book.path(conid, evenings(track.days.tolist()))
        expected = (quantity[-1] * track.close[-1] - turnover[-1]) / 10_000 * future.multiplier * 100
        assert abs(swept - expected) <= len(track.days)


def test_deposits_come_in_hundreds_and_some_money_leaves() -> None:
    world = make_world(positions=10)
    moved = [entry.cash for entry in world.ledger(world.accounts[0], TODAY).book.entries if entry.kind is Kind.TRANSFER]
    assert moved[0] > 0
    assert all(cash % 5_000 == 0 for cash in moved)
    assert any(cash < 0 for cash in moved)


def test_a_future_that_is_not_held_moves_nothing() -> None:
    world = make_world(positions=0)
    ledger = world.ledger(world.accounts[0], TODAY)
    assert isinstance(ledger.tape, Tape)
    assert not [entry for entry in ledger.book.entries if entry.kind is Kind.VARIATION]
    assert np.all(ledger.book.cash("USD", evenings([TODAY.toordinal()])) > 0)
