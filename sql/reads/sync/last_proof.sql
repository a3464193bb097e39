-- One row: Klaviyo's clock at the last sync that compared; null before the first.
--   %(account_id)s  the account
select max(as_of) as as_of
from ops.proof_pass
where account_id = %(account_id)s;
