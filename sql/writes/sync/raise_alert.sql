-- Raises an alert, or tells an open one anew.
--   %(at)s  Klaviyo's clock
insert into ops.alert (account_id, kind, subject, message, details, raised_at, repeated_at)
values (
    %(account_id)s, %(kind)s, %(subject)s, %(message)s, %(details)s, %(at)s, %(at)s
)
on conflict (account_id, kind, subject) where resolved_at is null do update
    set
        message = excluded.message,
        details = excluded.details,
        repeated_at = excluded.repeated_at;
