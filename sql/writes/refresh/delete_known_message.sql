-- Removes what the facts took for the messages that have changed.
delete from mart.known_message as k
using stale_message as s
where
    k.account_id = %(account_id)s
    and k.message_ref = s.message_ref;
