-- Plans one period of a report.
--   %(first_on)s, %(last_on)s  account days, both included
insert into ops.report_window (account_id, report, first_on, last_on, run_id)
values (%(account_id)s, %(report)s, %(first_on)s, %(last_on)s, %(run_id)s)
on conflict do nothing;
