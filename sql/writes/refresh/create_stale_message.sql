-- One row per id under which events name a message, whose message or channel is another now.
create temporary table stale_message (
    message_ref text not null,
    was_message_id text not null,
    message_id text,
    channel text
) on commit drop;
