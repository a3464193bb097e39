-- One row per campaign message that was received in the days, newest first.
-- Uniques do not add up over days: who got a message on several is taken off again. Conversions and
-- revenue are null where the account maps no metric to revenue.
--   %(first)s, %(last)s  account days of the receipt, both included
with summed as (
    select
        message_id,
        min(channel) as channel,
        min(sent_on) as sent_on,
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
    s.message_id,
    m.name,
    m.subject,
    s.channel,
    s.sent_on,
    (s.recipients - coalesce(r.recipients, 0))::bigint as recipients,
    (s.delivered - coalesce(r.delivered, 0))::bigint as delivered,
    (s.bounced - coalesce(r.bounced, 0))::bigint as bounced,
    (s.unique_opens - coalesce(r.unique_opens, 0))::bigint as unique_opens,
    (s.unique_human_opens - coalesce(r.unique_human_opens, 0))::bigint as unique_human_opens,
    (s.unique_clicks - coalesce(r.unique_clicks, 0))::bigint as unique_clicks,
    (s.unsubscribes - coalesce(r.unsubscribes, 0))::bigint as unsubscribes,
    case when o.has_revenue then s.conversions::bigint end as conversions,
    case when o.has_revenue then s.revenue end as revenue
from summed as s
cross join mapping as o
inner join mart.message as m on m.account_id = %(account_id)s and s.message_id = m.message_id
left join repeated as r on s.message_id = r.message_id
where m.source = 'campaign'
order by s.sent_on desc, m.name asc;
