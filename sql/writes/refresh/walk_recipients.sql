-- Finds the (message, profile) pairs that have an event on a touched day of the message.
-- A metric's day is walked once along the event key, however many messages it touches.
with walked as (
    select distinct
        s.metric_id,
        s.day,
        d.starts_at,
        d.ends_at
    from stale_message_day as s
    inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
),

met as materialized (
    select
        w.metric_id,
        w.day,
        w.starts_at,
        e.message_ref,
        e.profile_id
    from walked as w
    cross join
        lateral (
            select distinct
                said.message_ref,
                said.profile_id
            from refresh_event as said
            where
                said.account_id = %(account_id)s
                and said.metric_id = w.metric_id
                and said.occurred_at >= w.starts_at
                and said.occurred_at < w.ends_at
                and said.profile_id is not null
        ) as e
)

insert into found_recipient (message_id, profile_id, since_at)
select
    s.message_id,
    met.profile_id,
    met.starts_at as since_at
from met
inner join stale_message_day as s
    on
        met.metric_id = s.metric_id
        and met.day = s.day
        and met.message_ref = s.message_ref;
