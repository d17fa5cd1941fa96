-- How long and how often a contract stays in a scan: one row per scan and contract, over the days on which it was run.
-- Days are trading days on which the scan found anything; a spell is a row of such days without a gap.
--   scan: The scan, as the configuration names it.
--   conid: IBKR's contract id.
--   symbol: Symbol, as told last.
--   company_name: Name of the issuer, as told last.
--   first_seen_at: First run that found it.
--   last_seen_at: Last run that found it.
--   days: Days on which it was found.
--   scan_days: Days on which the scan found anything, from the first day of this contract on.
--   day_share: `days` by `scan_days`, 1 is always.
--   runs: Runs that found it.
--   scan_runs: Runs of the scan that found anything, from the first day of this contract on.
--   run_share: `runs` by `scan_runs`, 1 is always.
--   spells: Spells in the scan.
--   longest_spell_days: Days of the longest spell.
--   current_spell_days: Days of the spell that lasts until the latest day of the scan; 0 when it was not found then.
--   best_rank: Best place in the scan.
--   average_rank: Place in the scan, averaged over `runs`.
with scanned as (
    select scan, trading_day, runs, row_number() over (partition by scan order by trading_day) as place
    from (select scan, trading_day, count(distinct run_at) as runs from scanner_runs group by all)
),
found as (
    select
        scan,
        conid,
        trading_day,
        count(distinct run_at) as runs,
        sum(rank) as ranks,
        count(*) as looks,
        min(rank) as best_rank,
        min(run_at) as first_seen_at,
        max(run_at) as last_seen_at,
        arg_max(symbol, run_at) as symbol,
        arg_max(company_name, run_at) as company_name
    from scanner_runs
    group by all
),
placed as (
    select f.*, s.place, s.place - row_number() over (partition by scan, conid order by trading_day) as island
    from found f join scanned s using (scan, trading_day)
),
spells as (
    select scan, conid, island, count(*) as days, max(place) as last_place
    from placed group by all
),
totals as (
    select scan, max(place) as last_place from scanned group by all
),
stayed as (
    select
        scan,
        conid,
        count(*) as spells,
        max(days) as longest_spell_days,
        coalesce(max(days) filter (s.last_place = t.last_place), 0) as current_spell_days
    from spells s join totals t using (scan)
    group by all
),
counted as (
    select
        scan,
        conid,
        arg_max(symbol, trading_day) as symbol,
        arg_max(company_name, trading_day) as company_name,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        min(place) as first_place,
        count(*) as days,
        sum(runs)::bigint as runs,
        min(best_rank) as best_rank,
        sum(ranks) / sum(looks) as average_rank
    from placed
    group by all
),
since as (
    select c.scan, c.conid, count(*) as scan_days, sum(s.runs)::bigint as scan_runs
    from counted c join scanned s on s.scan = c.scan and s.place >= c.first_place
    group by all
)
select
    scan,
    conid,
    symbol,
    company_name,
    first_seen_at,
    last_seen_at,
    days,
    scan_days,
    days / scan_days as day_share,
    runs,
    scan_runs,
    runs / scan_runs as run_share,
    spells,
    longest_spell_days,
    current_spell_days,
    best_rank,
    average_rank
from counted
join stayed using (scan, conid)
join since using (scan, conid)
order by scan, days desc, runs desc, average_rank, conid
