-- Net asset value of each account by day, in its base currency: of all that was told about a day, the last.
--   account_id: The account.
--   nav_day: Day that the value is of.
--   nav: Net asset value at the end of the day, in `currency`.
--   currency: Base currency of the account.
--   change: NAV less the NAV of the day before, deposits and withdrawals included, in `currency`.
--   cumulative_return: Time-weighted return since the window of `told_on` began, as a fraction.
--   net_liquidation: What the ledger said on that trading day, in `currency`; null where no ledger was kept.
--   told_on: Trading day on which IBKR told this value.
with told as (
    select n.account_id, n.date as nav_day, n.nav, n.currency, r.cumulative_return, n.trading_day as told_on
    from nav n
    left join cumulative_returns r using (trading_day, account_id, date)
    qualify row_number() over (partition by n.account_id, n.date order by n.trading_day desc) = 1
)
select
    told.account_id,
    told.nav_day,
    told.nav,
    told.currency,
    told.nav - lag(told.nav) over (partition by told.account_id order by told.nav_day) as change,
    told.cumulative_return,
    l.net_liquidation,
    told.told_on
from told
left join ledger l
    on l.account_id = told.account_id and l.trading_day = told.nav_day and l.currency = 'BASE'
order by told.account_id, told.nav_day
