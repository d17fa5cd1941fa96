"""Snapshot fields about the contract and its owner: what it is, pays, can be lent, and how it stands in the account.

Belongs here: one function per field. Does not: prices (`price_fields.py`).

COMPUTED fields come from another service than prices and arrive later. All values are text but 6008 and 6457.
"""

from collections.abc import Callable, Mapping

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.contracts.shares import outstanding
from resources.simulator.market.greeks import volatility
from resources.simulator.shapes import figures
from resources.simulator.shapes.positions import description
from resources.simulator.shapes.sight import Sight

Field = Callable[[Sight], str | int | None]
PAYMENTS_A_YEAR = 4
HARD_ONE_IN = 20


def _capital(sight: Sight) -> str | None:
    if sight.instrument.asset_class != "STK" or sight.instrument.kind == "ETF":
        return None
    return figures.short(sight.quote.last * outstanding(sight.seed, sight.instrument))


def _shortable(sight: Sight) -> str | None:
    if not sight.is_american_share:
        return None
    return "Difficult" if _is_hard(sight) else "Shortable"


def _lendable(sight: Sight) -> str | None:
    if not sight.is_american_share:
        return None
    return figures.grouped(sight.drawn("lendable", 900 if _is_hard(sight) else 20_000_000, moving=False) + 100)


def _fee(sight: Sight) -> str | None:
    if not sight.is_american_share:
        return None
    return f"{5 + sight.drawn('fee', 4000, moving=False) / 100:.2f}%" if _is_hard(sight) else "0.25%"


def _is_hard(sight: Sight) -> bool:
    return sight.drawn("hard", HARD_ONE_IN, moving=False) == 0


def _expected(sight: Sight) -> str | None:
    return f"{sight.dividends[-1].amount * PAYMENTS_A_YEAR:.2f}" if sight.dividends else None


def _paid(sight: Sight) -> str | None:
    return f"{sum(dividend.amount for dividend in sight.dividends):.2f}" if sight.dividends else None


def _yield(sight: Sight) -> str | None:
    if not sight.dividends:
        return None
    return f"{sight.dividends[-1].amount * PAYMENTS_A_YEAR / sight.quote.last * 100:.2f}%"


def _volatility(sight: Sight) -> str | None:
    """Of the options on a contract; some are written with a percent sign."""
    found = volatility(sight.instrument)
    return None if found is None else figures.percent(found, sign=sight.instrument.conid % 2 == 0)


def _history_volatility(sight: Sight) -> str | None:
    return figures.percent(sight.year.volatility, sign=True) if sight.year and sight.is_subscribed else None


def _open_interest(sight: Sight) -> str | None:
    if not sight.instrument.is_derivative:
        return None
    return figures.grouped(50 + sight.drawn(f"interest:{sight.day}", 25_000, moving=False))


def _greek(name: str, digits: int) -> Field:
    def field(sight: Sight) -> str | None:
        return f"{getattr(sight.greeks, name):.{digits}f}" if sight.greeks else None

    return field


def _amount(name: str) -> Field:
    def field(sight: Sight) -> str | None:
        return None if sight.held is None else f"{getattr(sight.held, name) / 100:.2f}"

    return field


def _average(sight: Sight) -> str | None:
    held = sight.held
    return f"{held.cost / 100 / held.quantity / held.contract.multiplier:.4f}" if held else None


def _gain(sight: Sight) -> str | None:
    held = sight.held
    return f"{held.unrealized / abs(held.cost) * 100:.2f}%" if held and held.cost else None


def _text(value: Callable[[Instrument], str | None]) -> Field:
    return lambda sight: value(sight.instrument) or None


CONTRACT: Mapping[str, Field] = {
    "55": _text(lambda contract: contract.symbol),
    "6004": lambda sight: sight.exchange,
    "6008": lambda sight: sight.instrument.conid,
    "6070": _text(lambda contract: contract.asset_class),
    "6457": lambda sight: sight.instrument.underlying or None,
    "7051": _text(lambda contract: contract.name),
    "7094": lambda sight: f"{sight.instrument.conid}@{sight.exchange}",
    "7184": lambda _: "1",
    "7219": _text(description),
    "7221": _text(lambda contract: contract.exchange),
    "7280": _text(lambda contract: contract.group),
    "7281": _text(lambda contract: contract.sector_group),
    "7636": _lendable,
    "7637": _fee,
    "7644": _shortable,
    "7671": _expected,
    "7672": _paid,
    "7286": lambda sight: f"{sight.dividends[-1].amount:.4f}" if sight.dividends else None,
    "7288": lambda sight: f"{sight.dividends[-1].day:%Y%m%d}" if sight.dividends else None,
}
POSITION: Mapping[str, Field] = {
    "73": _amount("value"),
    "74": _average,
    "75": _amount("unrealized"),
    "76": lambda sight: f"{sight.held.quantity:,g}" if sight.held else None,
    "77": lambda sight: figures.grouped(sight.held.unrealized / 100) if sight.held else None,
    "79": _amount("realized"),
    "80": _gain,
}
PRICED: Mapping[str, Field] = {  # these say what a contract costs, and need a subscription
    "7287": _yield,
    "7289": _capital,
}
COMPUTED: Mapping[str, Field] = {
    "7087": _history_volatility,
    "7283": _volatility,
    "7308": _greek("delta", 3),
    "7309": _greek("gamma", 4),
    "7310": _greek("theta", 3),
    "7311": _greek("vega", 3),
    "7633": lambda sight: _volatility(sight) if sight.instrument.asset_class == "OPT" else None,
    "7638": _open_interest,
}
