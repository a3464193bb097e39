-- The events as the facts read them, where most of them are read: what the facts need of each, once
-- and along the key; what is asked of orders or forms alone, of these. A row is a fifth of the
-- event with all its properties, so that the facts, each of which walks through all of them, find
-- them in memory, or at least in one place of the disk.
create temporary table refresh_event on commit drop as
select
    e.account_id,
    e.metric_id,
    e.occurred_at,
    e.event_id,
    e.profile_id,
    e.value,
    e.currency,
    e.message_ref,
    e.flow_id,
    e.sent_at,
    e.is_machine_open,
    e.is_bot_click,
    e.attributions,
    case when r.is_order then mart.order_number(e.payload, e.occurred_at) end as order_number,
    case when r.is_form then e.payload #>> '{event_properties,form_id}' end as form_id,
    case when r.is_form then e.payload #>> '{event_properties,form_version_id}' end
        as form_version_id
from klaviyo.event as e
left join (
    select
        metric_id,
        role in ('viewed_form', 'submitted_form', 'closed_form') as is_form,
        role in (
            'revenue', 'placed_order', 'refunded_sales', 'cancelled_sales', 'fulfilled_order'
        ) as is_order
    from mart.metric_role
    where account_id = %(account_id)s
) as r on e.metric_id = r.metric_id
where e.account_id = %(account_id)s
order by e.metric_id, e.occurred_at;
