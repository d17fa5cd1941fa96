"""Wire shapes of money: ledger, summary and allocation of one valuation.

Belongs here: pure functions from a `Valuation` to JSON values. Does not: valuing (`accounts/valuation.py`).

Amounts in base currency are not rounded, so that converting and adding up gives what is shown.
Futures are left out of the allocation, as recorded.
"""

from collections.abc import Callable, Iterable, Sequence

from resources.simulator.accounts.valuation import Held, Valuation
from resources.simulator.contracts.instruments import Instrument

OTHERS = "Others"
Amounts = dict[str, float]
NO_ALLOCATION: dict[str, object] = {family: {"long": {}, "short": {}} for family in ("assetClass", "sector", "group")}
MARKET_VALUES = {
    "stockmarketvalue": lambda contract: contract.asset_class in {"STK", "CFD"},  # there is no class for differences
    "stockoptionmarketvalue": lambda contract: contract.asset_class == "OPT",
    "corporatebondsmarketvalue": lambda contract: contract.asset_class == "BOND" and contract.kind != "GOVT",
    "tbondsmarketvalue": lambda contract: contract.asset_class == "BOND" and contract.kind == "GOVT",
}
NOTHING = (
    "futuremarketvalue",
    "futureoptionmarketvalue",
    "interest",
    "dividends",
    "funds",
    "moneyfunds",
    "tbillsmarketvalue",
    "warrantsmarketvalue",
    "issueroptionsmarketvalue",
    "commoditymarketvalue",
    "cryptocurrencyvalue",
    "cashbalancefxsegment",
)


def ledger(valuation: Valuation) -> dict[str, object]:
    """One object per currency and their sum in base, which is not one more currency."""
    amounts = {currency: _amounts(valuation, currency) for currency in sorted(valuation.rates)}
    rates = valuation.rates
    base = {name: sum(amounts[currency][name] * rates[currency] for currency in amounts) for name in _names(amounts)}
    rows = {currency: _line(valuation, currency, rates[currency], row) for currency, row in amounts.items()}
    rows[valuation.account.base]["endofbundle"] = 1
    return {**rows, "BASE": _line(valuation, "BASE", 1.0, base)}


def allocation(valuations: Sequence[Valuation], rates: Sequence[float]) -> dict[str, object]:
    """Values in base by class, sector and group; `rates` bring each account into the base of the first."""
    classes: list[tuple[str, float]] = []
    sectors: list[tuple[str, float]] = []
    groups: list[tuple[str, float]] = []
    for valuation, rate in zip(valuations, rates, strict=True):
        classes += _by(valuation, rate, lambda contract: contract.asset_class)
        sectors += _by(valuation, rate, lambda contract: contract.sector)
        groups += _by(valuation, rate, lambda contract: contract.group)
    cash = sum(cash_in_base(valuation) * rate for valuation, rate in zip(valuations, rates, strict=True))
    return {"assetClass": _sides([*classes, ("CASH", cash)]), "sector": _sides(sectors), "group": _sides(groups)}


def cash_in_base(valuation: Valuation) -> float:
    """All currencies in base."""
    return sum(valuation.cash[currency] / 100 * rate for currency, rate in sorted(valuation.rates.items()))


def _by(valuation: Valuation, rate: float, name: Callable[[Instrument], str | None]) -> list[tuple[str, float]]:
    return [
        (name(row.contract) or OTHERS, row.value / 100 * valuation.rates[row.contract.currency] * rate)
        for row in valuation.rows
        if row.contract.asset_class != "FUT"
    ]


def _sides(parts: Iterable[tuple[str, float]]) -> dict[str, Amounts]:
    sides: dict[str, Amounts] = {"long": {}, "short": {}}
    for name, amount in parts:
        side = sides["long" if amount >= 0 else "short"]
        side[name] = side.get(name, 0.0) + amount
    return sides


def _amounts(valuation: Valuation, currency: str) -> Amounts:
    rows = [row for row in valuation.rows if row.contract.currency == currency]
    return {
        "cashbalance": valuation.cash[currency] / 100,
        "settledcash": valuation.settled[currency] / 100,
        "netliquidationvalue": (valuation.cash[currency] + valuation.worth(currency)) / 100,
        **{name: _sum(rows, belongs) for name, belongs in MARKET_VALUES.items()},
        "futuresonlypnl": valuation.unswept[currency] / 100,
        "unrealizedpnl": sum(row.unrealized for row in rows) / 100,
        "realizedpnl": valuation.realized[currency] / 100,
        **dict.fromkeys(NOTHING, 0.0),
    }


def _sum(rows: Sequence[Held], belongs: Callable[[Instrument], bool]) -> float:
    return sum(row.value for row in rows if belongs(row.contract)) / 100


def _names(amounts: dict[str, Amounts]) -> Iterable[str]:
    return next(iter(amounts.values()))


def _line(valuation: Valuation, currency: str, rate: float, amounts: Amounts) -> dict[str, object]:
    return {
        "acctcode": valuation.account.account_id,
        **amounts,
        "currency": currency,
        "exchangerate": 1 if rate == 1 else rate,
        "key": "LedgerList",
        "secondkey": currency,
        "sessionid": 1,
        "severity": 0,
        "timestamp": int(valuation.at.timestamp()),
    }
