-- One row per id under which events name a message: its own, and for a campaign the campaign's.
create or replace view mart.message_ref as
select
    account_id,
    message_id as message_ref,
    message_id
from mart.message
union all
select
    account_id,
    campaign_id as message_ref,
    min(message_id) as message_id
from mart.message
where source = 'campaign'
group by account_id, campaign_id;

comment on view mart.message_ref is 'One row per id under which events name a message: its own, and for a campaign the campaign''s.';
comment on column mart.message_ref.message_ref is 'As klaviyo.event names it.';
comment on column mart.message_ref.message_id is 'The message, as in mart.message; of a campaign with several, the first.';
