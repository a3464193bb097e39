-- One row per campaign that is still to be sent and was changed of late: its id.
--   %(account_id)s  the account
--   %(since)s       campaigns not changed since this instant are left out
select campaign_id
from klaviyo.campaign
where
    account_id = %(account_id)s
    and deleted_at is null
    and updated_at >= %(since)s
    and status in (
        'Draft',
        'Scheduled',
        'Preparing to schedule',
        'Preparing to send',
        'Queued without Recipients'
    )
order by campaign_id;
