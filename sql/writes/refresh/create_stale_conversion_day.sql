-- One row per metric and account day whose conversions this refresh writes anew.
create temporary table stale_conversion_day (
    metric_id text not null,
    day date not null
) on commit drop;
