-- Drops what identifies a person.
--   %(profile_ids)s  the profiles of the person
delete from klaviyo.profile_personal
where
    account_id = %(account_id)s
    and profile_id = any(%(profile_ids)s::text[]);
