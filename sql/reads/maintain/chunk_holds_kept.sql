-- One row where a span of time holds an event that is kept, else none: of a metric that has no time
-- limit, of one that has and lies behind it, with an attribution, or credited.
--   %(since)s, %(until)s  [since, until): a chunk
select true as holds_kept
where
    exists (
        select 1
        from klaviyo.event as e
        left join ops.retention as r
            on
                e.account_id = r.account_id
                and e.metric_id = r.metric_id
                and e.occurred_at < r.kept_from
        left join credited_event as c on e.account_id = c.account_id and e.event_id = c.event_id
        where
            e.occurred_at >= %(since)s
            and e.occurred_at < %(until)s
            and (
                r.metric_id is null
                or c.event_id is not null
                or e.attributions is not null
            )
    );
