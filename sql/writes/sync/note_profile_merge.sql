-- Notes that a profile was merged into another, as its events tell.
--   %(profile_id)s  the profile that is gone
--   %(owner_id)s    the one that its events belong to now
insert into klaviyo.profile_merge as stored (
    account_id, source_profile_id, target_profile_id, how, found_at
)
values (%(account_id)s, %(profile_id)s, %(owner_id)s, 'events', %(as_of)s)
on conflict (account_id, source_profile_id) do update
    set
        target_profile_id = excluded.target_profile_id,
        how = excluded.how,
        found_at = excluded.found_at
    where stored.how <> 'events';
