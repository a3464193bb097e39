-- Writes into the audit log that the login %(login)s was given the role %(role)s, or lost it, as
-- %(action)s says: grant or revoke.
insert into ops.audit_log (action, subject, details)
values (%(action)s, %(role)s, jsonb_build_object('login', %(login)s::text));
