-- Tags that things carry are known.
-- One row per tag that campaigns, flows, lists or segments carry and klaviyo.tag lacks.
-- Mend: workbench sync
with carried as (
    select
        account_id,
        unnest(tag_ids) as tag_id
    from klaviyo.campaign
    where deleted_at is null
    union
    select
        account_id,
        unnest(tag_ids) as tag_id
    from klaviyo.flow
    where deleted_at is null
    union
    select
        account_id,
        unnest(tag_ids) as tag_id
    from klaviyo.list
    where deleted_at is null
    union
    select
        account_id,
        unnest(tag_ids) as tag_id
    from klaviyo.segment
    where deleted_at is null
)

select
    c.account_id,
    c.tag_id
from carried as c
left join klaviyo.tag as t on c.account_id = t.account_id and c.tag_id = t.tag_id
where t.tag_id is null;
