-- Notes the days of orders whose touch has come after them: the events of messages on touched days
-- are looked through, but only where an order waits for one.
with walked as (
    select distinct
        t.metric_id,
        t.day,
        d.starts_at,
        d.ends_at
    from touched_now as t
    inner join mart.dim_date as d on d.account_id = %(account_id)s and t.day = d.day
    where t.message_ref <> ''
),

waiting as materialized (
    select
        o.touch_event_id,
        o.day
    from mart.orders as o
    where
        o.account_id = %(account_id)s
        and o.touch_event_id is not null
        and o.touched_at is null
        and o.day >= (select min(walked.day) from walked)
        -- as far as insert_orders looks back
        and o.day <= (select max(walked.day) + 101 from walked)
),

arrived as (
    select e.event_id
    from walked as w
    cross join
        lateral (
            select said.event_id
            from klaviyo.event as said
            where
                said.account_id = %(account_id)s
                and said.metric_id = w.metric_id
                and said.occurred_at >= w.starts_at
                and said.occurred_at < w.ends_at
                -- "is true" keeps this a look into a hash table: joined, the days might be walked
                -- once for each order
                and (
                    said.event_id in (
                        select waiting.touch_event_id
                        from waiting
                    )
                ) is true
        ) as e
    where exists (
        select 1
        from waiting
    )
)

insert into stale_order_day (day)
select distinct waiting.day
from waiting
inner join arrived on waiting.touch_event_id = arrived.event_id
on conflict do nothing;
