-- Records how far the check of which profiles still exist has come.
--   %(position)s  the last profile checked
--   %(as_of)s     Klaviyo's clock when the sync began
insert into ops.profile_check as stored (account_id, position, checked_at)
values (%(account_id)s, %(position)s, %(as_of)s)
on conflict (account_id) do update
    set
        position = excluded.position,
        checked_at = excluded.checked_at;
