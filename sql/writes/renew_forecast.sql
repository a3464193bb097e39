-- Makes a forecast that is stored already the newest; touches no row when it is not.
update model.forecast_model
set created_at = clock_timestamp()
where
    account_id = %(account_id)s
    and forecast_id = %(forecast_id)s;
