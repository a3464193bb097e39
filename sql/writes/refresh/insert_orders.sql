-- One row per order on a stale day: an event of the metric mapped to revenue.
-- An order with several attributions is credited to the first, so that it counts once. An event
-- that Klaviyo moved to another time has both until a sync sees that; the later one is taken.
with written as (
    select distinct on (d.day, e.event_id)
        e.account_id,
        e.event_id as order_id,
        e.metric_id,
        e.order_number,
        e.profile_id,
        e.occurred_at as placed_at,
        d.day,
        e.value as revenue,
        coalesce(e.currency, a.currency) as currency,
        credit.source,
        m.channel,
        coalesce(m.message_id, credit.message_ref) as message_id,
        credit.campaign_id,
        credit.flow_id,
        touch.sent_at,
        credit.touch_event_id,
        touch.metric_id as touch_metric_id,
        touch.occurred_at as touched_at
    from stale_order_day as s
    inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
    inner join klaviyo.account as a on d.account_id = a.account_id
    inner join mart.metric_role as r on d.account_id = r.account_id and r.role = 'revenue'
    inner join refresh_event as e
        on
            d.account_id = e.account_id
            and r.metric_id = e.metric_id
            and d.starts_at <= e.occurred_at
            and d.ends_at > e.occurred_at
    cross join lateral mart.first_credit(e.attributions) as credit
    left join mart.known_message as m
        on e.account_id = m.account_id and credit.message_ref = m.message_ref
    -- the open, click or receipt that earned the credit says which send it was; an order without
    -- credit has no profile to look among
    left join refresh_event as touch
        on
            e.account_id = touch.account_id
            and case when e.attributions is not null then e.profile_id end = touch.profile_id
            and credit.touch_event_id = touch.event_id
            and e.occurred_at >= touch.occurred_at
            and touch.occurred_at > e.occurred_at - interval '100 days'
            -- said of all of them, so that no chunk of a hypertable is looked into in vain
            and touch.occurred_at > (
                select min(first_of.starts_at) - interval '100 days'
                from stale_order_day as day_of
                inner join mart.dim_date as first_of
                    on first_of.account_id = %(account_id)s and day_of.day = first_of.day
            )
            and touch.message_ref is not null
    -- said twice: a few days are walked along the key, a whole history is hashed by day
    where d.day = (e.occurred_at at time zone a.timezone)::date
    order by d.day asc, e.event_id asc, e.occurred_at desc, touch.occurred_at desc nulls last
),

noted as (
    insert into stale_buyer (message_id, profile_id)
    select distinct
        message_id,
        profile_id
    from written
    where profile_id is not null
)

insert into mart.orders (
    account_id,
    order_id,
    metric_id,
    order_number,
    profile_id,
    placed_at,
    day,
    revenue,
    net_revenue,
    currency,
    source,
    channel,
    message_id,
    campaign_id,
    flow_id,
    sent_at,
    touch_event_id,
    touch_metric_id,
    touched_at
)
select
    account_id,
    order_id,
    metric_id,
    order_number,
    profile_id,
    placed_at,
    day,
    revenue,
    revenue as net_revenue,
    currency,
    source,
    channel,
    message_id,
    campaign_id,
    flow_id,
    sent_at,
    touch_event_id,
    touch_metric_id,
    touched_at
from written;
