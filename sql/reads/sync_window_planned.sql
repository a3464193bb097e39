-- One row per window that was planned and is not done, oldest first.
--   %(account_id)s  the account
--   %(stream)s      the stream
--   is_first  nothing in it was ever read, and no other window will read it
select
    w.since_at,
    w.until_at,
    w.run_id,
    w.is_open,
    not exists (
        select 1
        from ops.sync_window as other
        where
            other.account_id = w.account_id
            and other.stream = w.stream
            and (other.since_at < w.until_at or w.is_open)
            and (other.until_at > w.since_at or other.is_open)
            and (other.since_at, other.until_at, other.run_id) <> (w.since_at, w.until_at, w.run_id)
    ) as is_first
from ops.sync_window as w
where
    w.account_id = %(account_id)s
    and w.stream = %(stream)s
    and w.status = 'planned'
order by w.since_at;
