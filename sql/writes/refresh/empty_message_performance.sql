-- Removes all days of messages, but for those whose events were deleted for their age.
delete from mart.message_performance as m
where
    m.account_id = %(account_id)s
    and m.sent_on >= coalesce(
        (
            select max(k.kept_from_on)
            from ops.retention as k
            where k.account_id = %(account_id)s and k.event_class = 'engagement'
        ),
        '-infinity'
    );
