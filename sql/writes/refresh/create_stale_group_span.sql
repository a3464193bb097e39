-- One row per list or segment: the account days that this refresh writes anew, the last included.
create temporary table stale_group_span (
    group_type text not null,
    group_id text not null,
    first_on date not null,
    last_on date not null,
    observed_from date not null
) on commit drop;
