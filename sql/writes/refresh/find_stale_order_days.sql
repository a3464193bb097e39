-- Notes the days on which revenue was touched, of the metric that is revenue now or that was, and
-- those with an order credited to a message that has become known, or changed its channel, since.
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
from mart.orders as o
inner join mart.message_ref as m
    on
        o.account_id = m.account_id
        and o.message_id = m.message_ref
        and o.message_id <> m.message_id
where o.account_id = %(account_id)s
union
select o.day
from mart.orders as o
inner join mart.message as m
    on
        o.account_id = m.account_id
        and o.message_id = m.message_id
        and o.channel is distinct from m.channel
where o.account_id = %(account_id)s;
