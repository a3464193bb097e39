-- One row per statement whose results are kept, the most read first.
select
    statement,
    count_reads,
    from_memory,
    from_database,
    computed,
    failed,
    hit_rate,
    count_results,
    count_bytes
from ops.cache_hit_rate
order by count_reads desc, statement asc;
