-- One row per message and day of its send that this refresh sums anew.
create temporary table stale_send_day (
    message_id text not null,
    sent_on date not null,
    primary key (message_id, sent_on)
) on commit drop;
