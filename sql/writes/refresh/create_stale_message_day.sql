-- One row per touched day of a message metric and message.
create temporary table stale_message_day (
    metric_id text not null,
    day date not null,
    message_ref text not null,
    message_id text not null
) on commit drop;
