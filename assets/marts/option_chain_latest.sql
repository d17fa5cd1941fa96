-- The options that were listed around each underlying's price when its chain was last kept, without those that ended.
--   trading_day: Trading day on which the chain was told.
--   underlying_conid: Contract id of the underlying.
--   symbol: Symbol of the underlying.
--   underlying_close: Close of the underlying on that day, per unit; null where no bars of it are kept.
--   month: The month as IBKR names it.
--   expiry_day: Last day of the option.
--   days_left: Calendar days from the trading day to the expiry.
--   strike: Strike.
--   put_or_call: P or C.
--   moneyness: Strike as a fraction of the underlying's close.
--   conid: Contract id of the option.
--   trading_class: Class of options it belongs to.
--   multiplier: Units per contract.
--   currency: Currency it trades in.
--   held_quantity: Signed number of contracts held by all accounts on that day; 0 for none.
--   observed_at: When the gateway said so, UTC.
with latest as (
    select *
    from option_chains
    qualify trading_day = max(trading_day) over (partition by underlying_conid)
),
held as (
    select trading_day, conid, sum(quantity) as quantity
    from positions
    group by trading_day, conid
)
select
    c.trading_day,
    c.underlying_conid,
    c.symbol,
    b.close as underlying_close,
    c.month,
    c.expiry_day,
    c.expiry_day - c.trading_day as days_left,
    c.strike,
    c.put_or_call,
    c.strike / b.close as moneyness,
    c.conid,
    c.trading_class,
    c.multiplier,
    c.currency,
    coalesce(h.quantity, 0) as held_quantity,
    c.observed_at
from latest c
left join bars_1d b on b.conid = c.underlying_conid and b.trading_day = c.trading_day
left join held h on h.conid = c.conid and h.trading_day = c.trading_day
where c.expiry_day >= (select max(trading_day) from option_chains)
order by c.symbol, c.underlying_conid, c.expiry_day, c.strike, c.put_or_call
