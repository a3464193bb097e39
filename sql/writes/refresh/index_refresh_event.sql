-- What the copied events are walked along, a day of a metric at a time.
create index on refresh_event (metric_id, occurred_at);
