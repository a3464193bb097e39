-- Records a sync as running.
--   %(as_of)s  Klaviyo's clock when it began
insert into ops.sync_run (run_id, account_id, status, as_of)
values (%(run_id)s, %(account_id)s, 'running', %(as_of)s);
