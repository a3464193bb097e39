-- One row per profile, without what identifies a person.
create table klaviyo.profile (
    account_id text not null references klaviyo.account,
    profile_id text not null,
    country text,
    region text,
    timezone text,
    can_receive_email boolean,
    can_receive_sms boolean,
    created_at timestamptz,
    updated_at timestamptz,
    last_event_at timestamptz,
    synced_at timestamptz not null default now(),
    primary key (account_id, profile_id)
);

comment on table klaviyo.profile is 'One row per profile, without what identifies a person.';
comment on column klaviyo.profile.can_receive_email is 'subscriptions.email.marketing.can_receive_email_marketing; null where not asked for.';

-- One row per profile: what identifies a person, apart from everything that analysis reads.
create table klaviyo.profile_personal (
    account_id text not null,
    profile_id text not null,
    email text,
    phone_number text,
    external_id text,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, profile_id),
    foreign key (account_id, profile_id) references klaviyo.profile on delete cascade
);

comment on table klaviyo.profile_personal is 'One row per profile: e-mail, phone and the whole payload; no analysis reads it.';
