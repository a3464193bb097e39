-- The register of forecasts: what was fitted on which data by which versions, what each model said
-- in the past, and what was predicted, at any grain. Forecasts made before stay readable.

alter table model.forecast_model rename column horizon_days to horizon;
alter table model.forecast_model
add column metric text,
add column dimension text not null default ''
check (dimension in ('', 'channel', 'source', 'flow', 'campaign')),
add column grain text not null default 'D' check (grain in ('h', 'D', 'W', 'MS')),
add column stated text,
add column history_from date,
add column data_as_of timestamptz,
add column packages jsonb not null default '{}',
add column notes jsonb not null default '[]',
add column confirmed_at timestamptz;

update model.forecast_model
set
    metric = unique_id,
    stated = champion,
    confirmed_at = created_at;

alter table model.forecast_model
alter column metric set not null,
alter column stated set not null,
alter column confirmed_at set not null,
alter column confirmed_at set default clock_timestamp(),
alter column created_at set default clock_timestamp(),
add constraint it_was_made_before_it_was_confirmed check (created_at <= confirmed_at);

drop index model.forecast_model_latest;
create index forecast_model_latest
on model.forecast_model (account_id, unique_id, grain, cutoff desc, confirmed_at desc);

alter table model.forecast_prediction
add column starts_at timestamptz,
add column lo_50 double precision,
add column hi_50 double precision,
add column lo_90 double precision,
add column hi_90 double precision;

update model.forecast_prediction as p
set starts_at = p.ds::timestamp at time zone a.timezone
from model.forecast_model as m
inner join klaviyo.account as a on m.account_id = a.account_id
where p.forecast_id = m.forecast_id and p.unique_id = m.unique_id;

-- by hours, several steps are of one day
alter table model.forecast_prediction drop constraint forecast_prediction_pkey;
alter table model.forecast_prediction
alter column starts_at set not null,
drop column is_champion,
drop constraint an_interval_has_an_order,
add constraint an_interval_has_an_order
check (lo_50 <= hi_50 and lo_80 <= hi_80 and lo_90 <= hi_90 and lo_95 <= hi_95),
add primary key (forecast_id, unique_id, model, step);

create index forecast_prediction_by_day on model.forecast_prediction (unique_id, ds);

-- What the backtest found has its own name, beside what became of the forecast itself (0024).
alter table model.model_performance rename to backtest_score;
alter table model.backtest_score rename constraint model_performance_pkey to backtest_score_pkey;
alter table model.backtest_score
add column weight double precision check (weight between 0 and 1);

-- One row per forecast series and level: how often its intervals held in the past.
create table model.backtest_coverage (
    forecast_id text not null,
    unique_id text not null,
    level integer not null check (level between 1 and 99),
    coverage double precision check (coverage between 0 and 1),
    primary key (forecast_id, unique_id, level),
    foreign key (forecast_id, unique_id) references model.forecast_model on delete cascade
);

insert into model.backtest_coverage (forecast_id, unique_id, level, coverage)
select
    s.forecast_id,
    s.unique_id,
    told.level,
    told.coverage
from model.backtest_score as s
inner join model.forecast_model as m
    on s.forecast_id = m.forecast_id and s.unique_id = m.unique_id and s.model = m.stated
cross join lateral (values (80, s.coverage_80), (95, s.coverage_95)) as told (level, coverage);

alter table model.backtest_score
drop column coverage_80,
drop column coverage_95,
add constraint counts_are_not_negative check (n >= 0);

comment on table model.forecast_model is 'One row per series forecast in one go: on which data, by which models and versions.';
comment on table model.forecast_prediction is 'One row per forecast series, model and step ahead; append-only.';
comment on table model.backtest_score is 'One row per forecast series and model: its errors on rolling origins of the past, and its weight in the combination.';
comment on table model.backtest_coverage is 'One row per forecast series and level: how often the intervals held on rolling origins of the past, beside how often they should.';
