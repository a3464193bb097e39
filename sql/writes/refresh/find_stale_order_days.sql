-- Notes the days on which revenue was touched: of the metric that is revenue now, or that was.
insert into stale_order_day (day)
select distinct s.day
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
    );
