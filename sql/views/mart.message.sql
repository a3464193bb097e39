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
    c.sent_at
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
    null as sent_at
from klaviyo.flow_message as m
inner join klaviyo.flow as f on m.account_id = f.account_id and m.flow_id = f.flow_id;
