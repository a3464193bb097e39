-- One row per account day whose orders this refresh writes anew.
create temporary table stale_order_day (
    day date primary key
) on commit drop;
