-- The four schemas: what the API said, what analysis reads, what models said, what we did.
create schema if not exists klaviyo;
create schema if not exists mart;
create schema if not exists model;
create schema if not exists ops;

comment on schema klaviyo is 'What the Klaviyo API said: typed columns plus the payload as received.';
comment on schema mart is 'What analysis reads: facts in the account''s own days.';
comment on schema model is 'What models said: forecasts, their scores and intervals.';
comment on schema ops is 'What the workbench did: syncs, refreshes, notebook runs.';
