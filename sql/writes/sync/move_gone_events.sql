-- One row: events of a metric that Klaviyo no longer has, moved to klaviyo.event_version.
--   %(event_ids)s  their ids
--   %(since)s      beginning of the span of time they lie in, timestamptz
--   %(until)s      its end
--   %(timezone)s   the account's time zone, in which days are counted
-- What they touched is noted in the same statement, so that a refresh can never miss it.
with gone as (
    delete from klaviyo.event
    where
        account_id = %(account_id)s
        and metric_id = %(metric_id)s
        and occurred_at >= %(since)s
        and occurred_at < %(until)s
        and event_id = any(%(event_ids)s)
    returning *
),

kept as (
    insert into klaviyo.event_version (
        account_id,
        metric_id,
        occurred_at,
        event_id,
        seen_from,
        seen_until,
        profile_id,
        value,
        currency,
        attributions,
        payload
    )
    select
        account_id,
        metric_id,
        occurred_at,
        event_id,
        changed_at as seen_from,
        now() as seen_until,
        profile_id,
        value,
        currency,
        attributions,
        payload
    from gone
),

touched as (
    insert into ops.touched (account_id, metric_id, day, message_ref, profile_id)
    select distinct
        account_id,
        metric_id,
        (occurred_at at time zone %(timezone)s)::date as day,
        coalesce(message_ref, '') as message_ref,
        coalesce(profile_id, '') as profile_id
    from gone
)

select count(*) as count_gone
from gone;
