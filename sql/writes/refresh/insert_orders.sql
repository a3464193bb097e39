-- One row per order on a stale day: an event of the metric mapped to revenue.
-- An order with several attributions is credited to the first, so that it counts once.
insert into mart.orders (
    account_id,
    order_id,
    metric_id,
    profile_id,
    placed_at,
    day,
    revenue,
    currency,
    source,
    channel,
    message_id,
    campaign_id,
    flow_id,
    sent_at
)
select
    e.account_id,
    e.event_id as order_id,
    e.metric_id,
    e.profile_id,
    e.occurred_at as placed_at,
    d.day,
    e.value as revenue,
    coalesce(e.currency, a.currency) as currency,
    case
        when credit.flow_id is not null then 'flow'
        when credit.campaign_id is not null then 'campaign'
        else 'none'
    end as source,
    m.channel,
    credit.message_id,
    credit.campaign_id,
    credit.flow_id,
    touch.sent_at
from stale_order_day as s
inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
inner join klaviyo.account as a on d.account_id = a.account_id
inner join mart.metric_role as r on d.account_id = r.account_id and r.role = 'revenue'
inner join klaviyo.event as e
    on
        d.account_id = e.account_id
        and r.metric_id = e.metric_id
        and e.occurred_at >= d.starts_at
        and e.occurred_at < d.ends_at
cross join lateral (
    select
        e.attributions -> 0 ->> 'campaign_id' as campaign_id,
        e.attributions -> 0 ->> 'flow_id' as flow_id,
        e.attributions -> 0 ->> 'attributed_event_id' as event_id,
        coalesce(
            e.attributions -> 0 ->> 'flow_message_id',
            e.attributions -> 0 ->> 'campaign_message_id',
            e.attributions -> 0 ->> 'campaign_id'
        ) as message_id
) as credit
left join mart.message as m
    on e.account_id = m.account_id and credit.message_id = m.message_id
-- the open, click or receipt that earned the credit says which send it was
left join klaviyo.event as touch
    on
        e.account_id = touch.account_id
        and e.profile_id = touch.profile_id
        and credit.event_id = touch.event_id
        and touch.occurred_at <= e.occurred_at
        and touch.occurred_at > e.occurred_at - interval '100 days';
