from typing import Any

import pytest

from resources.envelope import Request
from tests.assets.bent import Bent

AMOUNTS = ("cashbalance", "netliquidationvalue")


def test_base_is_a_row_of_its_own_beside_the_currencies(bent: Bent) -> None:
    rows = bent.build("ledger").rows("ledger").set_index("currency")
    assert "BASE" in rows.index
    assert len(rows) > 1
    assert rows.loc["BASE", "exchange_rate"] == 1.0


def test_an_exchange_rate_of_int_1_is_a_number_and_the_timestamp_is_in_seconds(bent: Bent) -> None:
    def as_seen_live(_: Request, reply: dict[str, Any]) -> Any:
        reply["BASE"] |= {"exchangerate": 1, "timestamp": 1701198108, "endofbundle": 1}
        return reply

    base = bent.bend("ledger", as_seen_live).build("ledger").rows("ledger").set_index("currency").loc["BASE"]
    assert base["exchange_rate"] == 1.0
    assert base["reckoned_at"].isoformat() == "2023-11-28T19:01:48+00:00"
    assert base["extra"] is None


def test_currencies_that_add_up_to_base_pass(bent: Bent) -> None:
    assert bent.build("ledger").verdict("currencies_add_up_to_base").has_passed


@pytest.mark.parametrize("wire", AMOUNTS)
def test_a_currency_that_is_off_fails(bent: Bent, wire: str) -> None:
    def off(_: Request, reply: dict[str, Any]) -> Any:
        reply["USD"][wire] += 250.0
        return reply

    verdict = bent.bend("ledger", off).build("ledger").verdict("currencies_add_up_to_base")
    assert verdict.count == 1


@pytest.mark.parametrize(("rate", "digits"), [(0.006704912, 7), (0.00067852, 7), (1.15424711, 4)])
def test_a_rate_that_is_told_with_few_digits_is_no_contradiction(bent: Bent, rate: float, digits: int) -> None:
    def foreign(_: Request, reply: dict[str, Any]) -> Any:
        zero = {name: 0.0 if isinstance(value, float) else value for name, value in reply["USD"].items()}
        held = dict.fromkeys(AMOUNTS, round(100_000 / rate))
        own: dict[str, Any] = {**zero, **held, "currency": "JPY", "exchangerate": round(rate, digits)}
        told = {name: round(reply["USD"][name] + own[name] * rate, 2) for name in AMOUNTS}
        return {"BASE": {**reply["BASE"], **told}, "USD": reply["USD"], "JPY": own}

    verdict = bent.bend("ledger", foreign).build("ledger").verdict("currencies_add_up_to_base")
    assert verdict.has_passed, verdict.offenders


def test_a_ledger_without_base_fails(bent: Bent) -> None:
    def without(_: Request, reply: dict[str, Any]) -> Any:
        del reply["BASE"]
        return reply

    assert not bent.bend("ledger", without).build("ledger").verdict("currencies_add_up_to_base").has_passed
