-- One row: when an endpoint with a daily quota may be asked again; null when nothing was refused.
--   %(at)s  Klaviyo's clock
select max(refused_until) as reopens_at
from ops.rate_budget
where
    account_id = %(account_id)s
    and endpoint = %(endpoint)s
    and refused_until > %(at)s;
