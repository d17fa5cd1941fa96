from collections import Counter
from datetime import date

import pytest

from resources.simulator.accounts.slots import MIX, Chooser, Slot, rows
from resources.simulator.accounts.tape import Tape
from tests.resources.simulator.conftest import TODAY
from tests.resources.simulator.toy_market import FX, ToyMarket


def choose(count: int, *, account: int = 0, size: int = 600) -> list[Slot]:
    market = ToyMarket(size=size)
    tape = Tape(market, date(2024, 12, 15), date(2027, 3, 31))
    return Chooser(market.instruments(), tape, TODAY, 7, account).slots(count, FX)


@pytest.mark.parametrize("count", [0, 1, 10, 100, 200])
def test_there_are_as_many_slots_as_asked_for(count: int) -> None:
    slots = choose(count)
    assert len(slots) == count
    assert len({slot.index for slot in slots}) == count
    assert all(slot.index < rows(count) for slot in slots)


def test_no_contract_waits_for_two_slots() -> None:
    lines = [[*slot.contracts, *([slot.stand_in] if slot.stand_in else [])] for slot in choose(150)]
    waiting = Counter(contract.conid for line in lines for contract in line)
    assert max(waiting.values()) == 1


def test_the_mix_has_derivatives_and_bonds() -> None:
    kinds = Counter(slot.contracts[0].asset_class if slot.contracts else "none" for slot in choose(200))
    assert kinds["OPT"] + kinds["none"] >= int(200 * MIX["OPT"])
    assert kinds["BOND"] >= int(200 * MIX["BOND"])


def test_the_first_account_takes_the_best_known_and_others_shuffle() -> None:
    first, second = ([slot.contracts[0].conid for slot in choose(20, account=account)] for account in (0, 1))
    assert first[-10:] == sorted(first[-10:])
    assert second != first


def test_a_market_that_is_too_small_is_held_as_far_as_it_goes() -> None:
    slots = choose(100, size=50)
    assert 0 < len(slots) < 100


def test_sizes_are_whole_lots_and_now_and_then_fractions() -> None:
    stocks = [(slot, slot.first) for slot in choose(200) if slot.first.asset_class == "STK"]
    sizes = [slot.size(contract, 80.0) for slot, contract in stocks]
    assert all(sizes)
    assert any(size < 0 for size in sizes)
    assert 0 < sum(size % 10_000 != 0 for size in sizes) < len(sizes) / 3
