-- Keeps one thing that was received and cannot be stored.
--   %(payload)s  as received, JSON as text
insert into ops.quarantine as kept (account_id, stream, item_id, reason, payload, run_id)
values (
    %(account_id)s, %(stream)s, %(item_id)s, %(reason)s, %(payload)s::jsonb, %(run_id)s
)
on conflict (account_id, stream, item_id) do update
    set
        reason = excluded.reason,
        payload = excluded.payload,
        last_seen_at = now(),
        run_id = excluded.run_id;
