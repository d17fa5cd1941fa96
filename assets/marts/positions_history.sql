-- What each account held on each trading day, with what the contract is and its value in base currency.
--   trading_day: Trading day of the holding.
--   account_id: Account that held it.
--   conid: IBKR's contract id.
--   symbol: Symbol; of derivatives the underlying's.
--   full_name: Symbol with the terms of a derivative.
--   name: Name of the issuer, fund or pair.
--   asset_class: STK (ETFs too), OPT, FUT, BOND, CASH, ...
--   kind: COMMON, ETF, ...
--   sector: Sector; null where there is none.
--   country: Country of the listing.
--   quantity: Signed number of units; short is negative.
--   price: Last price, in `currency`; of bonds in percent of par.
--   currency: Currency of price and market value.
--   market_value: Quantity x price x multiplier, in `currency`.
--   exchange_rate: Base currency per unit of `currency`, by that day's ledger.
--   market_value_base: Market value in the account's base currency; null where the ledger has no rate.
--   unrealized_pnl: P&L of what is held, in `currency`.
--   quantity_change: Quantity less the quantity of the trading day before on which the account was kept.
--   observed_at: When the gateway said so, UTC.
with days as (
    select account_id, trading_day, lag(trading_day) over (partition by account_id order by trading_day) as day_before
    from (select distinct account_id, trading_day from ledger)
)
select
    p.trading_day,
    p.account_id,
    p.conid,
    i.symbol,
    coalesce(i.full_name, p.description) as full_name,
    i.name,
    p.asset_class,
    i.kind,
    i.sector,
    i.country,
    p.quantity,
    p.price,
    p.currency,
    p.market_value,
    l.exchange_rate,
    p.market_value * l.exchange_rate as market_value_base,
    p.unrealized_pnl,
    case when days.day_before is not null then p.quantity - coalesce(before.quantity, 0) end as quantity_change,
    p.observed_at
from positions p
left join instruments i on i.trading_day = p.trading_day and i.conid = p.conid
left join ledger l
    on l.trading_day = p.trading_day and l.account_id = p.account_id and l.currency = p.currency
left join days on days.trading_day = p.trading_day and days.account_id = p.account_id
left join positions before
    on before.account_id = p.account_id and before.conid = p.conid and before.trading_day = days.day_before
order by p.trading_day, p.account_id, p.conid
