-- One row per metric that the account lists or has events of; empty for events without a metric.
--   %(account_id)s  the account
with recursive present as (
    -- from one metric of the index to the next: a look at every event would take minutes
    (
        select e.metric_id
        from klaviyo.event as e
        where e.account_id = %(account_id)s
        order by e.metric_id
        limit 1
    )
    union all
    select (
        select e.metric_id
        from klaviyo.event as e
        where
            e.account_id = %(account_id)s
            and e.metric_id > p.metric_id
        order by e.metric_id
        limit 1
    ) as metric_id
    from present as p
    where p.metric_id is not null
)

select p.metric_id
from present as p
where p.metric_id is not null
union
select m.metric_id
from klaviyo.metric as m
where m.account_id = %(account_id)s
order by metric_id;
