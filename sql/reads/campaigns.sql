-- One row per campaign message that was received in the days, newest first.
-- Uniques are counted here, over the whole period: they do not add up over days.
--   %(first)s, %(last)s  account days of the receipt, both included
with pairs as (
    select
        r.message_id,
        r.profile_id,
        min(r.sent_on) as sent_on,
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
        and m.source = 'campaign'
    group by r.message_id, r.profile_id
)

select
    p.message_id,
    m.name,
    m.subject,
    min(p.channel) as channel,
    min(p.sent_on) as sent_on,
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
inner join mart.message as m on m.account_id = %(account_id)s and p.message_id = m.message_id
group by p.message_id, m.name, m.subject
order by min(p.sent_on) desc, m.name;
