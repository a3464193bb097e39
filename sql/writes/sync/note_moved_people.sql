-- One row: merges that the events tell which a sync has read again, of profiles that are gone.
--   %(account_id)s  of the account
--   %(as_of)s       Klaviyo's clock when the sync began
with noted as (
    insert into klaviyo.profile_merge (
        account_id, source_profile_id, target_profile_id, how, found_at
    )
    select
        p.account_id,
        p.profile_id as source_profile_id,
        e.profile_id as target_profile_id,
        'events' as how,
        %(as_of)s
    from klaviyo.profile as p
    cross join
        lateral (
            select moved.profile_id
            from klaviyo.event as moved
            where
                moved.account_id = %(account_id)s
                and moved.original_profile_id = p.profile_id
                and moved.profile_id is not null
            order by moved.occurred_at desc
            limit 1
        ) as e
    where
        p.account_id = %(account_id)s
        and p.deleted_at is not null
        and e.profile_id <> p.profile_id
        and not exists (
            select 1
            from klaviyo.profile_merge as m
            where
                m.account_id = %(account_id)s
                and m.source_profile_id = p.profile_id
        )
    returning 1
)

select count(*) as noted
from noted;
