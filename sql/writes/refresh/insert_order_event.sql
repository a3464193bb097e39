-- One row per event on a stale day of a metric that is about orders; the orders are noted.
with reported as (
    select
        s.metric_id,
        s.day,
        e.occurred_at,
        e.event_id,
        case s.role
            when 'refunded_sales' then 'refunded'
            when 'cancelled_sales' then 'cancelled'
            when 'fulfilled_order' then 'fulfilled'
            else 'placed'
        end as kind,
        s.role = 'revenue' as is_revenue,
        e.order_number,
        e.profile_id,
        e.value,
        coalesce(e.currency, a.currency) as currency
    from stale_metric_day as s
    inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
    inner join klaviyo.account as a on d.account_id = a.account_id
    cross join
        lateral (
            select
                said.occurred_at,
                said.event_id,
                said.order_number,
                said.profile_id,
                said.value,
                said.currency
            from refresh_event as said
            where
                said.account_id = %(account_id)s
                and said.metric_id = s.metric_id
                and said.occurred_at >= d.starts_at
                and said.occurred_at < d.ends_at
            order by said.occurred_at
            offset 0  -- keeps the walk apart: joined, all events would be hashed
        ) as e
    where
        s.role in (
            'revenue', 'placed_order', 'refunded_sales', 'cancelled_sales', 'fulfilled_order'
        )
),

noted as (
    insert into stale_order_number (order_number)
    select distinct order_number
    from reported
    where order_number is not null
)

insert into mart.order_event (
    account_id,
    metric_id,
    day,
    occurred_at,
    event_id,
    kind,
    is_revenue,
    order_number,
    profile_id,
    value,
    currency
)
select
    %(account_id)s,
    metric_id,
    day,
    occurred_at,
    event_id,
    kind,
    is_revenue,
    order_number,
    profile_id,
    value,
    currency
from reported;
