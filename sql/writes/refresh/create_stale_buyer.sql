-- One row per order that this refresh removed: the (message, profile) pair that had its credit.
create temporary table stale_buyer (
    message_id text not null,
    profile_id text not null
) on commit drop;
