-- Takes the accounts %(accounts)s from the login %(login)s; all of them where that is null.
delete from ops.account_access
where
    grantee = %(login)s
    and (%(accounts)s::text[] is null or account_id = any(%(accounts)s::text[]));
