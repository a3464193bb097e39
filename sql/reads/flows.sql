-- One row per flow that sent a message in the days, most revenue first.
-- A recipient is a profile that received a message of the flow; one who received two messages is
-- two recipients, as in Klaviyo's flow totals. Who got one message on several days is one.
--   %(first)s, %(last)s  account days of the receipt, both included
with summed as (
    select
        message_id,
        sum(recipients) as recipients,
        sum(delivered) as delivered,
        sum(bounced) as bounced,
        sum(unique_opens) as unique_opens,
        sum(unique_human_opens) as unique_human_opens,
        sum(unique_clicks) as unique_clicks,
        sum(unsubscribes) as unsubscribes,
        sum(conversions) as conversions,
        sum(revenue) as revenue
    from mart.message_performance
    where
        account_id = %(account_id)s
        and sent_on between %(first)s and %(last)s
    group by message_id
),

repeated as (
    select
        message_id,
        count(*) filter (where is_recipient) as recipients,
        count(*) filter (where is_delivered) as delivered,
        count(*) filter (where is_bounced) as bounced,
        count(*) filter (where is_opened) as unique_opens,
        count(*) filter (where is_opened_by_human) as unique_human_opens,
        count(*) filter (where is_clicked) as unique_clicks,
        count(*) filter (where is_unsubscribed) as unsubscribes
    from mart.message_repeat
    where
        account_id = %(account_id)s
        and next_on between %(first)s and %(last)s
        and first_on >= %(first)s
    group by message_id
),

mapping as (
    select count(*) > 0 as has_revenue
    from mart.metric_role
    where account_id = %(account_id)s and role = 'revenue'
)

select
    m.flow_id,
    m.flow_name as name,
    m.status,
    count(*) as messages,
    sum(s.recipients - coalesce(r.recipients, 0))::bigint as recipients,
    sum(s.delivered - coalesce(r.delivered, 0))::bigint as delivered,
    sum(s.bounced - coalesce(r.bounced, 0))::bigint as bounced,
    sum(s.unique_opens - coalesce(r.unique_opens, 0))::bigint as unique_opens,
    sum(s.unique_human_opens - coalesce(r.unique_human_opens, 0))::bigint as unique_human_opens,
    sum(s.unique_clicks - coalesce(r.unique_clicks, 0))::bigint as unique_clicks,
    sum(s.unsubscribes - coalesce(r.unsubscribes, 0))::bigint as unsubscribes,
    sum(case when o.has_revenue then s.conversions end)::bigint as conversions,
    sum(case when o.has_revenue then s.revenue end) as revenue
from summed as s
cross join mapping as o
inner join mart.message as m on m.account_id = %(account_id)s and s.message_id = m.message_id
left join repeated as r on s.message_id = r.message_id
where m.source = 'flow'
group by m.flow_id, m.flow_name, m.status
order by sum(s.revenue) desc, m.flow_name asc;
