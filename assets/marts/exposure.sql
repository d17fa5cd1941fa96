-- How each account was exposed on each trading day, by asset class, currency and sector, in base currency.
--   trading_day: Trading day.
--   account_id: The account.
--   dimension: asset_class, currency or sector.
--   category: The category; `Others` where there is none, `CASH` for cash.
--   long_value: Value of long holdings, in the account's base currency.
--   short_value: Value of short holdings, negative, in the account's base currency.
--   net_value: Long plus short, in the account's base currency.
--   gross_value: Long less short, in the account's base currency.
--   share_of_nav: Net value as a fraction of net liquidation. Futures count with their full value.
with held as (
    select
        p.trading_day, p.account_id, p.asset_class, p.currency, coalesce(i.sector, 'Others') as sector,
        p.market_value * l.exchange_rate as market_value
    from positions p
    join ledger l on l.trading_day = p.trading_day and l.account_id = p.account_id and l.currency = p.currency
    left join instruments i on i.trading_day = p.trading_day and i.conid = p.conid
    where p.asset_class <> 'CASH'
    union all
    select trading_day, account_id, 'CASH', currency, 'CASH', cash * exchange_rate
    from ledger where currency <> 'BASE' and cash <> 0
),
divided as (
    select trading_day, account_id, 'asset_class' as dimension, asset_class as category, market_value from held
    union all
    select trading_day, account_id, 'currency', currency, market_value from held
    union all
    select trading_day, account_id, 'sector', sector, market_value from held
)
select
    d.trading_day,
    d.account_id,
    d.dimension,
    d.category,
    coalesce(sum(d.market_value) filter (d.market_value > 0), 0) as long_value,
    coalesce(sum(d.market_value) filter (d.market_value < 0), 0) as short_value,
    sum(d.market_value) as net_value,
    sum(abs(d.market_value)) as gross_value,
    sum(d.market_value) / nullif(any_value(base.net_liquidation), 0) as share_of_nav
from divided d
join ledger base
    on base.trading_day = d.trading_day and base.account_id = d.account_id and base.currency = 'BASE'
group by d.trading_day, d.account_id, d.dimension, d.category
order by d.trading_day, d.account_id, d.dimension, abs(net_value) desc
