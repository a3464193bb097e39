-- One row per profile that events have moved away from, and that is not known to be gone.
--   %(account_id)s  of the account
with moved as materialized (
    select distinct original_profile_id as profile_id
    from klaviyo.event
    where
        account_id = %(account_id)s
        and original_profile_id is not null
)

select m.profile_id
from moved as m
inner join klaviyo.profile as p
    on p.account_id = %(account_id)s and m.profile_id = p.profile_id
where p.deleted_at is null
order by m.profile_id;
