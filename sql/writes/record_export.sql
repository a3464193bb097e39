-- Writes into the audit log that rows left the database.
--   %(exported)s    what they are, such as a file's kind or a read's name; nothing of a person
--   %(count_rows)s  how many
--   %(account_id)s  of which account; null for several
select mart.record_export(%(exported)s, %(count_rows)s, %(account_id)s);
