-- One row per flow of the account: its id.
select flow_id
from klaviyo.flow
where account_id = %(account_id)s
order by flow_id;
