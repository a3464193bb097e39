-- One row per series that was forecast in one go: what was fitted and which model won.
create table model.forecast_model (
    forecast_id text not null,
    account_id text not null references klaviyo.account,
    unique_id text not null,
    champion text not null,
    cutoff date not null,
    horizon_days integer not null check (horizon_days > 0),
    unit text not null,
    parameters jsonb not null,
    dropped jsonb not null default '[]',
    created_at timestamptz not null default now(),
    primary key (forecast_id, unique_id)
);

create index forecast_model_latest on model.forecast_model (account_id, unique_id, created_at desc);

-- One row per forecast series, model and day ahead.
create table model.forecast_prediction (
    forecast_id text not null,
    unique_id text not null,
    model text not null,
    ds date not null,
    step integer not null check (step > 0),
    y_hat double precision not null,
    lo_80 double precision,
    hi_80 double precision,
    lo_95 double precision,
    hi_95 double precision,
    is_champion boolean not null,
    primary key (forecast_id, unique_id, model, ds),
    foreign key (forecast_id, unique_id) references model.forecast_model on delete cascade
);

-- One row per forecast series and model: its errors on the backtest's rolling origins.
create table model.model_performance (
    forecast_id text not null,
    unique_id text not null,
    model text not null,
    n integer not null,
    mae double precision,
    rmse double precision,
    mase double precision,
    smape double precision,
    bias double precision,
    coverage_80 double precision,
    coverage_95 double precision,
    primary key (forecast_id, unique_id, model),
    foreign key (forecast_id, unique_id) references model.forecast_model on delete cascade
);

comment on table model.forecast_model is 'One row per series forecast in one go: what was fitted, which model won.';
comment on column model.forecast_model.forecast_id is 'Digest of all that was predicted: the same forecast again is the same row.';
comment on column model.forecast_model.unit is 'ISO 4217 currency of a money series, else the thing counted.';
comment on table model.forecast_prediction is 'One row per forecast series, model and day ahead.';
comment on table model.model_performance is 'One row per forecast series and model: errors on rolling origins.';
