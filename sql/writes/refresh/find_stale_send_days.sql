-- Notes the days of the stale pairs' sends: asked before and after they are written anew.
insert into stale_send_day (message_id, sent_on)
select distinct
    r.message_id,
    r.sent_on
from mart.message_recipient as r
inner join stale_recipient as s
    on r.message_id = s.message_id and r.profile_id = s.profile_id
where r.account_id = %(account_id)s
on conflict do nothing;
