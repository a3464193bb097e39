-- The events as the facts read them: those of the table, walked to along its keys.
create temporary view refresh_event as
select
    account_id,
    metric_id,
    occurred_at,
    event_id,
    profile_id,
    value,
    currency,
    message_ref,
    flow_id,
    sent_at,
    is_machine_open,
    is_bot_click,
    attributions,
    payload #>> '{event_properties,form_id}' as form_id,
    payload #>> '{event_properties,form_version_id}' as form_version_id,
    mart.order_number(payload, occurred_at) as order_number
from klaviyo.event;
