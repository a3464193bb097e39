-- Messages that people received or ordered by are known, as those of a campaign or a flow.
-- One row per message that facts name and mart.message lacks.
-- Mend: workbench sync
with named as (
    select
        account_id,
        message_id
    from mart.message_performance
    union
    select
        account_id,
        message_id
    from mart.orders
    where message_id is not null
)

select
    n.account_id,
    n.message_id
from named as n
left join mart.message as m on n.account_id = m.account_id and n.message_id = m.message_id
where m.message_id is null;
