-- Drops what was predicted of profiles that are gone.
--   %(account_id)s  of the account
delete from klaviyo.profile_prediction as f
using klaviyo.profile as p
where
    p.account_id = %(account_id)s
    and p.deleted_at is not null
    and p.account_id = f.account_id
    and p.profile_id = f.profile_id;
