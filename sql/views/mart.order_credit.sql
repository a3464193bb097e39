-- One row per order and message that Klaviyo attributes it to; position 1 is credited with it.
-- Klaviyo may name several messages: credited_revenue is the order's at position 1 and 0 at the
-- others, so that sums over rows are sums over orders.
-- It reads events with its owner's rights, and so keeps to the accounts of whoever asks by itself.
create or replace view mart.order_credit with (security_barrier = true) as
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
    on o.account_id = ref.account_id and said.message_ref = ref.message_ref
where o.account_id = any((select ops.readable_accounts())::text[]);

comment on view mart.order_credit is 'One row per order and message that Klaviyo attributes it to.';
comment on column mart.order_credit.position is '1 is credited with the order; the others are named beside it.';
comment on column mart.order_credit.message_id is 'The message, as in mart.message, else as the attribution names it.';
comment on column mart.order_credit.campaign_id is 'The campaign that the attribution names; null of flows.';
comment on column mart.order_credit.flow_id is 'The flow that the attribution names; null of campaigns.';
comment on column mart.order_credit.variation_id is 'The variation that the attribution names.';
comment on column mart.order_credit.touch_event_id is 'The event that earned it: a receipt, an open or a click.';
comment on column mart.order_credit.revenue is 'Of the order: the same at every position, so never summed.';
comment on column mart.order_credit.credited_revenue is 'Of the order at position 1, 0 at the others: adds up.';
