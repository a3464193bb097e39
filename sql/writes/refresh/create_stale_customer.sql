-- One row per profile of an order that this refresh removed, wrote or settled.
create temporary table stale_customer (
    profile_id text not null
) on commit drop;
