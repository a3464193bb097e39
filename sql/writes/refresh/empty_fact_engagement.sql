-- Removes all days of engagement, but for those whose events were deleted for their age.
delete from mart.fact_engagement as m
where
    m.account_id = %(account_id)s
    and m.day >= coalesce(
        (
            select max(k.kept_from_on)
            from ops.retention as k
            where k.account_id = %(account_id)s and k.event_class = 'engagement'
        ),
        '-infinity'
    );
