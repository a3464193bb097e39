-- Begins a version of a flow, unless the one of now has the same definition; that of another has
-- ended before.
--   %(account_id)s  the account
--   %(id)s          the flow
--   %(digest)s      of the definition
--   %(definition)s  as received, JSON
--   %(as_of)s       Klaviyo's clock when this sync began
insert into klaviyo.flow_version as stored (account_id, flow_id, digest, definition, seen_from)
select
    f.account_id,
    f.flow_id,
    %(digest)s,
    %(definition)s,
    %(as_of)s
from klaviyo.flow as f
where
    f.account_id = %(account_id)s
    and f.flow_id = %(id)s
    and not exists (
        select 1
        from klaviyo.flow_version as v
        where
            v.account_id = f.account_id
            and v.flow_id = f.flow_id
            and v.seen_until is null
    )
-- an old definition that is back in the very second in which it had come
on conflict (account_id, flow_id, seen_from, digest) do update set seen_until = null;
