-- Removes the metrics' hours that are counted anew. Each span is one walk along the key, so that no
-- plan looks through the hours of all history.
delete from mart.metric_hourly_rollup
where ctid = any(
    array(
        select stale.ctid
        from stale_hour_span as s
        cross join lateral (
            select h.ctid
            from mart.metric_hourly_rollup as h
            where
                h.account_id = %(account_id)s
                and h.metric_id = s.metric_id
                and h.hour_at >= s.since_at
                and h.hour_at < s.until_at
            order by h.hour_at
            offset 0  -- keeps the walk apart
        ) as stale
    )
);
