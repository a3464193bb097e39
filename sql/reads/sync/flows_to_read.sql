-- One row per flow whose definition is to be read: its id and when it was changed last. Left out
-- is one that has not changed since, unless its definition was read longer ago than is trusted.
--   %(account_id)s  the account
--   %(trusted)s     definitions read before this instant are read again; null for all of them
select
    flow_id,
    updated_at
from klaviyo.flow
where
    account_id = %(account_id)s
    and deleted_at is null
    and (
        updated_at is null
        or updated_at is distinct from detail_of
        or detail_read_at >= %(trusted)s is not true
    )
order by flow_id;
