-- One row: events that were new, and events that had changed.
-- Merges staged_event into klaviyo.event and notes what it changed in ops.touched, in one
-- statement, so that a refresh can never miss a change.
--   %(timezone)s  the account's time zone, in which days are counted
with merged as (
    insert into klaviyo.event as stored (
        account_id,
        metric_id,
        occurred_at,
        event_id,
        profile_id,
        value,
        currency,
        message_ref,
        flow_id,
        variation_id,
        sent_at,
        is_machine_open,
        is_bot_click,
        attributions,
        payload
    )
    -- an event may stand on two pages: the later copy is the fresher one
    select distinct on (account_id, metric_id, occurred_at, event_id)
        account_id,
        metric_id,
        occurred_at,
        event_id,
        profile_id,
        value,
        currency,
        message_ref,
        flow_id,
        variation_id,
        sent_at,
        is_machine_open,
        is_bot_click,
        attributions,
        payload
    from staged_event
    order by account_id asc, metric_id asc, occurred_at asc, event_id asc, ctid desc
    on conflict (account_id, metric_id, occurred_at, event_id) do update
        set
            profile_id = excluded.profile_id,
            value = excluded.value,
            currency = excluded.currency,
            message_ref = excluded.message_ref,
            flow_id = excluded.flow_id,
            variation_id = excluded.variation_id,
            sent_at = excluded.sent_at,
            is_machine_open = excluded.is_machine_open,
            is_bot_click = excluded.is_bot_click,
            attributions = excluded.attributions,
            payload = excluded.payload,
            changed_at = now()
        where
        stored.profile_id is distinct from excluded.profile_id
        or stored.attributions is distinct from excluded.attributions
        or stored.currency is distinct from excluded.currency
        or stored.payload is distinct from excluded.payload
    returning
        account_id,
        metric_id,
        (occurred_at at time zone %(timezone)s)::date as day,
        coalesce(message_ref, '') as message_ref,
        -- now() is the transaction's: only a row made in it was first seen then
        first_seen_at = now() as is_new
),

touched as (
    insert into ops.touched (account_id, metric_id, day, message_ref)
    select distinct
        account_id,
        metric_id,
        day,
        message_ref
    from merged
)

select
    count(*) filter (where is_new) as new,
    count(*) filter (where not is_new) as changed
from merged;
