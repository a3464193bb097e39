-- One row: whether this transaction now holds the lock of the account's sync.
select pg_try_advisory_xact_lock(hashtext('workbench sync'), hashtext(%(account_id)s)) as is_held;
