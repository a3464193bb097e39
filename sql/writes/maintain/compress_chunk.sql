-- Keeps a chunk by column; nothing where it is kept so already.
--   %(chunk)s  its schema and name
select compress_chunk(%(chunk)s::regclass, if_not_compressed => true);
