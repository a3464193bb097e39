-- Marks steps that a flow's definition has no more, and unmarks those that it has again.
--   %(account_id)s  the account
--   %(id)s          the flow
--   %(definition)s  its definition, JSON
--   %(as_of)s       Klaviyo's clock when this sync began
with kept as (
    select jsonb_path_query(%(definition)s::jsonb, '$.actions[*].id') #>> '{}' as action_id
)

update klaviyo.flow_action as a
set
    deleted_at = case
        when a.action_id not in (
            select kept.action_id
            from kept
            where kept.action_id is not null
        ) then %(as_of)s
    end
where
    a.account_id = %(account_id)s
    and a.flow_id = %(id)s
    and (a.deleted_at is null) <> (
        a.action_id in (
            select kept.action_id
            from kept
            where kept.action_id is not null
        )
    );
