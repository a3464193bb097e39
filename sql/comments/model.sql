-- What the columns of model mean, where their tables do not say it themselves.
comment on column model.forecast_model.unique_id is 'The series.';
comment on column model.forecast_model.champion is 'The model that did best on rolling origins.';
comment on column model.forecast_model.cutoff is 'Last day that the forecast knew.';
comment on column model.forecast_model.horizon_days is 'Days ahead.';
comment on column model.forecast_model.parameters is 'What it was asked with, to repeat it.';
comment on column model.forecast_model.dropped is 'Models that failed, with the reason: [{model, reason}].';
comment on column model.forecast_model.created_at is 'When it was made, or was last made again.';

comment on column model.forecast_prediction.forecast_id is 'The forecast, as in model.forecast_model.';
comment on column model.forecast_prediction.unique_id is 'The series.';
comment on column model.forecast_prediction.model is 'The model that says so.';
comment on column model.forecast_prediction.ds is 'The day predicted, in the account''s time zone.';
comment on column model.forecast_prediction.step is 'Days after the cutoff, from 1.';
comment on column model.forecast_prediction.y_hat is 'The value predicted, in the forecast''s unit.';
comment on column model.forecast_prediction.lo_80 is 'Lower end of the interval that should hold 80 of 100 values; null where too few errors are known.';
comment on column model.forecast_prediction.hi_80 is 'Upper end of that interval.';
comment on column model.forecast_prediction.lo_95 is 'Lower end of the interval that should hold 95 of 100 values; null where too few errors are known.';
comment on column model.forecast_prediction.hi_95 is 'Upper end of that interval.';
comment on column model.forecast_prediction.is_champion is 'Whether the model is the champion of its series.';

comment on column model.model_performance.forecast_id is 'The forecast, as in model.forecast_model.';
comment on column model.model_performance.unique_id is 'The series.';
comment on column model.model_performance.model is 'The model scored.';
comment on column model.model_performance.n is 'Days that were predicted and compared.';
comment on column model.model_performance.mae is 'Mean absolute error, in the forecast''s unit.';
comment on column model.model_performance.rmse is 'Root of the mean squared error, in the forecast''s unit.';
comment on column model.model_performance.mase is 'Mean absolute error over that of the seasonal naive forecast in sample: below 1 is better.';
comment on column model.model_performance.smape is 'Symmetric mean absolute percentage error, as a fraction.';
comment on column model.model_performance.bias is 'Mean of forecast minus actual, in the forecast''s unit.';
comment on column model.model_performance.coverage_80 is 'Share of actual values within the 80 % interval.';
comment on column model.model_performance.coverage_95 is 'Share of actual values within the 95 % interval.';
