-- One row per flow that sent a message in the days, most revenue first.
-- A recipient is a profile that received a message of the flow; one who received two messages is
-- two recipients, as in Klaviyo's flow totals.
--   %(first)s, %(last)s  account days of the receipt, both included
with pairs as (
    select
        m.flow_id,
        r.message_id,
        r.profile_id,
        min(r.channel) as channel,
        bool_or(r.received_at is not null) as is_delivered,
        bool_or(r.bounced_at is not null) as is_bounced,
        bool_or(r.received_at is not null and r.opened_at is not null) as is_opened,
        bool_or(r.received_at is not null and r.opened_by_human_at is not null)
            as is_opened_by_human,
        bool_or(r.received_at is not null and r.clicked_at is not null) as is_clicked,
        bool_or(r.received_at is not null and r.unsubscribed_at is not null) as is_unsubscribed,
        sum(r.count_orders) as count_orders,
        sum(r.revenue) as revenue
    from mart.message_recipient as r
    inner join mart.message as m on r.account_id = m.account_id and r.message_id = m.message_id
    where
        r.account_id = %(account_id)s
        and r.sent_on between %(first)s and %(last)s
        and m.source = 'flow'
    group by m.flow_id, r.message_id, r.profile_id
)

select
    p.flow_id,
    f.name,
    f.status,
    count(distinct p.message_id) as messages,
    count(*) filter (where p.is_delivered or p.is_bounced) as recipients,
    count(*) filter (where p.is_delivered) as delivered,
    count(*) filter (where p.is_bounced) as bounced,
    count(*) filter (where p.is_opened) as unique_opens,
    count(*) filter (where p.is_opened_by_human) as unique_human_opens,
    count(*) filter (where p.is_clicked) as unique_clicks,
    count(*) filter (where p.is_unsubscribed) as unsubscribes,
    sum(p.count_orders)::bigint as conversions,
    sum(p.revenue) as revenue
from pairs as p
inner join klaviyo.flow as f on f.account_id = %(account_id)s and p.flow_id = f.flow_id
group by p.flow_id, f.name, f.status
order by sum(p.revenue) desc, f.name;
