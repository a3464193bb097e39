-- One row per profile that is the next to be checked, in the order of ids; behind the last of them
-- the first ones again.
--   %(account_id)s  of the account
--   %(position)s    the last profile checked
--   %(count)s       at most so many
select profile_id
from klaviyo.profile
where
    account_id = %(account_id)s
    and deleted_at is null
order by profile_id <= %(position)s, profile_id
limit %(count)s;
