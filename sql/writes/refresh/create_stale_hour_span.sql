-- One row per metric and span of whole hours of UTC that this refresh counts anew; the spans of a
-- metric never touch.
create temporary table stale_hour_span (
    metric_id text not null,
    since_at timestamptz not null,
    until_at timestamptz not null
) on commit drop;
