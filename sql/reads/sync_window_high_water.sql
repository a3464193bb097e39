-- One row: up to where the stream has been planned without a gap; null when it never was.
--   %(account_id)s  the account
--   %(stream)s      the stream
with covered as (
    select
        since_at,
        until_at,
        max(until_at) over (
            order by since_at, until_at rows between unbounded preceding and 1 preceding
        ) as until_then
    from ops.sync_window
    where
        account_id = %(account_id)s
        and stream = %(stream)s
)

select coalesce(min(until_then) filter (where since_at > until_then), max(until_at)) as high_water
from covered;
