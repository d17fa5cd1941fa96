-- Bars of SIZE in the shares of one day, as they were known on that day: `from bars_SIZE_adjusted` for all that is known,
-- `from bars_SIZE_adjusted(date '2020-01-31')` as of a day. Restated bars are as they were known last, and marked.
-- Corporate actions are those found from daily bars; what was known is taken out of the bars before it, and what was not
-- yet is put back into bars that came in new shares. Which of both a bar came in is told by when it was observed: the
-- gateway serves all bars before a split in new shares once its first unadjusted day has begun, in New York, or has done
-- so when it was found, if that is earlier. The finding alone would be too late: it comes in the evening, and smaller
-- bars may land before it, in the same night or during the day. The last telling in old shares that it rests on would be
-- too early: it may be days back, and these bars landed since.
-- as_of: date 'infinity'
--   conid: IBKR's contract id.
--   trading_day: Trading day of the bar; none whose day, week or month ends after the day as of which is asked.
--   bar_start: When the bar begins.
--   open: First price, adjusted. Unit: instrument's currency.
--   high: Highest price, adjusted. Unit: instrument's currency.
--   low: Lowest price, adjusted. Unit: instrument's currency.
--   close: Last price, adjusted. Unit: instrument's currency.
--   volume: Volume traded, adjusted. Unit: units.
--   factor: By which the prices were divided and the volume multiplied; 1 for most.
--   is_restated: Whether the bar was told otherwise at first: see `bar_restatements`, which has no weeks and months.
--   observed_at: When the values were observed; later than the day as of which is asked if they were fetched since.
--   raw_sha256: SHA-256 of the reply that told them.
with restated as (
    select
        conid, bar_start,
        arg_max(open, observed_at) as open, arg_max(high, observed_at) as high, arg_max(low, observed_at) as low,
        arg_max(close, observed_at) as close, arg_max(volume, observed_at) as volume,
        arg_max(after_raw_sha256, observed_at) as raw_sha256, max(observed_at) as observed_at
    from bar_restatements
    where bar_size = 'SIZE' and (observed_at at time zone 'America/New_York')::date <= as_of
    group by conid, bar_start
),
bars as (
    select
        b.conid, b.trading_day, b.bar_start,
        coalesce(r.open, b.open) as open, coalesce(r.high, b.high) as high, coalesce(r.low, b.low) as low,
        coalesce(r.close, b.close) as close, coalesce(r.volume, b.volume) as volume,
        r.conid is not null as is_restated, coalesce(r.observed_at, b.observed_at) as observed_at,
        coalesce(r.raw_sha256, b.raw_sha256) as raw_sha256
    from bars_SIZE b
    left join restated r on r.conid = b.conid and r.bar_start = b.bar_start
    where case 'SIZE'
        when '1w' then date_trunc('week', b.trading_day)::date + 6
        when '1m' then last_day(b.trading_day)
        else b.trading_day
    end <= as_of
),
actions as (
    select
        conid, first_unadjusted_day, arg_min(factor, observed_at) as factor,
        least(min(observed_at), first_unadjusted_day::timestamp at time zone 'America/New_York') as served_from,
        (min(observed_at) at time zone 'America/New_York')::date as found_day
    from corporate_actions
    group by conid, first_unadjusted_day
),
steps as (
    select
        b.conid, b.bar_start,
        product(case
            when a.found_day <= as_of and b.observed_at < a.served_from then a.factor
            when a.found_day > as_of and b.observed_at >= a.served_from then 1 / a.factor
            else 1
        end) as factor
    from bars b
    join actions a on a.conid = b.conid and b.trading_day < a.first_unadjusted_day
    group by b.conid, b.bar_start
)
select
    b.conid,
    b.trading_day,
    b.bar_start,
    b.open / coalesce(s.factor, 1) as open,
    b.high / coalesce(s.factor, 1) as high,
    b.low / coalesce(s.factor, 1) as low,
    b.close / coalesce(s.factor, 1) as close,
    b.volume * coalesce(s.factor, 1) as volume,
    coalesce(s.factor, 1) as factor,
    b.is_restated,
    b.observed_at,
    b.raw_sha256
from bars b
left join steps s on s.conid = b.conid and s.bar_start = b.bar_start
