-- Waits for another refresh of the account to end.
select pg_advisory_xact_lock(hashtext('workbench refresh'), hashtext(%(account_id)s));
