-- One row per event of the accounts that whoever asks may read, without its payload, which may hold
-- anything of a person. It runs with its owner's rights: klaviyo.event itself can have no row
-- security, because TimescaleDB keeps no such table by column.
create or replace view mart.event with (security_barrier = true) as
select
    account_id,
    metric_id,
    occurred_at,
    event_id,
    profile_id,
    original_profile_id,
    value,
    currency,
    is_currency_assumed,
    message_ref,
    flow_id,
    variation_id,
    sent_at,
    is_machine_open,
    is_bot_click,
    attributions,
    first_seen_at,
    changed_at
from klaviyo.event
where account_id = any((select ops.readable_accounts())::text[]);

comment on view mart.event is 'One row per event of the accounts that whoever asks may read, without its payload.';
