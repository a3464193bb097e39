-- Takes out of an earlier version of an event what identified a person.
update klaviyo.event_version
set payload = %(payload)s::jsonb
where
    account_id = %(account_id)s
    and metric_id = %(metric_id)s
    and occurred_at = %(occurred_at)s
    and event_id = %(event_id)s
    and seen_until = %(seen_until)s;
