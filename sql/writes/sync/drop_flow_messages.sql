-- Marks messages that a flow's definition has no more, and unmarks those that it has again.
--   %(account_id)s  the account
--   %(id)s          the flow
--   %(definition)s  its definition, JSON
--   %(as_of)s       Klaviyo's clock when this sync began
with kept as (
    select
        jsonb_path_query(%(definition)s::jsonb, '$.actions[*].data.message.id')
        #>> '{}' as message_id
    union all
    select
        jsonb_path_query(%(definition)s::jsonb, '$.actions[*].data.main_action.data.message.id')
        #>> '{}' as message_id
)

update klaviyo.flow_message as m
set
    deleted_at = case
        when m.message_id not in (
            select kept.message_id
            from kept
            where kept.message_id is not null
        ) then %(as_of)s
    end
where
    m.account_id = %(account_id)s
    and m.flow_id = %(id)s
    and (m.deleted_at is null) <> (
        m.message_id in (
            select kept.message_id
            from kept
            where kept.message_id is not null
        )
    );
