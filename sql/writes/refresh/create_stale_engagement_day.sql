-- One row per account day whose engagement this refresh writes anew.
create temporary table stale_engagement_day (
    day date primary key
) on commit drop;
