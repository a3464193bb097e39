-- One row per event to ask Klaviyo for, the latest three of each profile that is gone and still has
-- events: they tell whom its events belong to now.
--   %(account_id)s  of the account
select
    p.profile_id,
    e.metric_id,
    e.occurred_at,
    e.event_id
from klaviyo.profile as p
cross join
    lateral (
        select
            own.metric_id,
            own.occurred_at,
            own.event_id
        from klaviyo.event as own
        where
            own.account_id = %(account_id)s
            and own.profile_id = p.profile_id
        order by own.occurred_at desc
        limit 3
    ) as e
where
    p.account_id = %(account_id)s
    and p.deleted_at is not null
order by p.profile_id asc, e.occurred_at desc;
