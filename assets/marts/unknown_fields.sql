-- Drift: every field of the wire that nobody knows, since when it comes, and an example.
--   dataset: Table whose rows it came with.
--   field: Its name on the wire.
--   first_day: First trading day with it.
--   first_seen_at: When the first reply with it was sent, by the gateway's clock.
--   last_day: Last trading day with it.
--   last_seen_at: When the last reply with it was sent.
--   rows: How many accepted rows have it; its values are in their `extra`.
--   rejected_rows: How many rejected rows have it.
--   example: One of the latest values, as JSON, cut at 200 characters.
select
    u.dataset,
    u.field,
    min(u.trading_day) as first_day,
    min(u.observed_at) as first_seen_at,
    max(u.trading_day) as last_day,
    max(u.observed_at) as last_seen_at,
    count(*) filter (not u.is_rejected) as rows,
    count(*) filter (u.is_rejected) as rejected_rows,
    left(max_by(u.value::varchar, (u.observed_at, u.value::varchar)), 200) as example
from unknown_values u
group by u.dataset, u.field
order by u.dataset, u.field
