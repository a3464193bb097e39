-- One row per stale message and account day of its send.
insert into mart.message_performance (
    account_id,
    message_id,
    sent_on,
    channel,
    recipients,
    delivered,
    bounced,
    unique_opens,
    unique_human_opens,
    unique_clicks,
    unique_human_clicks,
    unsubscribes,
    spam_complaints,
    opens,
    clicks,
    conversions,
    conversion_uniques,
    revenue
)
select
    r.account_id,
    r.message_id,
    r.sent_on,
    min(r.channel) as channel,
    count(distinct r.profile_id) filter (
        where r.received_at is not null or r.bounced_at is not null
    ) as recipients,
    count(distinct r.profile_id) filter (where r.received_at is not null) as delivered,
    count(distinct r.profile_id) filter (where r.bounced_at is not null) as bounced,
    count(distinct r.profile_id) filter (
        where r.received_at is not null and r.opened_at is not null
    ) as unique_opens,
    count(distinct r.profile_id) filter (
        where r.received_at is not null and r.opened_by_human_at is not null
    ) as unique_human_opens,
    count(distinct r.profile_id) filter (
        where r.received_at is not null and r.clicked_at is not null
    ) as unique_clicks,
    count(distinct r.profile_id) filter (
        where r.received_at is not null and r.clicked_by_human_at is not null
    ) as unique_human_clicks,
    count(distinct r.profile_id) filter (
        where r.received_at is not null and r.unsubscribed_at is not null
    ) as unsubscribes,
    count(distinct r.profile_id) filter (
        where r.received_at is not null and r.marked_spam_at is not null
    ) as spam_complaints,
    sum(r.count_opens) as opens,
    sum(r.count_clicks) as clicks,
    sum(r.count_orders) as conversions,
    count(distinct r.profile_id) filter (where r.count_orders > 0) as conversion_uniques,
    sum(r.revenue) as revenue
from mart.message_recipient as r
inner join stale_send_day as s on r.message_id = s.message_id and r.sent_on = s.sent_on
where r.account_id = %(account_id)s
group by r.account_id, r.message_id, r.sent_on
order by r.sent_on, r.message_id;  -- a period lies together
