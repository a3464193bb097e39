-- One row per message and profile whose sends this refresh writes anew.
create temporary table stale_recipient (
    message_id text not null,
    profile_id text not null
) on commit drop;
