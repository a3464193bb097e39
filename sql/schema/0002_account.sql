-- One row per Klaviyo account.
create table klaviyo.account (
    account_id text primary key,
    name text not null,
    timezone text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    country text,
    is_simulated boolean not null,
    payload jsonb not null,
    synced_at timestamptz not null default now()
);

comment on table klaviyo.account is 'One row per Klaviyo account.';
comment on column klaviyo.account.timezone is 'IANA time zone: every day, week and month is counted in it.';
comment on column klaviyo.account.currency is 'preferred_currency, ISO 4217; of events that name none.';
comment on column klaviyo.account.country is 'Country of the contact address, as written there.';
comment on column klaviyo.account.is_simulated is 'True for the sandbox; shown wherever its data shows.';
