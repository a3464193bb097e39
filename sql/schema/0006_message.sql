-- One row per campaign of any channel, archived ones included.
create table klaviyo.campaign (
    account_id text not null references klaviyo.account,
    campaign_id text not null,
    name text not null,
    channel text,
    status text not null,
    is_archived boolean not null,
    created_at timestamptz,
    updated_at timestamptz,
    scheduled_at timestamptz,
    sent_at timestamptz,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, campaign_id)
);

-- One row per message of a campaign.
create table klaviyo.campaign_message (
    account_id text not null references klaviyo.account,
    message_id text not null,
    campaign_id text not null,
    channel text,
    label text,
    subject text,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, message_id)
);

-- One row per flow.
create table klaviyo.flow (
    account_id text not null references klaviyo.account,
    flow_id text not null,
    name text not null,
    status text,
    is_archived boolean not null,
    trigger_type text,
    created_at timestamptz,
    updated_at timestamptz,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, flow_id)
);

-- One row per message of a flow, read from the flow's definition.
create table klaviyo.flow_message (
    account_id text not null references klaviyo.account,
    message_id text not null,
    flow_id text not null,
    action_id text,
    name text,
    channel text,
    subject text,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, message_id)
);

comment on table klaviyo.campaign is 'One row per campaign of any channel, archived ones included.';
comment on column klaviyo.campaign.sent_at is 'send_time: when sending began; null while a draft.';
comment on table klaviyo.campaign_message is 'One row per message of a campaign.';
comment on table klaviyo.flow is 'One row per flow.';
comment on table klaviyo.flow_message is 'One row per message of a flow, read from the flow''s definition.';
