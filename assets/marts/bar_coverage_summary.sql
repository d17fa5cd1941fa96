-- How complete each contract's bars are, by size: of the trading days that are expected how many are held, verified empty
-- or missing, as of the newest ledger; of bars of weeks and months how many of these. The stretches themselves, with the
-- evidence, are in `bar_coverage`.
--   trading_day: Day that the ledger is of.
--   conid: IBKR's contract id.
--   bar_size: Size of the bars.
--   symbol: Symbol, as the contract was defined last; null for what is not held or watched any more.
--   calendar: Exchange calendar that the trading days are of.
--   first_day: First trading day that is expected.
--   last_day: Last trading day that is expected.
--   expected: Trading days in the contract's life, as far as they were ever asked for: held + verified_empty + missing.
--   held: Of these, how many have bars.
--   verified_empty: How many were asked for at least twice and have no bar.
--   missing: How many are neither.
--   share: The part of those expected that is held or verified empty.
--   first_missing_day: The first that is missing; null if none is.
--   last_asked_at: When a day without a bar was asked for last; null if there is none.
with latest as (
    select * from bar_coverage where trading_day = (select max(trading_day) from bar_coverage)
),
named as (
    select conid, arg_max(symbol, trading_day) as symbol from instruments group by conid
)
select
    l.trading_day,
    l.conid,
    l.bar_size,
    any_value(n.symbol) as symbol,
    any_value(l.calendar) as calendar,
    min(l.first_day) as first_day,
    max(l.last_day) as last_day,
    sum(l.sessions)::bigint as expected,
    coalesce(sum(l.sessions) filter (l.state = 'held'), 0)::bigint as held,
    coalesce(sum(l.sessions) filter (l.state = 'verified_empty'), 0)::bigint as verified_empty,
    coalesce(sum(l.sessions) filter (l.state = 'missing'), 0)::bigint as missing,
    1 - coalesce(sum(l.sessions) filter (l.state = 'missing'), 0) / sum(l.sessions) as share,
    min(l.first_day) filter (l.state = 'missing') as first_missing_day,
    max(l.last_asked_at) as last_asked_at
from latest l
left join named n using (conid)
where l.state <> 'before_life'
group by l.trading_day, l.conid, l.bar_size
order by l.conid, l.bar_size
