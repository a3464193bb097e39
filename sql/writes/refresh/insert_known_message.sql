-- One row per id under which events name a message that has changed: from here on, the facts take
-- it from here, so that what a sync learns meanwhile waits for the next refresh.
insert into mart.known_message (account_id, message_ref, message_id, channel)
select
    %(account_id)s,
    message_ref,
    message_id,
    channel
from stale_message
where message_id is not null;
