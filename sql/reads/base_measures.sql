-- One row: what the definitions of workbench/metrics are computed from.
-- Orders count on the day they are placed; messages, and all that followed from them, on the day
-- they were received. Only who received can open: an open whose receipt has not been seen yet
-- waits for it. Money is in the account's currency; orders in others are only counted.
--   %(first)s, %(last)s  account days, both included
with placed as (
    select
        o.order_id,
        o.profile_id,
        o.placed_at,
        o.revenue,
        o.source,
        o.currency = a.currency as is_own_currency
    from mart.orders as o
    inner join klaviyo.account as a on o.account_id = a.account_id
    where
        o.account_id = %(account_id)s
        and o.day between %(first)s and %(last)s
),

sales as (
    select
        coalesce(sum(p.revenue) filter (where p.is_own_currency), 0) as revenue,
        count(*) filter (where p.is_own_currency) as orders,
        count(*) filter (where not p.is_own_currency) as orders_other_currency,
        coalesce(
            sum(p.revenue) filter (where p.is_own_currency and p.source <> 'none'), 0
        ) as attributed_revenue,
        count(distinct p.profile_id) as customers,
        count(distinct p.profile_id) filter (
            where not exists (
                select 1
                from mart.orders as earlier
                where
                    earlier.account_id = %(account_id)s
                    and earlier.profile_id = p.profile_id
                    and earlier.day < %(first)s
            )
        ) as new_customers
    from placed as p
),

pairs as (
    select
        message_id,
        profile_id,
        bool_or(received_at is not null) as is_delivered,
        bool_or(bounced_at is not null) as is_bounced,
        bool_or(received_at is not null and opened_at is not null) as is_opened,
        bool_or(received_at is not null and opened_by_human_at is not null) as is_opened_by_human,
        bool_or(received_at is not null and clicked_at is not null) as is_clicked,
        bool_or(received_at is not null and clicked_by_human_at is not null) as is_clicked_by_human,
        bool_or(received_at is not null and unsubscribed_at is not null) as is_unsubscribed,
        bool_or(received_at is not null and marked_spam_at is not null) as is_marked_spam,
        sum(revenue) as revenue
    from mart.message_recipient
    where
        account_id = %(account_id)s
        and sent_on between %(first)s and %(last)s
        and channel = 'email'
    group by message_id, profile_id
),

sends as (
    select
        count(*) filter (where is_delivered or is_bounced) as recipients,
        count(*) filter (where is_delivered) as delivered,
        count(*) filter (where is_bounced) as bounced,
        count(*) filter (where is_opened) as unique_opens,
        count(*) filter (where is_opened_by_human) as unique_human_opens,
        count(*) filter (
            where is_delivered and (is_opened_by_human or not is_opened)
        ) as delivered_but_machine_only,
        count(*) filter (where is_clicked) as unique_clicks,
        count(*) filter (where is_clicked_by_human) as unique_human_clicks,
        count(*) filter (where is_unsubscribed) as unsubscribes,
        count(*) filter (where is_marked_spam) as spam_complaints,
        coalesce(sum(revenue), 0) as message_revenue
    from pairs
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
    case when m.has_revenue then s.customers end as customers,
    case when m.has_revenue then s.new_customers end as new_customers,
    e.recipients,
    e.delivered,
    e.bounced,
    e.unique_opens,
    e.unique_human_opens,
    e.delivered_but_machine_only,
    e.unique_clicks,
    e.unique_human_clicks,
    e.unsubscribes,
    e.spam_complaints,
    case when m.has_revenue then e.message_revenue end as message_revenue
from sales as s
cross join sends as e
cross join mapping as m;
