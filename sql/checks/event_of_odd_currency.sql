-- Currencies are ISO 4217 codes: three capital letters.
-- One row per metric and word that events name as their currency, and that is none.
select
    account_id,
    metric_id,
    currency,
    sum(count_events)::bigint as count_events
from mart.metric_daily
where currency !~ '^([A-Z]{3})?$'
group by account_id, metric_id, currency;
