-- One row per message, profile and way in which a refresh finds that their sends are stale, and
-- since when they have events; null where that is not known, -infinity for all there are.
create temporary table found_recipient (
    message_id text not null,
    profile_id text not null,
    since_at timestamptz
) on commit drop;
