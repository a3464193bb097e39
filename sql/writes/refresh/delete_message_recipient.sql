-- Removes the sends of pairs that are written anew.
delete from mart.message_recipient as r
using stale_recipient as s
where
    r.account_id = %(account_id)s
    and r.message_id = s.message_id
    and r.profile_id = s.profile_id;
