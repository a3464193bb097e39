-- Keeps a result in place of an older one.
--   %(digest)s        of the statement and its parameters
--   %(data_version)s  of the tables behind it, when it was read
--   %(statement)s     name below sql/
--   %(result)s        the rows as an Arrow file
insert into ops.result_cache (digest, data_version, statement, result)
values (%(digest)s, %(data_version)s, %(statement)s, %(result)s)
on conflict (read_by, digest) do update
    set
        data_version = excluded.data_version,
        result = excluded.result,
        kept_at = excluded.kept_at;
