-- Tells the planner how few metrics' days and messages are stale, of which it has no idea: for many
-- it would walk whole facts.
analyze stale_metric_day, stale_message, touched_now;
