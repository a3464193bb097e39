-- One row: merges that the events tell which a sync has read again, of profiles that are gone.
--   %(account_id)s  of the account
--   %(as_of)s       Klaviyo's clock when the sync began
with noted as (
    insert into klaviyo.profile_merge (
        account_id, source_profile_id, target_profile_id, how, found_at
    )
    select distinct on (p.profile_id)
        p.account_id,
        p.profile_id as source_profile_id,
        e.profile_id as target_profile_id,
        'events' as how,
        %(as_of)s
    from klaviyo.profile as p
    inner join klaviyo.event as e
        on p.account_id = e.account_id and p.profile_id = e.original_profile_id
    where
        p.account_id = %(account_id)s
        and p.deleted_at is not null
        and e.original_profile_id is not null
        and e.profile_id <> p.profile_id
        and not exists (
            select 1
            from klaviyo.profile_merge as m
            where
                m.account_id = %(account_id)s
                and m.source_profile_id = p.profile_id
        )
    order by p.profile_id asc, e.occurred_at desc
    on conflict (account_id, source_profile_id) do nothing
    returning 1
)

select count(*) as noted
from noted;
