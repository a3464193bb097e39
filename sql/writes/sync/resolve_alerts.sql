-- Resolves the open alerts of a kind about some subjects.
--   %(subjects)s  what they are about
--   %(at)s        Klaviyo's clock
update ops.alert
set resolved_at = %(at)s
where
    account_id = %(account_id)s
    and kind = %(kind)s
    and resolved_at is null
    and subject = any(%(subjects)s);
