-- One row: the refresh as recorded.
insert into ops.refresh (
    account_id,
    as_of,
    started_at,
    count_metric_days,
    count_orders,
    count_recipients,
    count_message_days
)
values (
    %(account_id)s,
    %(as_of)s,
    now(),
    %(metric_days)s,
    %(orders)s,
    %(recipients)s,
    %(message_days)s
);
