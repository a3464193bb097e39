-- Plans one window of a stream.
--   %(since_at)s, %(until_at)s  its first instant, and the first instant after it
insert into ops.sync_window (account_id, stream, since_at, until_at, run_id, status, is_open)
values (
    %(account_id)s, %(stream)s, %(since_at)s, %(until_at)s, %(run_id)s, 'planned', %(is_open)s
)
on conflict do nothing;
