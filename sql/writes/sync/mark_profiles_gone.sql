-- Marks profiles that Klaviyo no longer has; one that was never stored gets a row that says so.
--   %(profile_ids)s  their ids
--   %(as_of)s        Klaviyo's clock when the sync began
insert into klaviyo.profile as stored (account_id, profile_id, deleted_at)
select
    %(account_id)s,
    profile_id,
    %(as_of)s
from unnest(%(profile_ids)s::text[]) as gone (profile_id)
on conflict (account_id, profile_id) do update
    set
        deleted_at = excluded.deleted_at,
        synced_at = now()
    where stored.deleted_at is null;
