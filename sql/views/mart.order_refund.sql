-- One row per event that says that an order was refunded or cancelled.
--   order_id  the order in mart.orders; null where there is none: placed before the history begins,
--             under a metric that is not revenue, or not seen yet
create or replace view mart.order_refund as
select
    e.account_id,
    e.metric_id,
    e.event_id,
    e.kind,
    e.occurred_at,
    e.day,
    e.profile_id,
    e.value,
    e.currency,
    e.order_number,
    o.order_id,
    o.day as placed_on
from mart.order_event as e
left join klaviyo.metric as m on e.account_id = m.account_id and e.metric_id = m.metric_id
left join lateral (
    select
        placed.order_id,
        placed.day
    from mart.orders as placed
    left join klaviyo.metric as of_placed
        on
            placed.account_id = of_placed.account_id
            and placed.metric_id = of_placed.metric_id
    where
        placed.account_id = e.account_id
        and placed.order_number = e.order_number
        and placed.duplicate_of is null
        and (
            coalesce(of_placed.integration_name, '') = coalesce(m.integration_name, '')
            or placed.profile_id = e.profile_id
        )
    order by
        coalesce(of_placed.integration_name, '') = coalesce(m.integration_name, '') desc,
        placed.placed_at asc
    limit 1
) as o on true
where e.kind in ('cancelled', 'refunded');

comment on view mart.order_refund is 'One row per event that says that an order was refunded or cancelled, its order beside it where there is one.';
comment on column mart.order_refund.order_id is 'Of mart.orders; null where there is none: placed before the history begins, under a metric that is not revenue, or not seen yet.';
comment on column mart.order_refund.placed_on is 'Account day of the order; null where there is none.';
comment on column mart.order_refund.metric_id is 'The metric of the event.';
comment on column mart.order_refund.occurred_at is 'When the event happened.';
comment on column mart.order_refund.day is 'Account day of the event.';
comment on column mart.order_refund.profile_id is 'Whose order it was; null of a deleted profile.';
