-- Profiles: consent, predictions, groups that they are in, and what became of those that are gone.

alter table klaviyo.profile
add column email_consent text,
add column email_consent_at timestamptz,
add column email_suppression_reason text,
add column email_suppressed_at timestamptz,
add column sms_consent text,
add column sms_consent_at timestamptz,
add column can_receive_push boolean,
add column push_consent text,
add column push_consent_at timestamptz,
add column is_redacted boolean not null default false,
add column deleted_at timestamptz;

-- those that need a second look at every sync: few
create index profile_ended on klaviyo.profile (account_id, profile_id)
where is_redacted or deleted_at is not null;

comment on column klaviyo.profile.email_consent is 'SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED; null where not asked for.';
comment on column klaviyo.profile.email_suppression_reason is 'Why e-mail is held back: the latest of HARD_BOUNCE, UNSUBSCRIBE, SPAM_COMPLAINT, ...; null while it is not.';
comment on column klaviyo.profile.is_redacted is 'Klaviyo has replaced what identifies the person; its row in profile_personal is gone.';
comment on column klaviyo.profile.deleted_at is 'The first sync that found it gone: merged into another (see profile_merge) or deleted; null while it exists.';

-- One row per profile for which Klaviyo predicts something.
create table klaviyo.profile_prediction (
    account_id text not null references klaviyo.account,
    profile_id text not null,
    historic_clv numeric,
    predicted_clv numeric,
    total_clv numeric,
    historic_number_of_orders numeric,
    predicted_number_of_orders numeric,
    average_days_between_orders numeric,
    average_order_value numeric,
    churn_probability double precision,
    expected_date_of_next_order timestamptz,
    ranked_channel_affinity text[],
    synced_at timestamptz not null default now(),
    primary key (account_id, profile_id)
);

comment on table klaviyo.profile_prediction is 'One row per profile for which Klaviyo predicts something: the latest figures, in the account''s currency.';
comment on column klaviyo.profile_prediction.synced_at is 'When these figures were first seen.';

-- One row per profile merged into another.
create table klaviyo.profile_merge (
    account_id text not null references klaviyo.account,
    source_profile_id text not null,
    target_profile_id text not null,
    how text not null check (how in ('events', 'email', 'phone_number', 'external_id')),
    found_at timestamptz not null,
    primary key (account_id, source_profile_id),
    check (source_profile_id <> target_profile_id)
);

create index profile_merge_by_target on klaviyo.profile_merge (account_id, target_profile_id);

comment on table klaviyo.profile_merge is 'One row per profile merged into another, as found: the target may be merged on later.';
comment on column klaviyo.profile_merge.how is 'events: its events belong to the target now; else: the target has its address, number or id.';
comment on column klaviyo.profile_merge.found_at is 'Klaviyo''s clock at the sync that found it; the merge was before.';

-- One row per stay of a profile in a list or segment; one who leaves and comes back has two.
create table klaviyo.membership (
    account_id text not null references klaviyo.account,
    group_type text not null check (group_type in ('list', 'segment')),
    group_id text not null,
    profile_id text not null,
    joined_at timestamptz not null,
    left_after timestamptz,
    left_at timestamptz,
    first_seen_at timestamptz not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, group_type, group_id, joined_at, profile_id)
);

create index membership_by_profile on klaviyo.membership (account_id, profile_id);

comment on table klaviyo.membership is 'One row per stay of a profile in a list or segment; one who leaves and comes back has two.';
comment on column klaviyo.membership.joined_at is 'joined_group_at.';
comment on column klaviyo.membership.left_after is 'Last instant at which it is known to have been in; null while it is in.';
comment on column klaviyo.membership.left_at is 'First instant at which it is known to be out; null while it is in. Klaviyo keeps no record of leaves: the true one lies between left_after and left_at.';
comment on column klaviyo.membership.first_seen_at is 'Klaviyo''s clock at the sync that first saw the stay.';

-- One row per list or segment whose members were read.
create table ops.group_read (
    account_id text not null references klaviyo.account,
    group_type text not null check (group_type in ('list', 'segment')),
    group_id text not null,
    read_at timestamptz not null,
    swept_at timestamptz not null,
    primary key (account_id, group_type, group_id)
);

comment on table ops.group_read is 'One row per list or segment whose members were read.';
comment on column ops.group_read.read_at is 'Everyone who joined before is known.';
comment on column ops.group_read.swept_at is 'Everyone who left before is known: all members were read then.';

-- One row per account: how far the check of which profiles still exist has come.
create table ops.profile_check (
    account_id text primary key references klaviyo.account,
    position text not null,
    checked_at timestamptz not null
);

comment on table ops.profile_check is 'One row per account: how far the check of which profiles still exist has come; it goes round and round.';
comment on column ops.profile_check.position is 'The last profile checked, in the order of ids.';

alter table klaviyo.event
add column original_profile_id text;

create index event_by_original_profile on klaviyo.event (account_id, original_profile_id)
where original_profile_id is not null;

comment on column klaviyo.event.profile_id is 'The profile it belongs to: after a merge the one that stays, after a deletion null.';
comment on column klaviyo.event.original_profile_id is 'The profile it first belonged to; null while that is profile_id.';

-- What a sync has read of a list or segment and not compared yet; gone with it. A crash of the
-- server may empty it: the group is then read again.
create unlogged table ops.group_member (
    account_id text not null,
    group_type text not null,
    group_id text not null,
    profile_id text not null,
    joined_at timestamptz not null
);

create index group_member_by_group on ops.group_member (account_id, group_type, group_id);

comment on table ops.group_member is 'One row per member that a sync is reading; empty when none is at work.';
