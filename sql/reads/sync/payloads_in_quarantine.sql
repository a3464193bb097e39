-- One row per thing in quarantine that is, or names, one of some profiles, or holds what was known
-- of them, with its payload as text.
--   %(profile_ids)s  the profiles
--   %(texts)s        what was known of them: lower case, as it stands in JSON
select
    stream,
    item_id,
    payload::text as payload
from ops.quarantine
where
    account_id = %(account_id)s
    and exists (
        select 1
        from unnest(%(profile_ids)s::text[] || %(texts)s::text[]) as said (words)
        where strpos(lower(item_id || payload::text), lower(said.words)) > 0
    );
