-- Drops windows that were planned and not read, because a wider one is about to be planned.
--   %(since_at)s, %(until_at)s  of the wider one
delete from ops.sync_window
where
    account_id = %(account_id)s
    and stream = %(stream)s
    and status = 'planned'
    and since_at >= %(since_at)s
    and until_at <= %(until_at)s;
