-- Events in chunks of 30 days. Rows that are there already move, so a plain database can move up.
select create_hypertable(
    'klaviyo.event',
    by_range('occurred_at', interval '30 days'),
    create_default_indexes => false,
    if_not_exists => true,
    migrate_data => true
);
