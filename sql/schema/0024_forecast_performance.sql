-- What became of forecasts: what happened, and how far off they were, by how far ahead.

-- the usual error of repeating the last season, which makes errors of series comparable
alter table model.forecast_model add column naive_error double precision check (naive_error >= 0);

-- One row per step that is over of a series that was forecast, from the first step predicted on.
create table model.actual (
    account_id text not null references klaviyo.account,
    unique_id text not null,
    grain text not null check (grain in ('h', 'D', 'W', 'MS')),
    starts_at timestamptz not null,
    ds date not null,
    y double precision not null,
    read_at timestamptz not null default clock_timestamp(),
    primary key (account_id, unique_id, grain, starts_at)
);

comment on table model.actual is 'One row per step that is over of a series that was forecast, from the first step predicted on: what happened.';
comment on column model.actual.unique_id is 'The series, as in model.forecast_model.';
comment on column model.actual.grain is 'Length of the step: h, D, W or MS.';
comment on column model.actual.starts_at is 'The instant at which the step begins.';
comment on column model.actual.ds is 'The account day on which it begins.';
comment on column model.actual.y is 'What the facts say, in the unit of its forecasts.';
comment on column model.actual.read_at is 'When the facts last said something new of it.';

-- One row per forecast series, model and range of steps ahead.
create table model.model_performance (
    forecast_id text not null,
    unique_id text not null,
    model text not null,
    step_from integer not null check (step_from > 0),
    n integer not null check (n > 0),
    mae double precision not null,
    rmse double precision not null,
    bias double precision not null,
    mase double precision,
    coverage_50 double precision check (coverage_50 between 0 and 1),
    coverage_80 double precision check (coverage_80 between 0 and 1),
    coverage_90 double precision check (coverage_90 between 0 and 1),
    coverage_95 double precision check (coverage_95 between 0 and 1),
    first_on date not null,
    last_on date not null,
    scored_at timestamptz not null default clock_timestamp(),
    primary key (forecast_id, unique_id, model, step_from),
    foreign key (forecast_id, unique_id) references model.forecast_model on delete cascade
);

comment on table model.model_performance is 'One row per forecast series, model and range of steps ahead: how the forecast did, as far as its steps are over.';
comment on column model.model_performance.forecast_id is 'The forecast, as in model.forecast_model.';
comment on column model.model_performance.unique_id is 'The series.';
comment on column model.model_performance.model is 'The model stated, the champion, or seasonal_naive.';
comment on column model.model_performance.step_from is 'First of the steps ahead that are taken together: 1, 2 (to 7), 8 (to 14), 15 (to 28), 29 (to 56) or 57 (and more).';
comment on column model.model_performance.n is 'Steps that are over.';
comment on column model.model_performance.mae is 'Mean absolute error, in the forecast''s unit.';
comment on column model.model_performance.rmse is 'Root of the mean squared error, in the forecast''s unit.';
comment on column model.model_performance.bias is 'Mean of forecast minus actual, in the forecast''s unit.';
comment on column model.model_performance.mase is 'Mean absolute error over that of the seasonal naive forecast in sample: below 1 is better; null where that is 0.';
comment on column model.model_performance.coverage_50 is 'Share of actual values within the 50 % interval; null where there is none.';
comment on column model.model_performance.coverage_80 is 'Share of actual values within the 80 % interval.';
comment on column model.model_performance.coverage_90 is 'Share of actual values within the 90 % interval.';
comment on column model.model_performance.coverage_95 is 'Share of actual values within the 95 % interval.';
comment on column model.model_performance.first_on is 'Account day on which the first of them begins.';
comment on column model.model_performance.last_on is 'Account day on which the last of them begins.';
comment on column model.model_performance.scored_at is 'When it was computed.';
comment on column model.forecast_model.naive_error is 'Mean absolute seasonal difference of all that it knew: what mase divides by.';
