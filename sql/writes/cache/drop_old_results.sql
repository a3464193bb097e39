-- Drops the oldest results beyond a number and a size.
--   %(most)s        results kept
--   %(most_bytes)s  bytes kept
with ranked as (
    select
        read_by,
        digest,
        row_number() over newest as position,
        sum(octet_length(result)) over newest as bytes_so_far
    from ops.result_cache
    window newest as (order by kept_at desc rows unbounded preceding)
)

delete from ops.result_cache as c
using ranked as r
where
    c.read_by = r.read_by
    and c.digest = r.digest
    and (r.position > %(most)s or r.bytes_so_far > %(most_bytes)s);
