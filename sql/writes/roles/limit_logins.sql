-- Sets the limits of every reader and analyst of this database.
select ops.limit_logins();
