-- Notes the ids under which events name a message, whose message or channel has changed since the
-- facts last took it. Messages are few: to compare all of them costs the same however many sends
-- and orders they have.
with named as (
    select distinct on (ref.message_ref)
        ref.message_ref,
        ref.message_id,
        m.channel
    from mart.message_ref as ref
    left join mart.message as m on ref.account_id = m.account_id and ref.message_id = m.message_id
    where ref.account_id = %(account_id)s
    order by ref.message_ref asc, ref.message_id asc, m.channel asc
),

known as (
    select
        message_ref,
        message_id,
        channel
    from mart.known_message
    where account_id = %(account_id)s
)

insert into stale_message (message_ref, was_message_id, message_id, channel)
select
    coalesce(n.message_ref, k.message_ref) as message_ref,
    -- what no campaign or flow knew went under the name that its events gave it
    coalesce(k.message_id, n.message_ref) as was_message_id,
    n.message_id,
    n.channel
from named as n
full join known as k on n.message_ref = k.message_ref
where
    n.message_id is distinct from k.message_id
    or n.channel is distinct from k.channel;
