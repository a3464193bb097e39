-- Removes the sends of pairs that are written anew, and notes their days. Sends whose events were
-- deleted for their age stay: they could not be made again.
with gone as (
    delete from mart.message_recipient as r
    using stale_recipient as s
    where
        r.account_id = %(account_id)s
        and r.message_id = s.message_id
        and r.profile_id = s.profile_id
        and r.sent_on >= coalesce(
            (
                select max(k.kept_from_on)
                from ops.retention as k
                where k.account_id = %(account_id)s and k.event_class = 'engagement'
            ),
            '-infinity'
        )
    returning r.message_id, r.sent_on
)

insert into stale_send_day (message_id, sent_on)
select distinct
    message_id,
    sent_on
from gone;
