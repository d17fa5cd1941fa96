from datetime import timedelta

import pytest

from resources.simulator.accounts import executions, marks
from resources.simulator.accounts.book import UNIT, Entry, Kind
from resources.simulator.accounts.performance import net_values
from resources.simulator.accounts.valuation import value
from resources.simulator.accounts.world import World
from tests.resources.simulator.conftest import TODAY, make_world


def bought(world: World, kind: str, change: int, *, at: int) -> list[Entry]:
    contract = next(
        c
        for c in world.market.instruments()
        if c.asset_class == kind and (c.expiry is None or c.expiry > TODAY + timedelta(days=3))
    )
    return executions.fill(contract, change * UNIT, 80.0, at=at, commission=100, order=5)


@pytest.mark.parametrize("kind", ["STK", "OPT", "FUT", "BOND"])
def test_a_fill_leaves_everything_before_it_as_it_was(kind: str) -> None:
    world, at = make_world(), int(marks.evening(TODAY).at.timestamp()) - 7200
    account = world.accounts[0]
    days = [marks.weekday_from(TODAY - timedelta(days=back)) for back in range(200, 0, -7)]
    before = net_values(world, account, days), world.ledger(account, TODAY).book.entries
    world.execute(account, bought(world, kind, 3, at=at))
    after = net_values(world, account, days), world.ledger(account, TODAY).book.entries
    assert after[0] == before[0]
    assert [entry for entry in after[1] if entry.at < at] == [entry for entry in before[1] if entry.at < at]
    assert world.executed(account)[0] in after[1]


@pytest.mark.parametrize("kind", ["STK", "OPT", "FUT", "BOND"])
@pytest.mark.parametrize("change", [3, -3])
def test_what_was_filled_pays_and_expires_beside_the_owners_own(kind: str, change: int) -> None:
    world, at = make_world(), int(marks.evening(TODAY).at.timestamp()) - 7200
    account, later = world.accounts[0], TODAY + timedelta(days=500)
    entries = bought(world, kind, change, at=at)
    conid = entries[0].conid
    own = [entry for entry in world.ledger(account, later).book.entries if entry.conid == conid and not entry.order]
    world.execute(account, entries)
    book = world.ledger(account, later).book
    moved = [entry for entry in book.entries if entry.conid == conid and entry.kind is not Kind.VARIATION]
    for entry in own:
        if entry.kind is not Kind.VARIATION:
            moved.remove(entry)
    kinds = {entry.kind for entry in moved}
    expected = {"STK": set(), "BOND": {Kind.COUPON}}.get(kind, {Kind.EXPIRY})
    assert kinds - {Kind.TRADE, Kind.DIVIDEND} == expected
    if kind in {"OPT", "FUT"}:
        assert sum(entry.quantity for entry in moved) == 0


def test_the_other_account_is_left_alone() -> None:
    world = make_world(accounts=2)
    at = int(marks.evening(TODAY).at.timestamp()) - 7200
    before = value(world, world.accounts[1], marks.evening(TODAY)).net
    world.execute(world.accounts[0], bought(world, "STK", 3, at=at))
    assert value(world, world.accounts[1], marks.evening(TODAY)).net == before
