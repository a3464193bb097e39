-- One row: what the definitions of workbench/metrics are computed from.
-- Orders count on the day they are placed; messages, and all that followed from them, on the day
-- they were received. Only who received can open: an open whose receipt has not been seen yet
-- waits for it. Money is in the account's currency; orders in others are only counted.
-- Messages are summed by day, less what mart.message_repeat says that days count more than once.
--   %(first)s, %(last)s  account days, both included
--   %(currency)s         the account's
with sales as (
    select
        coalesce(sum(revenue) filter (where currency = %(currency)s), 0) as revenue,
        coalesce(sum(count_orders) filter (where currency = %(currency)s), 0) as orders,
        coalesce(
            sum(count_orders) filter (where currency <> %(currency)s), 0
        ) as orders_other_currency,
        coalesce(
            sum(revenue) filter (where currency = %(currency)s and source <> 'none'), 0
        ) as attributed_revenue
    from mart.fact_revenue
    where
        account_id = %(account_id)s
        and day between %(first)s and %(last)s
),

customers as (
    select count(distinct profile_id) as customers
    from mart.orders
    where
        account_id = %(account_id)s
        and day between %(first)s and %(last)s
),

-- an order that is reported twice is the first of nobody
new_customers as (
    select count(*) as new_customers
    from mart.buyer
    where
        account_id = %(account_id)s
        and first_order_at >= (
            select min(d.starts_at)
            from mart.dim_date as d
            where d.account_id = %(account_id)s and d.day between %(first)s and %(last)s
        )
        and first_order_at < (
            select max(d.ends_at)
            from mart.dim_date as d
            where d.account_id = %(account_id)s and d.day between %(first)s and %(last)s
        )
),

summed as (
    select
        coalesce(sum(recipients), 0) as recipients,
        coalesce(sum(delivered), 0) as delivered,
        coalesce(sum(bounced), 0) as bounced,
        coalesce(sum(unique_opens), 0) as unique_opens,
        coalesce(sum(unique_human_opens), 0) as unique_human_opens,
        coalesce(sum(unique_clicks), 0) as unique_clicks,
        coalesce(sum(unique_human_clicks), 0) as unique_human_clicks,
        coalesce(sum(unsubscribes), 0) as unsubscribes,
        coalesce(sum(spam_complaints), 0) as spam_complaints,
        coalesce(sum(revenue), 0) as message_revenue
    from mart.message_performance
    where
        account_id = %(account_id)s
        and sent_on between %(first)s and %(last)s
        and channel = 'email'
),

repeated as (
    select
        count(*) filter (where is_recipient) as recipients,
        count(*) filter (where is_delivered) as delivered,
        count(*) filter (where is_bounced) as bounced,
        count(*) filter (where is_opened) as unique_opens,
        count(*) filter (where is_opened_by_human) as unique_human_opens,
        count(*) filter (where is_clicked) as unique_clicks,
        count(*) filter (where is_clicked_by_human) as unique_human_clicks,
        count(*) filter (where is_unsubscribed) as unsubscribes,
        count(*) filter (where is_marked_spam) as spam_complaints
    from mart.message_repeat
    where
        account_id = %(account_id)s
        and next_on between %(first)s and %(last)s
        and first_on >= %(first)s
        and channel = 'email'
),

sends as (
    select
        s.recipients - r.recipients as recipients,
        s.delivered - r.delivered as delivered,
        s.bounced - r.bounced as bounced,
        s.unique_opens - r.unique_opens as unique_opens,
        s.unique_human_opens - r.unique_human_opens as unique_human_opens,
        s.unique_clicks - r.unique_clicks as unique_clicks,
        s.unique_human_clicks - r.unique_human_clicks as unique_human_clicks,
        s.unsubscribes - r.unsubscribes as unsubscribes,
        s.spam_complaints - r.spam_complaints as spam_complaints,
        s.message_revenue
    from summed as s
    cross join repeated as r
),

mapping as (
    select count(*) > 0 as has_revenue
    from mart.metric_role
    where account_id = %(account_id)s and role = 'revenue'
)

select
    case when m.has_revenue then s.revenue end as revenue,
    case when m.has_revenue then s.orders end as orders,
    s.orders_other_currency,
    case when m.has_revenue then s.attributed_revenue end as attributed_revenue,
    case when m.has_revenue then c.customers end as customers,
    case when m.has_revenue then n.new_customers end as new_customers,
    e.recipients,
    e.delivered,
    e.bounced,
    e.unique_opens,
    e.unique_human_opens,
    e.delivered - e.unique_opens + e.unique_human_opens as delivered_but_machine_only,
    e.unique_clicks,
    e.unique_human_clicks,
    e.unsubscribes,
    e.spam_complaints,
    case when m.has_revenue then e.message_revenue end as message_revenue
from sales as s
cross join customers as c
cross join new_customers as n
cross join sends as e
cross join mapping as m;
