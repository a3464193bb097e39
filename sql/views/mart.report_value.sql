-- One row per cell of a report: its latest value.
--   is_reported  false where Klaviyo told a value once and no longer does
create or replace view mart.report_value as
select distinct on (account_id, report, first_on, last_on, groupings, statistic)
    account_id,
    report,
    first_on,
    last_on,
    campaign_id,
    flow_id,
    message_id,
    variation_id,
    send_channel,
    form_id,
    form_version_id,
    segment_id,
    groupings,
    statistic,
    value,
    conversion_metric_id,
    observed_at,
    value is not null as is_reported
from klaviyo.report_value
order by
    account_id asc,
    report asc,
    first_on asc,
    last_on asc,
    groupings asc,
    statistic asc,
    observed_at desc;

comment on view mart.report_value is 'One row per cell of a report: its latest value.';
comment on column mart.report_value.is_reported is 'False where Klaviyo told a value once and no longer does.';
