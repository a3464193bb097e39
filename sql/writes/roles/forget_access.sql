-- Lets the next migration set roles and rights anew.
delete from ops.schema_migration
where name = 'access';
