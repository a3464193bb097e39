-- Removes the messages' send days that are summed anew.
delete from mart.message_performance as m
using stale_send_day as s
where
    m.account_id = %(account_id)s
    and m.message_id = s.message_id
    and m.sent_on = s.sent_on;
