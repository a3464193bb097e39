-- Ends the search for what differed on days whose events are deleted now.
--   %(metric_ids)s  the metrics
--   %(kept_from)s   first instant that is kept
update ops.proof
set
    status = 'explained',
    reason = 'its events were deleted by workbench maintain'
where
    account_id = %(account_id)s
    and metric_id = any(%(metric_ids)s)
    and day < (%(kept_from)s at time zone 'UTC')::date
    and status = 'differs';
