-- One row per (metric, account day, message, profile that an event left) that this refresh takes
-- from ops.touched.
create temporary table touched_now (
    metric_id text not null,
    day date not null,
    message_ref text not null,
    profile_id text not null
) on commit drop;
