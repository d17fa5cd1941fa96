-- Bars of SIZE in the shares of one day, as they were known on that day: `from bars_SIZE_adjusted` for all that is known,
-- `from bars_SIZE_adjusted(date '2020-01-31')` as of a day. Corporate actions are those found from daily bars; what was
-- known is taken out of the bars before it, and what was not yet is put back into bars that came in new shares. Which of
-- both a bar came in is told by when it was observed: the gateway serves all bars before a split in new shares once its
-- first unadjusted day has begun, in New York, or has done so when it was found, if that is earlier. The finding alone
-- would be too late: it comes in the evening, and smaller bars may land before it, in the same night or during the day.
-- The last telling in old shares that it rests on would be too early: it may be days back, and these bars landed since.
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
--   observed_at: When the values were observed; later than the day as of which is asked if they were fetched since.
--   raw_sha256: SHA-256 of the reply that told them.
with bars as (
    select *
    from bars_SIZE
    where case 'SIZE'
        when '1w' then date_trunc('week', trading_day)::date + 6
        when '1m' then last_day(trading_day)
        else trading_day
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
    b.observed_at,
    b.raw_sha256
from bars b
left join steps s on s.conid = b.conid and s.bar_start = b.bar_start
