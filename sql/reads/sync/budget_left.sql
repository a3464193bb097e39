-- One row per endpoint with a daily quota that the account has asked: what is left of the day.
--   %(account_id)s  the account
select
    endpoint,
    day,
    calls_left,
    allowed,
    refused_until
from ops.budget_left
where account_id = %(account_id)s
order by endpoint;
