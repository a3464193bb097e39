-- Records how a stream of a sync ended.
--   %(status)s   done, left out, later or failed
--   %(seconds)s  from its first request to its last row
--   %(reason)s   why it is not done; null when it is
insert into ops.sync_stream (
    run_id,
    account_id,
    stream,
    status,
    rows_read,
    rows_new,
    rows_changed,
    requests,
    requests_refused,
    seconds,
    reason
)
values (
    %(run_id)s,
    %(account_id)s,
    %(stream)s,
    %(status)s,
    %(rows_read)s,
    %(rows_new)s,
    %(rows_changed)s,
    %(requests)s,
    %(requests_refused)s,
    %(seconds)s,
    %(reason)s
);
