-- Lets the login %(login)s read the accounts %(accounts)s; those it may read already stay.
insert into ops.account_access (grantee, account_id)
select
    %(login)s as grantee,
    account_id
from unnest(%(accounts)s::text[]) as account_id
on conflict (grantee, account_id) do nothing;
