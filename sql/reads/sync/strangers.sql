-- One row per profile that any event names and that is not known.
--   %(account_id)s  of the account
with named as (
    select distinct profile_id
    from klaviyo.event
    where
        account_id = %(account_id)s
        and profile_id is not null
)

select n.profile_id
from named as n
left join klaviyo.profile as p
    on p.account_id = %(account_id)s and n.profile_id = p.profile_id
where p.profile_id is null
order by n.profile_id;
