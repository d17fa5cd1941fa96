"""Ledger: cash, market values and P&L per account and currency, once a trading day.

The reply is an object keyed by currency. Its `BASE` entry is the total of the others converted to the
account's base currency: it is kept as a row of its own and must never be summed with them.
"""

from collections.abc import Iterator
from datetime import datetime

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.parse import epoch_s
from assets.kit.schema import Row, column
from assets.kit.shape import Block, echoed, keyed, rows
from assets.kit.tolerance import Tolerance
from resources.gateway.endpoint import Endpoint, Page

LEDGER = Endpoint("/portfolio/{account_id}/ledger")
AMOUNT = "amount in `currency`; BASE is the account's base currency"


class Balance(Row):
    """One currency of one account; `BASE` is the converted total."""

    known = frozenset({"key", "secondkey", "sessionid", "severity", "endofbundle", "acctcode"})

    account_id: str = column("account_id", "The account.")
    currency: str = column("currency", "Currency of this row's amounts, or BASE.", pattern="^[A-Z]{3,4}$")
    exchange_rate: float = column("exchangerate", "Base currency per unit of `currency`.", unit="rate", gt=0)
    net_liquidation: float = column("netliquidationvalue", "What would be left if all were closed.", unit=AMOUNT)
    cash: float = column("cashbalance", "Cash, trades included when done.", unit=AMOUNT)
    settled_cash: float | None = column("settledcash", "Cash, trades included when settled.", unit=AMOUNT)
    cash_fx_segment: float | None = column("cashbalancefxsegment", "Cash of the FX segment.", unit=AMOUNT)
    stock_value: float | None = column("stockmarketvalue", "Market value of stocks and ETFs.", unit=AMOUNT)
    option_value: float | None = column("stockoptionmarketvalue", "Market value of stock options.", unit=AMOUNT)
    future_value: float | None = column("futuremarketvalue", "Market value of futures.", unit=AMOUNT)
    future_option_value: float | None = column("futureoptionmarketvalue", "Value of options on futures.", unit=AMOUNT)
    future_pnl: float | None = column("futuresonlypnl", "Futures' P&L not yet swept into cash.", unit=AMOUNT)
    bond_value: float | None = column("corporatebondsmarketvalue", "Market value of corporate bonds.", unit=AMOUNT)
    treasury_bond_value: float | None = column("tbondsmarketvalue", "Market value of treasury bonds.", unit=AMOUNT)
    treasury_bill_value: float | None = column("tbillsmarketvalue", "Market value of treasury bills.", unit=AMOUNT)
    fund_value: float | None = column("funds", "Market value of funds.", unit=AMOUNT)
    money_fund_value: float | None = column("moneyfunds", "Market value of money funds.", unit=AMOUNT)
    warrant_value: float | None = column("warrantsmarketvalue", "Market value of warrants.", unit=AMOUNT)
    issuer_option_value: float | None = column("issueroptionsmarketvalue", "Value of issuer options.", unit=AMOUNT)
    commodity_value: float | None = column("commoditymarketvalue", "Market value of commodities.", unit=AMOUNT)
    crypto_value: float | None = column("cryptocurrencyvalue", "Market value of crypto-currencies.", unit=AMOUNT)
    interest: float | None = column("interest", "Accrued interest.", unit=AMOUNT)
    dividends: float | None = column("dividends", "Accrued dividends.", unit=AMOUNT)
    unrealized_pnl: float | None = column("unrealizedpnl", "P&L of what is held.", unit=AMOUNT)
    realized_pnl: float | None = column("realizedpnl", "P&L of what was closed.", unit=AMOUNT)
    reckoned_at: datetime | None = column("timestamp", "When IBKR reckoned the entry.", parse=epoch_s)


@landing(LEDGER, time="perishable")
def raw_ledger(fetch: Fetch) -> Iterator[Page]:
    """Every account's ledger, as the gateway sent it."""
    for account_id in fetch.account_ids:
        yield from fetch.gateway.pages(LEDGER, account_id=account_id)


@table(Balance, raw=raw_ledger, key=["account_id", "currency"])
def ledger(page: Page) -> Block:
    """Cash, values and P&L at the close."""
    account_id = page.params["account_id"]
    block = rows(keyed(page.json).values(), account_id=account_id)
    echoed("account", (one.get("acctcode") for one in block.records), [account_id])
    return block


@check(ledger, tolerance=Tolerance(amount=0.05, share=1e-4))
def currencies_add_up_to_base() -> str:
    """Net liquidation and cash of all currencies, converted, are those of BASE, to the cents and the rate's digits.

    What is tolerated is a share of what was converted: of a won a rate of seven decimals has four digits. One currency
    alone has to agree to the cents.
    """
    return """
        with converted as (
            select trading_day, account_id, amount,
                   sum(value * exchange_rate) filter (currency <> 'BASE') as currencies,
                   sum(value) filter (currency = 'BASE') as base,
                   coalesce(sum(abs(value * exchange_rate)) filter (exchange_rate <> 1), 0) as size
            from (unpivot (select trading_day, account_id, currency, exchange_rate, net_liquidation, cash from ledger)
                  on net_liquidation, cash into name amount value value)
            group by all
        )
        select trading_day, account_id, amount, currencies, base, currencies - base as residual, size from converted
    """
