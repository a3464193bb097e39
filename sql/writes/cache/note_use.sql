-- Adds reads to those of today.
--   %(statements)s, %(sources)s, %(counts)s  lists in the same order
insert into ops.cache_use as u (statement, source, count_reads)
select
    n.statement,
    n.source,
    n.count_reads
from
    unnest(%(statements)s::text[], %(sources)s::text[], %(counts)s::bigint[])
        as n (statement, source, count_reads)
order by n.statement, n.source
on conflict (day, statement, source) do update
    set count_reads = u.count_reads + excluded.count_reads;
