-- One row per metric and account day that this refresh writes anew.
create temporary table stale_metric_day (
    metric_id text not null,
    day date not null,
    role text
) on commit drop;
