-- One row per person to be forgotten: redacted, or deleted and not merged into another profile.
-- profile_ids has those merged into that one too, and personal what is still kept of all of them.
--   %(account_id)s  of the account
with recursive ended as (
    select
        p.profile_id as person_id,
        p.profile_id
    from klaviyo.profile as p
    where
        p.account_id = %(account_id)s
        and (p.is_redacted or p.deleted_at is not null)
        and not exists (
            select 1
            from klaviyo.profile_merge as m
            where
                m.account_id = %(account_id)s
                and m.source_profile_id = p.profile_id
        )
    union
    select
        e.person_id,
        m.source_profile_id as profile_id
    from ended as e
    inner join klaviyo.profile_merge as m
        on m.account_id = %(account_id)s and e.profile_id = m.target_profile_id
)

select
    array_agg(e.profile_id order by e.profile_id) as profile_ids,
    jsonb_agg(own.payload order by e.profile_id) filter (
        where own.profile_id is not null
    ) as personal
from ended as e
left join klaviyo.profile_personal as own
    on own.account_id = %(account_id)s and e.profile_id = own.profile_id
group by e.person_id
having count(own.profile_id) > 0;
