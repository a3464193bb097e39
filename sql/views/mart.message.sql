-- One row per message that can be sent: of a campaign or of a flow.
create or replace view mart.message as
select
    m.account_id,
    m.message_id,
    'campaign' as source,
    m.campaign_id,
    null as flow_id,
    coalesce(m.channel, c.channel) as channel,
    c.name,
    m.subject,
    c.status,
    c.sent_at,
    null as flow_name
from klaviyo.campaign_message as m
inner join klaviyo.campaign as c on m.account_id = c.account_id and m.campaign_id = c.campaign_id
union all
select
    m.account_id,
    m.message_id,
    'flow' as source,
    null as campaign_id,
    m.flow_id,
    m.channel,
    f.name || ': ' || coalesce(m.name, m.message_id) as name,
    m.subject,
    f.status,
    null as sent_at,
    f.name as flow_name
from klaviyo.flow_message as m
inner join klaviyo.flow as f on m.account_id = f.account_id and m.flow_id = f.flow_id;

comment on view mart.message is 'One row per message that can be sent: of a campaign or of a flow.';
comment on column mart.message.message_id is 'The message.';
comment on column mart.message.source is 'campaign or flow.';
comment on column mart.message.campaign_id is 'Its campaign; null of a flow''s.';
comment on column mart.message.flow_id is 'Its flow; null of a campaign''s.';
comment on column mart.message.channel is 'email, sms or mobile_push; null where not known.';
comment on column mart.message.name is 'Of the campaign; of a flow''s message the flow''s name and its own.';
comment on column mart.message.status is 'Of its campaign or flow, in Klaviyo''s words.';
comment on column mart.message.sent_at is 'When sending began; null of a flow''s.';
comment on column mart.message.flow_name is 'Of its flow; null of a campaign''s.';
