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
    coalesce(ref.message_id, credit.message_ref) as message_id,
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
        and d.starts_at <= e.occurred_at
        and d.ends_at > e.occurred_at
cross join
    lateral (
        select
            e.attributions -> 0 ->> 'campaign_id' as campaign_id,
            e.attributions -> 0 ->> 'flow_id' as flow_id,
            e.attributions -> 0 ->> 'attributed_event_id' as event_id,
            case when e.attributions is not null then e.profile_id end as profile_id,
            coalesce(
                e.attributions -> 0 ->> 'flow_message_id',
                e.attributions -> 0 ->> 'campaign_message_id',
                e.attributions -> 0 ->> 'campaign_id'
            ) as message_ref
    ) as credit
left join mart.message_ref as ref
    on e.account_id = ref.account_id and credit.message_ref = ref.message_ref
left join mart.message as m
    on ref.account_id = m.account_id and ref.message_id = m.message_id
-- the open, click or receipt that earned the credit says which send it was; an order without
-- credit has no profile to look among
left join klaviyo.event as touch
    on
        e.account_id = touch.account_id
        and credit.profile_id = touch.profile_id
        and credit.event_id = touch.event_id
        and e.occurred_at >= touch.occurred_at
        and touch.occurred_at > e.occurred_at - interval '100 days'
-- said twice: a few days are walked along the key, a whole history is hashed by day
where d.day = (e.occurred_at at time zone a.timezone)::date;
