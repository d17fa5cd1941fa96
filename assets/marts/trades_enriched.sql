-- Every execution that counts, with what was traded, for which account, and what it did to the cash.
-- An execution that was corrected is there once, as it was corrected. A contract that nobody held at a close is known
-- by what the execution and its order say of it.
--   trading_day: Trading day of the execution, by the calendar of its listing exchange.
--   executed_at: When it was executed, UTC.
--   account_id: The account.
--   account_title: Name of the account's holder.
--   execution_id: IBKR's id of the execution.
--   order_id: IBKR's id of the order; null where the gateway does not tell it.
--   order_reference: The id that the program that placed the order gave it.
--   conid: IBKR's contract id.
--   symbol: Symbol; of derivatives the underlying's.
--   full_name: Symbol with the terms of a derivative.
--   name: Name of the issuer, fund or pair.
--   asset_class: STK (ETFs too), OPT, FUT, BOND, CASH, ...
--   sector: Sector; null where there is none, or where nothing but the execution is known.
--   side: BUY or SELL.
--   quantity: Units executed; sold is negative.
--   price: Price, in `currency`; of bonds in percent of par.
--   multiplier: Units per contract; null where there is none, or where it is not known.
--   currency: Currency of the amounts; null where neither the instrument nor the order is known.
--   net_amount: Size x price x multiplier as IBKR reckons it, positive both ways, in `currency`.
--   commission: What IBKR charged, in `currency`.
--   cash_effect: What it did to the cash, commission included, in `currency`; of a future the commission alone.
--   base_currency: Currency that the account is kept in.
--   exchange_rate: Base currency per unit of `currency`, by the ledger of `rate_day`.
--   rate_day: The last trading day up to the execution's that a ledger is held of, else the first after it.
--   cash_effect_base: What it did to the cash, in `base_currency`; null where no rate is held.
--   commission_base: What IBKR charged, in `base_currency`; null where no rate is held.
--   venue: Where it was executed.
with counted as (
    select * from trades
    qualify row_number() over (partition by account_id, fill_id order by correction desc nulls last) = 1
),
defined as (
    select * from instruments qualify row_number() over (partition by conid order by trading_day desc) = 1
),
holders as (
    select account_id, arg_max(title, trading_day) as title, arg_max(base_currency, trading_day) as base_currency
    from accounts group by account_id
),
ordered as (
    select account_id, order_id, arg_max(currency, trading_day) as currency from orders group by all
),
named as (
    select
        t.*, h.title, h.base_currency, i.full_name, i.sector, i.multiplier,
        coalesce(i.symbol, t.symbol) as known_symbol,
        coalesce(i.name, t.name) as known_name,
        coalesce(t.asset_class, i.asset_class) as known_class,
        coalesce(i.currency, o.currency) as currency
    from counted t
    left join defined i on i.conid = t.conid
    left join holders h on h.account_id = t.account_id
    left join ordered o on o.account_id = t.account_id and o.order_id = t.order_id
),
rated as (
    select
        n.*,
        coalesce(before.trading_day, later.trading_day) as rate_day,
        coalesce(before.exchange_rate, later.exchange_rate) as exchange_rate,
        case when n.known_class = 'FUT' then 0 when n.quantity < 0 then n.net_amount else -n.net_amount end
            - coalesce(n.commission, 0) as cash_effect
    from named n
    asof left join ledger before
        on before.account_id = n.account_id and before.currency = n.currency and n.trading_day >= before.trading_day
    asof left join ledger later
        on later.account_id = n.account_id and later.currency = n.currency and n.trading_day <= later.trading_day
)
select
    trading_day,
    executed_at,
    account_id,
    title as account_title,
    execution_id,
    order_id,
    order_reference,
    conid,
    known_symbol as symbol,
    coalesce(full_name, concat_ws(' ', known_symbol, contract_terms)) as full_name,
    known_name as name,
    known_class as asset_class,
    sector,
    side,
    quantity,
    price,
    multiplier,
    currency,
    net_amount,
    commission,
    cash_effect,
    base_currency,
    exchange_rate,
    rate_day,
    cash_effect * exchange_rate as cash_effect_base,
    commission * exchange_rate as commission_base,
    exchange as venue
from rated
order by executed_at, execution_id
