-- One row: how many profiles there are, and how far the check of them has come; position and
-- checked_at are null before the first one.
--   %(account_id)s  of the account
with known as (
    select count(*) as count_profiles
    from klaviyo.profile
    where
        account_id = %(account_id)s
        and deleted_at is null
)

select
    known.count_profiles,
    checked.position,
    checked.checked_at
from known
left join ops.profile_check as checked on checked.account_id = %(account_id)s;
