-- One row per statement whose results are kept: where those of the last 30 days came from.
create or replace view ops.cache_hit_rate as
with used as (
    select
        statement,
        sum(count_reads) as count_reads,
        coalesce(sum(count_reads) filter (where source = 'memory'), 0) as from_memory,
        coalesce(sum(count_reads) filter (where source = 'database'), 0) as from_database,
        coalesce(sum(count_reads) filter (where source = 'computed'), 0) as computed,
        coalesce(sum(count_reads) filter (where source = 'failed'), 0) as failed
    from ops.cache_use
    where day > (now() at time zone 'UTC')::date - 30
    group by statement
),

kept as (
    select
        statement,
        count(*) as count_results,
        sum(octet_length(result)) as count_bytes
    from ops.result_cache
    group by statement
)

select
    coalesce(u.statement, k.statement) as statement,
    coalesce(u.count_reads, 0)::bigint as count_reads,
    coalesce(u.from_memory, 0)::bigint as from_memory,
    coalesce(u.from_database, 0)::bigint as from_database,
    coalesce(u.computed, 0)::bigint as computed,
    coalesce(u.failed, 0)::bigint as failed,
    round((u.from_memory + u.from_database) / u.count_reads, 4) as hit_rate,
    coalesce(k.count_results, 0)::bigint as count_results,
    coalesce(k.count_bytes, 0)::bigint as count_bytes
from used as u
full outer join kept as k on u.statement = k.statement;

comment on view ops.cache_hit_rate is 'One row per statement whose results are kept: where those of the last 30 days came from.';
comment on column ops.cache_hit_rate.statement is 'Its name below sql/.';
comment on column ops.cache_hit_rate.count_reads is 'Reads of the last 30 days.';
comment on column ops.cache_hit_rate.from_memory is 'Of them, from the memory of the process.';
comment on column ops.cache_hit_rate.from_database is 'Of them, from ops.result_cache.';
comment on column ops.cache_hit_rate.computed is 'Of them, computed from the tables.';
comment on column ops.cache_hit_rate.failed is 'Of them, computed because the cache could not be used.';
comment on column ops.cache_hit_rate.hit_rate is 'From memory or ops.result_cache, of all reads; null where there was none.';
comment on column ops.cache_hit_rate.count_results is 'Results kept now.';
comment on column ops.cache_hit_rate.count_bytes is 'Bytes of them.';
