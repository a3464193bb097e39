-- One row per chunk of the events that is kept by row and older than syncs read again: the policy
-- compresses it when it next runs.
--   %(before)s  chunks that end later are left alone
select
    chunk_schema,
    chunk_name,
    range_start,
    range_end
from timescaledb_information.chunks
where
    hypertable_schema = 'klaviyo'
    and hypertable_name = 'event'
    and not is_compressed
    and range_end <= %(before)s
order by range_start;
