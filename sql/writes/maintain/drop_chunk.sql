-- Drops the chunk of the events that a span of time is; no trigger tells kept results of it.
--   %(since)s, %(until)s  its range
select ops.note_data_change_of('klaviyo.event')
from drop_chunks('klaviyo.event', older_than => %(until)s, newer_than => %(since)s);
