-- One row per account day whose forms this refresh writes anew.
create temporary table stale_form_day (
    day date primary key
) on commit drop;
