-- Deletes the account's requests that are older than 30 days.
--   %(as_of)s  Klaviyo's clock
delete from ops.request
where
    account_id = %(account_id)s
    and at < %(as_of)s - interval '30 days';
