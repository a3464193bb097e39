-- What the columns of ops mean, where their tables do not say it themselves.
comment on column ops.schema_migration.name is 'schema/ and the file''s name, or the folder of a set.';
comment on column ops.schema_migration.checksum is 'SHA-256 of the files as applied.';
comment on column ops.schema_migration.applied_at is 'When it was applied last.';

comment on column ops.sync_run.run_id is 'Made by the sync itself.';
comment on column ops.sync_run.started_at is 'By the database''s clock.';
comment on column ops.sync_run.finished_at is 'By the database''s clock; null while it runs.';
comment on column ops.sync_run.requests is 'HTTP requests sent, repeated ones included.';
comment on column ops.sync_run.rows_read is 'Rows received, over all streams.';
comment on column ops.sync_run.rows_new is 'Of them, rows that were not there.';
comment on column ops.sync_run.rows_changed is 'Of them, rows that were there and differed.';
comment on column ops.sync_run.error is 'Why it failed; null where it did not.';

comment on column ops.sync_window.stream is 'What is read, such as events or profiles.';
comment on column ops.sync_window.since_at is 'First instant of the window.';
comment on column ops.sync_window.until_at is 'First instant after the window.';
comment on column ops.sync_window.run_id is 'The sync that planned it, or read it last.';
comment on column ops.sync_window.status is 'planned: still to be read; done: stored.';
comment on column ops.sync_window.rows_read is 'Rows received.';
comment on column ops.sync_window.rows_new is 'Of them, rows that were not there.';
comment on column ops.sync_window.rows_changed is 'Of them, rows that were there and differed.';
comment on column ops.sync_window.finished_at is 'When its rows were stored, by the database''s clock; null while planned.';

comment on column ops.sync_stream.stream is 'What was read, such as events or profiles.';
comment on column ops.sync_stream.rows_read is 'Rows received.';
comment on column ops.sync_stream.rows_new is 'Of them, rows that were not there.';
comment on column ops.sync_stream.rows_changed is 'Of them, rows that were there and differed.';
comment on column ops.sync_stream.requests is 'HTTP requests sent, repeated ones included.';
comment on column ops.sync_stream.seconds is 'From its first request to its end.';
comment on column ops.sync_stream.reason is 'Why it is not done; null where it is.';
comment on column ops.sync_stream.finished_at is 'When it came to its end, by the database''s clock.';

comment on table ops.touched is 'One row per metric, account day and message that a merge changed since the last refresh: append-only, emptied by the refresh that used it.';
comment on column ops.touched.touched_id is 'Grows with every row; a refresh takes those up to one.';
comment on column ops.touched.metric_id is 'The metric of the events; empty where it could not be resolved.';
comment on column ops.touched.day is 'Account day of the events.';
comment on column ops.touched.message_ref is 'The message that the events name; empty where none.';

comment on column ops.refresh.refresh_id is 'Grows with every refresh.';
comment on column ops.refresh.as_of is 'As ops.sync_run has it of the last sync before.';
comment on column ops.refresh.started_at is 'When its transaction began.';
comment on column ops.refresh.finished_at is 'When all was written.';
comment on column ops.refresh.count_metric_days is 'Rows of mart.metric_daily that it wrote.';
comment on column ops.refresh.count_orders is 'Rows of mart.orders that it wrote.';
comment on column ops.refresh.count_recipients is 'Rows of mart.message_recipient that it wrote.';
comment on column ops.refresh.count_message_days is 'Rows of mart.message_performance that it wrote.';

comment on column ops.notebook_run.run_id is 'Made by the runner; part of the folder''s name.';
comment on column ops.notebook_run.notebook is 'Its name, without the suffix.';
comment on column ops.notebook_run.status is 'running, succeeded or failed.';
comment on column ops.notebook_run.parameters is 'What it ran with, defaults included.';
comment on column ops.notebook_run.account_id is 'The account it ran for; null where it was never asked for one.';
comment on column ops.notebook_run.notebook_sha256 is 'Digest of the notebook as it was.';
comment on column ops.notebook_run.packages is 'Versions of the packages that it ran with.';
comment on column ops.notebook_run.started_at is 'By the database''s clock.';
comment on column ops.notebook_run.finished_at is 'By the database''s clock; null while it runs.';
comment on column ops.notebook_run.failed_cell is 'Number of the cell that raised; null where none did.';
comment on column ops.notebook_run.error is 'What it raised; null where nothing.';

comment on column ops.quarantine.stream is 'What was read, such as events or profiles.';
comment on column ops.quarantine.reason is 'Why it could not be stored.';
comment on column ops.quarantine.first_seen_at is 'When a sync first met it, by the database''s clock.';
comment on column ops.quarantine.last_seen_at is 'When a sync last met it, by the database''s clock.';

comment on column ops.drift.first_seen_at is 'When a sync first met it.';
comment on column ops.drift.last_seen_at is 'When a sync last met it.';

comment on column ops.group_member.joined_at is 'joined_group_at.';

comment on column ops.profile_check.checked_at is 'Klaviyo''s clock when it came to position.';

comment on column ops.proof.our_count is 'Events that we have.';
comment on column ops.proof.their_values is 'As metric-aggregates sums the values, by currency; null where Klaviyo cannot be asked.';
comment on column ops.proof.reason is 'Why it is explained or differs; empty where it is equal.';
comment on column ops.proof.run_id is 'The sync that last counted the day on both sides.';

comment on column ops.proof_pass.since_at is 'First instant compared.';
comment on column ops.proof_pass.until_at is 'First instant that was not.';
comment on column ops.proof_pass.as_of is 'Klaviyo''s clock when the sync began.';

comment on column ops.deep_pass.as_of is 'Klaviyo''s clock when the sync began.';

comment on column ops.lateness.count_events is 'Events that came so late.';
comment on column ops.lateness.as_of is 'Klaviyo''s clock when the sync began.';

comment on column ops.alert.alert_id is 'Grows with every alert.';
comment on column ops.alert.message is 'What was found, for people.';
comment on column ops.alert.details is 'What was found, for programs; nothing that identifies a person.';
comment on column ops.alert.raised_at is 'When it was found first.';
comment on column ops.alert.resolved_at is 'When it was no longer so; null while open.';

comment on column ops.report_window.report is 'campaign_reports, flow_reports, flow_series, form_reports or segment_reports.';
comment on column ops.report_window.first_on is 'First account day of the period.';
comment on column ops.report_window.last_on is 'Last account day of the period.';
comment on column ops.report_window.conversion_metric_id is 'Metric whose events it was last asked to count as conversions; null of other reports.';
comment on column ops.report_window.count_reads is 'How often it was read.';

comment on column ops.rate_budget.endpoint is 'Its path.';
comment on column ops.rate_budget.day is 'UTC, by Klaviyo''s clock.';

comment on column ops.request.request_id is 'Grows with every request.';
comment on column ops.request.at is 'When it was sent, by this machine''s clock.';
comment on column ops.request.method is 'GET or POST.';
comment on column ops.request.milliseconds is 'From sending it to the end of the answer.';
comment on column ops.request.attempt is 'From 1; higher where it was sent again.';

comment on table ops.touched_group is 'One row per group whose members a merge changed since the last refresh, and merge: append-only, emptied by the refresh that used it.';
comment on column ops.touched_group.touched_id is 'Grows with every row; a refresh takes those up to one.';

comment on column ops.maintenance.maintenance_id is 'Grows with every task.';
comment on column ops.maintenance.started_at is 'By the database''s clock.';
comment on column ops.maintenance.finished_at is 'By the database''s clock; null while it runs, and where it was killed.';
