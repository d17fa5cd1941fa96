"""Wire shapes of an account's state as the trading side tells it: one summary, its four parts, the day's profit.

Belongs here: names and formats. Does not: what each figure is worth (`summary.py`, `balances.py`).

The parts are texts in whole units: "1,234 USD" by segment, "1,234" by currency. Their names are cut short by
whatever wrote them first, and not all segments have all of them.
"""

from collections.abc import Mapping
from typing import Any

from resources.simulator.accounts.valuation import Valuation
from resources.simulator.shapes.balances import ledger
from resources.simulator.shapes.figures import grouped
from resources.simulator.shapes.summary import amounts, buying_power

NEXT_CHANGE = "@ 16:00:00"
NOTHING = (0.0, 0.0)
FUNDS = {
    "current_available": "availablefunds",
    "current_excess": "excessliquidity",
    "Prdctd Pst-xpry Excss": "postexpirationexcess",
    "Lk Ahd Avlbl Fnds": "lookaheadavailablefunds",
    "Lk Ahd Excss Lqdty": "lookaheadexcessliquidity",
    "overnight_available": "availablefunds",
    "overnight_excess": "excessliquidity",
}
BALANCES = {
    "net_liquidation": "netliquidation",
    "equity_with_loan": "equitywithloanvalue",
    "cash": "totalcashvalue",
    "MTD Interest": "accruedcash",
    "Pndng Dbt Crd Chrgs": "totaldebitcardpendingcharges",
}
OF_SECURITIES = {
    "Prvs Dy Eqty Wth Ln Vl": "previousdayequitywithloanvalue",
    "Rg T Eqty Wth Ln Vl": "regtequity",
    "sec_gross_pos_val": "grosspositionvalue",
}
MARGINS = {
    "current_initial": "initmarginreq",
    "Prdctd Pst-xpry Mrgn @ Opn": "postexpirationmargin",
    "current_maint": "maintmarginreq",
    "projected_liquidity_inital_margin": "lookaheadinitmarginreq",
    "Prjctd Lk Ahd Mntnnc Mrgn": "lookaheadmaintmarginreq",
    "projected_overnight_initial_margin": "initmarginreq",
    "Prjctd Ovrnght Mntnnc Mrgn": "maintmarginreq",
}
MARKET_VALUES = {
    "total_cash": "cashbalance",
    "settled_cash": "settledcash",
    "MTD Interest": "interest",
    "stock": "stockmarketvalue",
    "options": "stockoptionmarketvalue",
    "futures": "futuremarketvalue",
    "future_options": "futureoptionmarketvalue",
    "funds": "funds",
    "dividends_receivable": "dividends",
    "mutual_funds": "",
    "money_market": "moneyfunds",
    "bonds": "corporatebondsmarketvalue",
    "Govt Bonds": "tbondsmarketvalue",
    "t_bills": "tbillsmarketvalue",
    "warrants": "warrantsmarketvalue",
    "issuer_option": "issueroptionsmarketvalue",
    "commodity": "commoditymarketvalue",
    "Notional CFD": "",
    "cfd": "",
    "Cryptocurrency": "cryptocurrencyvalue",
    "net_liquidation": "netliquidationvalue",
    "unrealized_pnl": "unrealizedpnl",
    "realized_pnl": "realizedpnl",
}
Segments = dict[str, dict[str, str]]


def overview(valuation: Valuation) -> dict[str, object]:
    """The account in whole units of its base currency; `balance` is what is available."""
    total = {tag: float(round(sum(parts))) for tag, parts in amounts(valuation).items()}
    return {
        "accountType": "",
        "status": "",
        "balance": total["availablefunds"],
        "SMA": 0.0,
        "buyingPower": float(round(buying_power(valuation))),
        "availableFunds": total["availablefunds"],
        "excessLiquidity": total["excessliquidity"],
        "netLiquidationValue": float(round(valuation.net)),
        "equityWithLoanValue": total["equitywithloanvalue"],
        "regTLoan": 0.0,
        "securitiesGVP": total["grosspositionvalue"],
        "totalCashValue": total["totalcashvalue"],
        "accruedInterest": total["accruedcash"],
        "regTMargin": 0.0,
        "initialMargin": total["initmarginreq"],
        "maintenanceMargin": total["maintmarginreq"],
        "cashBalances": [
            {
                "currency": name,
                "balance": float(round(row["cashbalance"])),
                "settledCash": float(round(row["settledcash"])),
            }
            for name, row in _by_currency(valuation).items()
        ],
    }


def available_funds(valuation: Valuation) -> Segments:
    """What can still be used, by segment."""
    segments = _segments(valuation, FUNDS)
    gross, net = (amounts(valuation)[tag][0] for tag in ("grosspositionvalue", "netliquidation"))
    none = _money(0.0, valuation)
    segments["total"] |= {"SMA": none, "buying_power": _money(buying_power(valuation), valuation)}
    segments["total"] |= {"leverage": "n/a", "Lk Ahd Nxt Chng": NEXT_CHANGE}
    segments["Crypto at Paxos"]["leverage"] = "0.00"
    segments["securities"] |= {"SMA": none, "leverage": f"{gross / net if net > 0 else 0.0:.2f}"}
    return segments


def balances(valuation: Valuation) -> Segments:
    """Equity and cash, by segment."""
    segments, securities = _segments(valuation, BALANCES), _segments(valuation, OF_SECURITIES)
    for name in ("total", "securities"):
        segments[name] |= securities[name]
    segments["total"]["Nt Lqdtn Uncrtnty"] = _money(0.0, valuation)
    return segments


def margins(valuation: Valuation) -> Segments:
    """What positions ask for, by segment."""
    segments = _segments(valuation, MARGINS)
    for name in ("total", "securities"):
        segments[name]["RegT Margin"] = _money(0.0, valuation)
    return segments


def market_values(valuation: Valuation) -> Segments:
    """The ledger once more, by currency and in all."""
    return {
        name: {
            **{field: grouped(row.get(key, 0.0) + 0.0) for field, key in MARKET_VALUES.items()},
            "Exchange Rate": "1.00" if row["exchangerate"] == 1 else f"{row['exchangerate']:.6f}",
        }
        for name, row in _by_currency(valuation).items()
    }


def profit(gained: Mapping[str, tuple[Valuation, float]]) -> dict[str, object]:
    """The day's profit of each account, and what stands behind it."""
    return {"upnl": {f"{name}.Core": _row(valuation, gain) for name, (valuation, gain) in gained.items()}}


def _row(valuation: Valuation, gain: float) -> dict[str, object]:
    """`mv` is what the positions are worth, whatever the reference calls it."""
    found = amounts(valuation)
    worth = sum(found["netliquidation"]) - sum(found["totalcashvalue"])
    return {
        "rowType": 1,
        "dpl": round(gain, 2),
        "nl": round(valuation.net, 2),
        "upl": round(_by_currency(valuation)[_total(valuation)]["unrealizedpnl"], 2),
        "el": round(sum(found["excessliquidity"]), 2),
        "mv": round(worth, 2),
    }


def _segments(valuation: Valuation, names: Mapping[str, str]) -> Segments:
    found = amounts(valuation)
    parts = {name: found[tag] for name, tag in names.items()}
    return {
        "total": {name: _money(sum(part), valuation) for name, part in parts.items()},
        "Crypto at Paxos": {name: _money(0.0, valuation) for name in parts},
        "commodities": {name: _money(part[1], valuation) for name, part in parts.items()},
        "securities": {name: _money(part[0], valuation) for name, part in parts.items()},
    }


def _by_currency(valuation: Valuation) -> dict[str, dict[str, Any]]:
    rows: dict[str, Any] = dict(ledger(valuation))
    base = rows.pop("BASE")
    return {**rows, _total(valuation): base}


def _total(valuation: Valuation) -> str:
    return f"Total (in {valuation.account.base})"


def _money(amount: float, valuation: Valuation) -> str:
    return f"{grouped(round(amount) + 0.0)} {valuation.account.base}"
