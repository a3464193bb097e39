-- One row per message and profile whose sends this refresh writes anew, and since when it looks for
-- their events.
create temporary table stale_recipient (
    message_id text not null,
    profile_id text not null,
    since_at timestamptz not null
) on commit drop;
