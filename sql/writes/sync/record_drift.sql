-- Counts something that this code did not expect of the API.
--   %(account_id)s  the account
--   %(resource)s    type of the resource
--   %(field)s       path within it
--   %(value)s       the word, or null as text
--   %(count)s       how often it was met
--   %(as_of)s       Klaviyo's clock when this sync began
insert into ops.drift as stored (
    account_id, resource, field, value, count, first_seen_at, last_seen_at
)
values (
    %(account_id)s, %(resource)s, %(field)s, %(value)s, %(count)s, %(as_of)s, %(as_of)s
)
on conflict (account_id, resource, field, value) do update
    set count = stored.count + excluded.count, last_seen_at = excluded.last_seen_at;
