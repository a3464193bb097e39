-- One row per account whose revenue is not known, with the reason.
select
    account_id,
    reason
from mart.missing_revenue
order by account_id;
