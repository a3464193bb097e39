-- One row per (metric, account day, message) that this refresh takes from ops.touched.
create temporary table touched_now (
    metric_id text not null,
    day date not null,
    message_ref text not null
) on commit drop;
