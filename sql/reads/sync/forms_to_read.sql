-- One row per form whose versions are to be read: its id and when it was changed last. Left out is
-- one that has not changed since, unless its versions were read longer ago than is trusted.
--   %(account_id)s  the account
--   %(trusted)s     versions read before this instant are read again; null for all of them
select
    form_id,
    updated_at
from klaviyo.form
where
    account_id = %(account_id)s
    and deleted_at is null
    and (
        updated_at is null
        or updated_at is distinct from detail_of
        or detail_read_at >= %(trusted)s is not true
    )
order by form_id;
