-- Removes all repeats, but for those between sends whose events were deleted for their age.
delete from mart.message_repeat as m
where
    m.account_id = %(account_id)s
    and m.next_on >= coalesce(
        (
            select max(k.kept_from_on)
            from ops.retention as k
            where k.account_id = %(account_id)s and k.event_class = 'engagement'
        ),
        '-infinity'
    );
