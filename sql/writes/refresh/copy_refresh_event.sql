-- The events as the facts read them, where most of them are read: what the facts need of each, once
-- and along the key. A row is a fifth of the event with all its properties, so that the facts, each
-- of which walks through all of them, find them in memory, or at least in one place of the disk.
create temporary table refresh_event on commit drop as
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
from klaviyo.event
where account_id = %(account_id)s
order by metric_id, occurred_at;
