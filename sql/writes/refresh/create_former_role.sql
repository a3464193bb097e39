-- One row per role that this refresh took from a metric.
create temporary table former_role (
    metric_id text not null,
    role text not null,
    channel text
) on commit drop;
