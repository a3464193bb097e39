-- What was forecast stays as it was said: nobody changes or removes it, so that it can be held
-- against what happened. An owner who must delete says so by a setting of the transaction. Of a
-- forecast only the time at which it was said again may change.
create or replace function model.keep_forecasts() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' and current_setting('workbench.upkeep', true) = 'forecasts' then
        return old;
    end if;
    raise exception '%.% is append-only', tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;

do $$
declare
    kept regclass;
begin
    foreach kept in array array[
        'model.forecast_prediction'::regclass, 'model.backtest_score', 'model.backtest_coverage'
    ] loop
        if to_regrole('workbench_writer') is not null then
            execute format('revoke update, delete on %s from workbench_writer', kept);
        end if;
        continue when exists (
            select 1 from pg_trigger where tgrelid = kept and tgname = 'keep_forecasts'
        );
        execute format(
            'create trigger keep_forecasts before update or delete on %s'
            ' for each row execute function model.keep_forecasts()', kept
        );
        execute format(
            'create trigger keep_forecasts_whole before truncate on %s'
            ' for each statement execute function model.keep_forecasts()', kept
        );
    end loop;
    if to_regrole('workbench_writer') is not null then
        revoke update, delete on model.forecast_model from workbench_writer;
        grant update (confirmed_at) on model.forecast_model to workbench_writer;
    end if;
end
$$;
