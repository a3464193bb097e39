-- One row per chunk of the events that lies wholly before an instant.
--   %(kept_from)s  first instant that is kept
select
    chunk_schema,
    chunk_name,
    range_start,
    range_end
from timescaledb_information.chunks
where
    hypertable_schema = 'klaviyo'
    and hypertable_name = 'event'
    and range_end <= %(kept_from)s
order by range_start;
