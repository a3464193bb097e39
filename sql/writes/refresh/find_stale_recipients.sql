-- Notes the (message, profile) pairs that have an event on a touched day of the message, or the
-- credit of an order on a stale day: the credit of now, or the one of before.
-- A metric's day is walked once along the event key, however many messages it touches.
-- Events that moved to another profile had sends under every profile that they belonged to.
with recursive holders as (
    select
        profile_id as original_profile_id,
        profile_id
    from klaviyo.profile
    where
        account_id = %(account_id)s
        and deleted_at is not null
    union
    select
        h.original_profile_id,
        m.target_profile_id as profile_id
    from holders as h
    inner join klaviyo.profile_merge as m
        on m.account_id = %(account_id)s and h.profile_id = m.source_profile_id
),

walked as (
    select distinct
        s.metric_id,
        s.day,
        d.starts_at,
        d.ends_at
    from stale_message_day as s
    inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
)

insert into stale_recipient (message_id, profile_id)
select
    s.message_id,
    e.profile_id
from walked as w
cross join
    lateral (
        select distinct
            said.message_ref,
            said.profile_id
        from klaviyo.event as said
        where
            said.account_id = %(account_id)s
            and said.metric_id = w.metric_id
            and said.occurred_at >= w.starts_at
            and said.occurred_at < w.ends_at
            and said.profile_id is not null
    ) as e
inner join stale_message_day as s
    on
        w.metric_id = s.metric_id
        and w.day = s.day
        and e.message_ref = s.message_ref
union
select
    s.message_id,
    h.profile_id
from klaviyo.event as moved
inner join holders as h on moved.original_profile_id = h.original_profile_id
inner join stale_message_day as s
    on
        moved.metric_id = s.metric_id
        and moved.message_ref = s.message_ref
        and s.day = (moved.occurred_at at time zone %(timezone)s)::date
where
    moved.account_id = %(account_id)s
    and moved.original_profile_id is not null
union
select
    o.message_id,
    o.profile_id
from mart.orders as o
inner join stale_order_day as s on o.day = s.day
where
    o.account_id = %(account_id)s
    and o.message_id is not null
    and o.profile_id is not null
union
select
    message_id,
    profile_id
from stale_buyer
union
-- kept under a campaign whose message has become known since: removed there, written anew here
select
    named.message_id,
    r.profile_id
from mart.message_recipient as r
inner join mart.message_ref as m
    on
        r.account_id = m.account_id
        and r.message_id = m.message_ref
        and r.message_id <> m.message_id
cross join lateral (values (r.message_id), (m.message_id)) as named (message_id)
where r.account_id = %(account_id)s;
