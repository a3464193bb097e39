-- Deletes what a sync that died had read of the account's groups and not compared.
delete from ops.group_member
where account_id = %(account_id)s;
