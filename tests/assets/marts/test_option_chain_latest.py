from datetime import date
from typing import Any

from tests.assets.marts.made import mart

MON, TUE = (date(2026, 11, day) for day in (16, 17))
DECEMBER = date(2026, 12, 18)


def _listed(day: date, conid: int, **terms: Any) -> dict[str, Any]:
    told = {"trading_day": day, "conid": conid, "underlying_conid": 7, "expiry_day": DECEMBER, "put_or_call": "C"}
    return {**told, "strike": 110.0, **terms}


def _latest(columns: str, *chain: dict[str, Any], **tables: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in mart("option_chain_latest", columns, option_chains=chain, **tables)]


def test_each_underlying_has_the_chain_that_was_told_last() -> None:
    rows = _latest(
        "underlying_conid, trading_day, conid",
        _listed(MON, 71), _listed(TUE, 72), _listed(MON, 81, underlying_conid=8),
    )  # fmt: skip
    assert rows == [(7, TUE, 72), (8, MON, 81)]


def test_what_has_ended_since_is_left_out() -> None:
    ended = _listed(MON, 81, underlying_conid=8, expiry_day=MON)
    assert _latest("conid", ended, _listed(TUE, 72)) == [(72,)]


def test_options_stand_beside_the_price_and_what_is_held_of_them() -> None:
    bars = [{"conid": 7, "trading_day": TUE, "close": 100.0}, {"conid": 7, "trading_day": MON, "close": 50.0}]
    held = [{"trading_day": TUE, "account_id": name, "conid": 71, "quantity": -2.0} for name in ("U1", "U2")]
    rows = _latest(
        "conid, underlying_close, moneyness, days_left, held_quantity",
        _listed(TUE, 71), _listed(TUE, 72, put_or_call="P"),
        bars_1d=bars, positions=held,
    )  # fmt: skip
    assert rows == [(71, 100.0, 1.1, 31, -4.0), (72, 100.0, 1.1, 31, 0.0)]


def test_without_bars_of_the_underlying_its_price_is_unknown() -> None:
    assert _latest("underlying_close, moneyness", _listed(TUE, 71)) == [(None, None)]
