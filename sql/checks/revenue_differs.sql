-- The revenue of a day is that of its orders.
-- One row per account day and currency on which mart.fact_revenue and mart.orders differ.
-- Mend: workbench refresh --full
with by_fact as (
    select
        account_id,
        day,
        currency,
        sum(count_orders) as count_orders,
        sum(revenue) as revenue
    from mart.fact_revenue
    group by account_id, day, currency
),

by_order as (
    select
        account_id,
        day,
        currency,
        count(*) as count_orders,
        coalesce(sum(revenue), 0) as revenue
    from mart.orders
    group by account_id, day, currency
)

select
    coalesce(f.account_id, o.account_id) as account_id,
    coalesce(f.day, o.day) as day,
    coalesce(f.currency, o.currency) as currency,
    f.revenue as fact_revenue,
    o.revenue as order_revenue
from by_fact as f
full join by_order as o
    on f.account_id = o.account_id and f.day = o.day and f.currency = o.currency
where
    f.revenue is distinct from o.revenue
    or f.count_orders is distinct from o.count_orders;
