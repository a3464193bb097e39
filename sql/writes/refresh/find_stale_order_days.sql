-- Notes the days on which revenue was touched, of the metric that is revenue now or that was;
-- those with an order credited to a message that has become known, or changed its channel, since;
-- and those with an order whose touch, the open or click that earned it, was touched itself.
insert into stale_order_day (day)
select s.day
from stale_metric_day as s
where
    s.role = 'revenue'
    or exists (
        select 1
        from mart.orders as o
        where
            o.account_id = %(account_id)s
            and o.day = s.day
            and o.metric_id = s.metric_id
    )
union
select o.day
from stale_message as s
inner join mart.orders as o
    on
        o.account_id = %(account_id)s
        and s.was_message_id = o.message_id
union
select o.day
from stale_metric_day as s
inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
cross join
    lateral (
        select distinct touched.day
        from mart.orders as touched
        where
            touched.account_id = %(account_id)s
            and touched.touch_metric_id = s.metric_id
            and touched.touched_at >= d.starts_at
            and touched.touched_at < d.ends_at
    ) as o;
