-- Notes that a period of a report was read, in the transaction that stored it.
--   %(through_on)s   last day of it that was over
--   %(observed_at)s  Klaviyo's clock at its answer
update ops.report_window
set
    through_on = %(through_on)s,
    read_at = %(observed_at)s,
    conversion_metric_id = %(conversion_metric_id)s,
    count_reads = count_reads + 1,
    run_id = %(run_id)s
where
    account_id = %(account_id)s
    and report = %(report)s
    and first_on = %(first_on)s;
