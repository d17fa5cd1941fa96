-- Every row that was rejected, with the reasons and where it stands in raw; a rebuild after a fix takes it in.
--   dataset: Table that rejected it.
--   trading_day: Trading day under which its reply was landed.
--   reasons: Why, one after another.
--   record: What came, as JSON; of a reply whose shape is not known all of it.
--   raw_file: File in raw that the reply is in.
--   raw_sha256: SHA-256 of the reply's body.
--   observed_at: When the gateway sent the reply, by its own clock.
--   received_by_run_id: Dagster run that received the reply.
select
    dataset,
    trading_day,
    array_to_string(reasons, '; ') as reasons,
    record,
    raw_file,
    raw_sha256,
    observed_at,
    run_id as received_by_run_id
from rejected
order by dataset, trading_day, observed_at, raw_file, record
