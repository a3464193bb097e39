-- Removes the repeats of pairs whose sends are written anew.
delete from mart.message_repeat as t
using stale_recipient as s
where
    t.account_id = %(account_id)s
    and t.message_id = s.message_id
    and t.profile_id = s.profile_id;
