-- Ends the stays of profiles that are gone, in every list and segment.
--   %(account_id)s  of the account
--   %(as_of)s       Klaviyo's clock when the sync began
update klaviyo.membership as m
set
    left_after = greatest(m.first_seen_at, m.joined_at),
    left_at = greatest(m.first_seen_at, m.joined_at, %(as_of)s),
    synced_at = now()
from klaviyo.profile as p
where
    p.account_id = %(account_id)s
    and p.deleted_at is not null
    and p.account_id = m.account_id
    and p.profile_id = m.profile_id
    and m.left_at is null;
