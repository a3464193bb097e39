-- Lists, segments, tags, templates, forms, the trees of flows, and what happened to all of them:
-- names that changed, versions, deletions, words that this code does not know.

-- One row per list.
create table klaviyo.list (
    account_id text not null references klaviyo.account,
    list_id text not null,
    name text not null,
    opt_in_process text,
    created_at timestamptz,
    updated_at timestamptz,
    tag_ids text[],
    payload jsonb not null,
    deleted_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, list_id)
);

-- One row per segment.
create table klaviyo.segment (
    account_id text not null references klaviyo.account,
    segment_id text not null,
    name text not null,
    is_active boolean,
    is_processing boolean,
    is_starred boolean,
    created_at timestamptz,
    updated_at timestamptz,
    tag_ids text[],
    payload jsonb not null,
    deleted_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, segment_id)
);

comment on table klaviyo.list is 'One row per list; who is in it is apart.';
comment on column klaviyo.list.tag_ids is 'The tags it carries; null where not said.';
comment on column klaviyo.list.deleted_at is 'The first sync that found it gone; null while it exists.';
comment on table klaviyo.segment is 'One row per segment, its definition in the payload; who is in it is apart.';
comment on column klaviyo.segment.deleted_at is 'The first sync that found it gone; null while it exists.';

-- One row per group of tags.
create table klaviyo.tag_group (
    account_id text not null references klaviyo.account,
    tag_group_id text not null,
    name text not null,
    is_exclusive boolean,
    is_default boolean,
    payload jsonb not null,
    deleted_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, tag_group_id)
);

-- One row per tag.
create table klaviyo.tag (
    account_id text not null references klaviyo.account,
    tag_id text not null,
    name text not null,
    tag_group_id text,
    payload jsonb not null,
    deleted_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, tag_id)
);

comment on table klaviyo.tag_group is 'One row per group of tags.';
comment on table klaviyo.tag is 'One row per tag; what carries it names it in tag_ids.';

-- One row per template of an e-mail.
create table klaviyo.template (
    account_id text not null references klaviyo.account,
    template_id text not null,
    name text not null,
    editor_type text,
    created_at timestamptz,
    updated_at timestamptz,
    payload jsonb not null,
    deleted_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, template_id)
);

comment on table klaviyo.template is 'One row per template of an e-mail; its HTML and text in the payload.';

-- One row per sign-up form.
create table klaviyo.form (
    account_id text not null references klaviyo.account,
    form_id text not null,
    name text not null,
    status text,
    is_ab_test boolean,
    created_at timestamptz,
    updated_at timestamptz,
    payload jsonb not null,
    detail_of timestamptz,
    detail_read_at timestamptz,
    deleted_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, form_id)
);

-- One row per version of a form.
create table klaviyo.form_version (
    account_id text not null references klaviyo.account,
    version_id text not null,
    form_id text not null,
    variation_name text,
    form_type text,
    status text,
    created_at timestamptz,
    updated_at timestamptz,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, version_id)
);

comment on table klaviyo.form is 'One row per sign-up form.';
comment on column klaviyo.form.detail_of is 'updated_at of the form as of which its versions were last read; null before.';
comment on column klaviyo.form.detail_read_at is 'The sync that last read its versions.';
comment on table klaviyo.form_version is 'One row per version of a form; a version is never taken away, its status says whether it shows.';

-- One row per metric that the account made of other metrics.
create table klaviyo.custom_metric (
    account_id text not null references klaviyo.account,
    custom_metric_id text not null,
    name text not null,
    aggregation_method text,
    metric_ids text[],
    created_at timestamptz,
    updated_at timestamptz,
    payload jsonb not null,
    deleted_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, custom_metric_id)
);

-- One row per name that a metric has had.
create table klaviyo.metric_name (
    account_id text not null references klaviyo.account,
    metric_id text not null,
    name text not null,
    seen_from timestamptz not null,
    seen_until timestamptz,
    primary key (account_id, metric_id, seen_from, name)
);

comment on table klaviyo.custom_metric is 'One row per metric that the account made of other metrics.';
comment on table klaviyo.metric_name is 'One row per name that a metric has had; facts are kept by id, so a new name changes none.';
comment on column klaviyo.metric_name.seen_until is 'The first sync that found another name; null for the name of now.';

-- Campaigns: to whom and how they are sent.
alter table klaviyo.campaign
add column included_ids text[],
add column excluded_ids text[],
add column send_strategy text,
add column tag_ids text[],
add column deleted_at timestamptz;

alter table klaviyo.campaign_message
add column template_id text,
add column created_at timestamptz,
add column updated_at timestamptz;

comment on column klaviyo.campaign.included_ids is 'Lists and segments that it goes to.';
comment on column klaviyo.campaign.excluded_ids is 'Lists and segments whose members it leaves out.';
comment on column klaviyo.campaign.send_strategy is 'static, immediate, throttled, smart_send_time, ab_test_campaign, ...';
comment on column klaviyo.campaign.tag_ids is 'The tags it carries; null where not said.';
comment on column klaviyo.campaign.deleted_at is 'The first sync that found it gone; null while it exists. Its history stays.';

-- One row per campaign that was still to be sent when Klaviyo was asked how many it would reach.
create table klaviyo.campaign_estimate (
    account_id text not null references klaviyo.account,
    campaign_id text not null,
    recipients integer,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, campaign_id)
);

comment on table klaviyo.campaign_estimate is 'One row per campaign: how many profiles it would have reached when it was last asked, before it was sent.';

-- Flows: their steps, and each definition that they have had.
alter table klaviyo.flow
add column tag_ids text[],
add column detail_of timestamptz,
add column detail_read_at timestamptz,
add column deleted_at timestamptz;

alter table klaviyo.flow_message
add column template_id text,
add column is_transactional boolean,
add column deleted_at timestamptz;

-- One row per step of a flow.
create table klaviyo.flow_action (
    account_id text not null references klaviyo.account,
    flow_id text not null,
    action_id text not null,
    position integer not null,
    action_type text,
    status text,
    message_id text,
    next_ids text[],
    payload jsonb not null,
    deleted_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, flow_id, action_id)
);

-- One row per definition that a flow has had.
create table klaviyo.flow_version (
    account_id text not null references klaviyo.account,
    flow_id text not null,
    digest text not null,
    definition jsonb not null,
    seen_from timestamptz not null,
    seen_until timestamptz,
    primary key (account_id, flow_id, seen_from, digest)
);

comment on column klaviyo.flow.detail_of is 'updated_at of the flow as of which its definition was last read; null before.';
comment on column klaviyo.flow.detail_read_at is 'The sync that last read its definition.';
comment on column klaviyo.flow.deleted_at is 'The first sync that found it gone; null while it exists. Its history stays.';
comment on column klaviyo.flow_message.deleted_at is 'The first sync whose definition of the flow lacks it; null while it is part of the flow.';
comment on table klaviyo.flow_action is 'One row per step of a flow, as its latest definition has it.';
comment on column klaviyo.flow_action.position is 'Its place in the definition, from 0.';
comment on column klaviyo.flow_action.message_id is 'The message it sends, of a test the one under test; null where it sends none.';
comment on column klaviyo.flow_action.next_ids is 'Steps that follow: one, or of a split that of yes before that of no.';
comment on column klaviyo.flow_action.deleted_at is 'The first sync whose definition of the flow lacks it; null while it is part of the flow.';
comment on table klaviyo.flow_version is 'One row per definition that a flow has had; a new one only when its digest changes.';
comment on column klaviyo.flow_version.digest is 'SHA-256 of the definition as JSON with sorted keys.';
comment on column klaviyo.flow_version.seen_until is 'The first sync that read another definition; null for the one of now.';

-- One row per word, or missing value, that this code did not expect of the API.
create table ops.drift (
    account_id text not null references klaviyo.account,
    resource text not null,
    field text not null,
    value text not null,
    count bigint not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (account_id, resource, field, value)
);

comment on table ops.drift is 'One row per word, attribute or missing value that this code did not expect of the API.';
comment on column ops.drift.resource is 'Type of the resource: campaign, flow-action, event, ...';
comment on column ops.drift.field is 'Path within the resource; attributes for an attribute that is not known.';
comment on column ops.drift.value is 'The unknown word, or null for a value that was promised. Never anything of a person.';
comment on column ops.drift.count is 'How often it was met, over all syncs.';
