-- Daily bars in the shares of one day, as they were known on that day: `from bars_adjusted` for all that is known,
-- `from bars_adjusted(date '2020-01-31')` as of a day. Restated bars are as they were known last, and marked; corporate
-- actions that were known are taken out of the bars before them, and those that were not yet are put back into bars that
-- were observed later.
-- as_of: date 'infinity'
--   conid: IBKR's contract id.
--   trading_day: Trading day of the bar; none after the day as of which is asked.
--   bar_start: When the bar's session opened.
--   open: First price, adjusted. Unit: instrument's currency.
--   high: Highest price, adjusted. Unit: instrument's currency.
--   low: Lowest price, adjusted. Unit: instrument's currency.
--   close: Last price, adjusted. Unit: instrument's currency.
--   volume: Volume traded, adjusted. Unit: units.
--   factor: By which the prices were divided and the volume multiplied; 1 for most.
--   is_restated: Whether the bar was told otherwise at first: see `bar_restatements`.
--   observed_at: When the values were observed; later than the day as of which is asked if they were fetched since.
--   raw_sha256: SHA-256 of the reply that told them.
with restated as (
    select
        conid, bar_start,
        arg_max(open, observed_at) as open, arg_max(high, observed_at) as high, arg_max(low, observed_at) as low,
        arg_max(close, observed_at) as close, arg_max(volume, observed_at) as volume,
        arg_max(after_raw_sha256, observed_at) as raw_sha256, max(observed_at) as observed_at
    from bar_restatements
    where bar_size = '1d' and (observed_at at time zone 'America/New_York')::date <= as_of
    group by conid, bar_start
),
known as (
    select
        b.conid, b.trading_day, b.bar_start,
        coalesce(r.open, b.open) as open, coalesce(r.high, b.high) as high, coalesce(r.low, b.low) as low,
        coalesce(r.close, b.close) as close, coalesce(r.volume, b.volume) as volume,
        r.conid is not null as is_restated, coalesce(r.observed_at, b.observed_at) as observed_at,
        coalesce(r.raw_sha256, b.raw_sha256) as raw_sha256
    from bars_1d b
    left join restated r on r.conid = b.conid and r.bar_start = b.bar_start
    where b.trading_day <= as_of
),
actions as (
    select
        conid, first_unadjusted_day, arg_min(factor, observed_at) as factor, min(observed_at) as found_at,
        (min(observed_at) at time zone 'America/New_York')::date as found_day
    from corporate_actions
    group by conid, first_unadjusted_day
),
steps as (
    select
        k.conid, k.bar_start,
        product(case
            when a.found_day <= as_of and k.observed_at < a.found_at then a.factor
            when a.found_day > as_of and k.observed_at >= a.found_at then 1 / a.factor
            else 1
        end) as factor
    from known k
    join actions a on a.conid = k.conid and k.trading_day < a.first_unadjusted_day
    group by k.conid, k.bar_start
)
select
    k.conid,
    k.trading_day,
    k.bar_start,
    k.open / coalesce(s.factor, 1) as open,
    k.high / coalesce(s.factor, 1) as high,
    k.low / coalesce(s.factor, 1) as low,
    k.close / coalesce(s.factor, 1) as close,
    k.volume * coalesce(s.factor, 1) as volume,
    coalesce(s.factor, 1) as factor,
    k.is_restated,
    k.observed_at,
    k.raw_sha256
from known k
left join steps s on s.conid = k.conid and s.bar_start = k.bar_start
