-- The events as the facts read them: those of the table, walked to along its keys.
create temporary view refresh_event as
select
    account_id,
    metric_id,
    occurred_at,
    profile_id,
    value,
    currency,
    message_ref,
    flow_id,
    sent_at,
    is_machine_open,
    is_bot_click,
    attributions
from klaviyo.event;
