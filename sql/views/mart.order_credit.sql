-- One row per order and message that Klaviyo attributes it to; position 1 is credited with it.
-- Klaviyo may name several messages: credited_revenue is the order's at position 1 and 0 at the
-- others, so that sums over rows are sums over orders.
create or replace view mart.order_credit as
select
    o.account_id,
    o.order_id,
    o.profile_id,
    o.placed_at,
    o.day,
    o.currency,
    o.revenue,
    given.position,
    coalesce(ref.message_id, said.message_ref) as message_id,
    given.attribution ->> 'campaign_id' as campaign_id,
    given.attribution ->> 'flow_id' as flow_id,
    given.attribution ->> 'variation_id' as variation_id,
    given.attribution ->> 'attributed_event_id' as touch_event_id,
    case when given.position = 1 then o.revenue else 0 end as credited_revenue
from mart.orders as o
inner join klaviyo.event as e
    on
        o.account_id = e.account_id
        and o.metric_id = e.metric_id
        and o.placed_at = e.occurred_at
        and o.order_id = e.event_id
cross join
    lateral jsonb_array_elements(e.attributions) with ordinality as given (attribution, position)
cross join
    lateral (
        select
            coalesce(
                given.attribution ->> 'flow_message_id',
                given.attribution ->> 'campaign_message_id',
                given.attribution ->> 'campaign_id'
            ) as message_ref
    ) as said
left join mart.message_ref as ref
    on o.account_id = ref.account_id and said.message_ref = ref.message_ref;
