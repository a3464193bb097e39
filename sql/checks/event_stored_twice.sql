-- An event is stored once: neither under two times nor under two metrics.
-- One row per event id that occurs again.
select
    account_id,
    event_id,
    count(*) as count_events
from klaviyo.event
group by account_id, event_id
having count(*) > 1;
