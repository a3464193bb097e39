-- Removes all conversions, but for those whose events were deleted for their age.
delete from mart.fact_conversions as m
where
    m.account_id = %(account_id)s
    and not exists (
        select 1
        from ops.kept_from as k
        where
            k.account_id = m.account_id
            and k.metric_id = m.metric_id
            and k.kept_from_on > m.day
    );
