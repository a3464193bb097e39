-- Notes that a forecast that is stored already was made again and said the same; touches no row
-- when it is new.
update model.forecast_model
set confirmed_at = clock_timestamp()
where
    account_id = %(account_id)s
    and forecast_id = %(forecast_id)s;
