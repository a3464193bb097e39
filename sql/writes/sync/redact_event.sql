-- Takes out of an event what identified a person. No version of it is kept, and no fact changes.
update klaviyo.event
set payload = %(payload)s::jsonb
where
    account_id = %(account_id)s
    and metric_id = %(metric_id)s
    and occurred_at = %(occurred_at)s
    and event_id = %(event_id)s;
