-- Events that no sync reads again are kept by column: a quarter of the bytes, and quick to count.
-- The segments are those that nearly every read names. A sync may still change a row in there: what
-- it touches goes back to rows, and to columns again with the next run of the policy.
alter table klaviyo.event set (
    timescaledb.enable_columnstore = true,
    timescaledb.segmentby = 'account_id, metric_id',
    timescaledb.orderby = 'occurred_at desc, event_id'
);

-- longer than the 90 days that a sync reads again once a month
select add_compression_policy(
    'klaviyo.event',
    compress_after => interval '100 days',
    if_not_exists => true
);

-- A merge of two profiles may move any number of old events. Beyond the limit, which is there
-- against mistakes of hands, the sync would fail.
do $$
begin
    execute format(
        'alter database %I set timescaledb.max_tuples_decompressed_per_dml_transaction = 0',
        current_database()
    );
end
$$;
