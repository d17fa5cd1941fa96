-- When the gateway's session was up, when not, and why: each spell in one state, from the first look that found it so.
-- While nobody runs nobody looks, so part of a spell may be unwatched: it tells nothing of that part.
--   began_at: First look that found the state, by the gateway's clock.
--   last_seen_at: Last look that found it.
--   ended_at: First look that found another state; null for the spell that lasts.
--   seconds: From began_at to ended_at, or to last_seen_at of the spell that lasts, in seconds.
--   unwatched_seconds: Of these, how many lie in gaps of more than 20 minutes between looks, in seconds.
--   state: The state: `ready`, or what was lacking.
--   is_up: Whether the session was ready.
--   is_competing: Whether the username was in use elsewhere; the gateway does not tell by whom.
--   why: What came back first, where the state was not ready.
--   looks: Observations within the spell.
with seen as (
    select
        observed_at, place, state, reason,
        lag(state) over looks is distinct from state as is_first,
        lead(observed_at) over looks as next_at
    from gateway_session
    window looks as (order by observed_at, place)
),
numbered as (
    select *, count(*) filter (is_first) over (order by observed_at, place) as spell
    from seen
),
spells as (
    select
        spell,
        min(observed_at) as began_at,
        max(observed_at) as last_seen_at,
        case when count(next_at) = count(*) then max(next_at) end as ended_at,
        coalesce(sum(epoch(next_at - observed_at)) filter (next_at - observed_at > interval 20 minutes), 0) as unwatched_seconds,
        any_value(state) as state,
        arg_min(reason, (observed_at, place)) filter (reason is not null) as why,
        count(*) as looks
    from numbered
    group by spell
)
select
    began_at,
    last_seen_at,
    ended_at,
    epoch(coalesce(ended_at, last_seen_at) - began_at) as seconds,
    unwatched_seconds,
    state,
    state = 'ready' as is_up,
    state = 'competing login' as is_competing,
    why,
    looks
from spells
order by began_at, spell
