-- Notes merges of profiles found gone by this sync that had no events to tell: another profile has
-- the address, the number or the id of the one that is gone.
--   %(account_id)s  of the account
--   %(as_of)s       Klaviyo's clock when the sync began
with gone as (
    select
        p.profile_id,
        own.email,
        own.phone_number,
        own.external_id
    from klaviyo.profile as p
    inner join klaviyo.profile_personal as own
        on p.account_id = own.account_id and p.profile_id = own.profile_id
    where
        p.account_id = %(account_id)s
        and p.deleted_at = %(as_of)s
        and not exists (
            select 1
            from klaviyo.event as e
            where
                e.account_id = %(account_id)s
                and (e.profile_id = p.profile_id or e.original_profile_id = p.profile_id)
        )
),

living as (
    select
        own.profile_id,
        own.email,
        own.phone_number,
        own.external_id
    from klaviyo.profile as p
    inner join klaviyo.profile_personal as own
        on p.account_id = own.account_id and p.profile_id = own.profile_id
    where
        p.account_id = %(account_id)s
        and p.deleted_at is null
),

found as (
    select
        g.profile_id as source_profile_id,
        l.profile_id as target_profile_id,
        'email' as how,
        1 as preference
    from gone as g
    inner join living as l on lower(g.email) = lower(l.email)
    union all
    select
        g.profile_id as source_profile_id,
        l.profile_id as target_profile_id,
        'phone_number' as how,
        2 as preference
    from gone as g
    inner join living as l on g.phone_number = l.phone_number
    union all
    select
        g.profile_id as source_profile_id,
        l.profile_id as target_profile_id,
        'external_id' as how,
        3 as preference
    from gone as g
    inner join living as l on g.external_id = l.external_id
)

insert into klaviyo.profile_merge (
    account_id, source_profile_id, target_profile_id, how, found_at
)
select distinct on (source_profile_id)
    %(account_id)s,
    source_profile_id,
    target_profile_id,
    how,
    %(as_of)s
from found
order by source_profile_id, preference, target_profile_id
on conflict (account_id, source_profile_id) do nothing;
