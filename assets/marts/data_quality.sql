-- The latest result of each check for each night, and how often the check was made.
--   trading_day: Night: the trading day that was judged.
--   dataset: Dataset that was checked.
--   layer: raw or table: replies were looked at, or the rows made of them.
--   check_name: The check: a sentence that is true when it passes.
--   has_passed: Whether it passed when it was made last.
--   is_blocking: Whether it keeps what follows from being built and published when it fails.
--   severity: ERROR or WARN.
--   offenders: How many rows or replies offended.
--   residual: How far the data were from what must be equal, at worst; null where nothing is measured.
--   tolerance: How large that residual may be.
--   residual_in_tolerances: The residual that comes nearest to its own tolerance, as a part of it; above 1 is broken.
--   compared: How many cases were compared; null where nothing is measured.
--   says: The first that offended, in one line; null if none did.
--   first_offenders: The first that offended, as a table in Markdown.
--   evaluated_at: When the check was made last, by this machine's clock.
--   checked_by_run_id: Dagster run that made it.
--   job: Job of that run.
--   days: How many trading days that result judged together, as a run over a range does.
--   evaluations: How often it was made for this day; all of them are in `check_results`.
--   failures: How often it failed.
with nights as (
    select distinct layer, dataset, check_name, checked_day as trading_day from check_results
)
select
    n.trading_day,
    n.dataset,
    n.layer,
    n.check_name,
    arg_max(r.has_passed, r.evaluated_at) as has_passed,
    arg_max(r.severity, r.evaluated_at) = 'ERROR' as is_blocking,
    arg_max(r.severity, r.evaluated_at) as severity,
    arg_max(r.offenders, r.evaluated_at) as offenders,
    arg_max_null(r.residual, r.evaluated_at) as residual,
    arg_max_null(r.tolerance, r.evaluated_at) as tolerance,
    arg_max_null(r.residual_in_tolerances, r.evaluated_at) as residual_in_tolerances,
    arg_max_null(r.compared, r.evaluated_at) as compared,
    arg_max_null(r.says, r.evaluated_at) as says,
    arg_max_null(r.first_offenders, r.evaluated_at) as first_offenders,
    max(r.evaluated_at) as evaluated_at,
    arg_max(r.checked_by_run_id, r.evaluated_at) as checked_by_run_id,
    arg_max(r.job, r.evaluated_at) as job,
    arg_max(r.days, r.evaluated_at) as days,
    count(*) as evaluations,
    count(*) filter (not r.has_passed) as failures
from nights n
join check_results r
    on r.layer = n.layer and r.dataset = n.dataset and r.check_name = n.check_name
    and n.trading_day between r.first_checked_day and r.checked_day
group by n.trading_day, n.dataset, n.layer, n.check_name
order by n.trading_day, n.dataset, n.layer, n.check_name
