-- One row per profile that events have moved away from, and that is not known to be gone.
--   %(account_id)s  of the account
select distinct e.original_profile_id as profile_id
from klaviyo.event as e
inner join klaviyo.profile as p
    on e.account_id = p.account_id and e.original_profile_id = p.profile_id
where
    e.account_id = %(account_id)s
    and e.original_profile_id is not null
    and p.deleted_at is null
order by profile_id;
