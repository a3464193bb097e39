-- One row per order that this refresh removed, wrote or settled: whose it is, and the message that
-- had or has its credit.
create temporary table stale_buyer (
    message_id text,
    profile_id text not null
) on commit drop;
