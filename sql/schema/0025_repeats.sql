-- What days of a message count more than once, so that a period is the sum of its days less this,
-- and indexes for the first day of an account and for the customers that are new in some days.

-- One row per message, profile and two days of its sends to it, of which the later is the next one
-- after the earlier for something that is counted.
create table mart.message_repeat (
    account_id text not null,
    message_id text not null,
    profile_id text not null,
    first_on date not null,
    next_on date not null,
    channel text not null,
    is_recipient boolean not null,
    is_delivered boolean not null,
    is_bounced boolean not null,
    is_opened boolean not null,
    is_opened_by_human boolean not null,
    is_clicked boolean not null,
    is_clicked_by_human boolean not null,
    is_unsubscribed boolean not null,
    is_marked_spam boolean not null,
    primary key (account_id, message_id, profile_id, first_on, next_on),
    constraint days_have_an_order check (first_on < next_on)
);

create index message_repeat_by_day on mart.message_repeat (account_id, next_on);

comment on table mart.message_repeat is 'One row per message, profile and two days of its sends: what mart.message_performance counts on both. The uniques of a period are the sum of its days less the rows of which both days are in it.';
comment on column mart.message_repeat.message_id is 'The message, as in mart.message_performance.';
comment on column mart.message_repeat.profile_id is 'Who got it on both days.';
comment on column mart.message_repeat.first_on is 'The earlier account day of a send.';
comment on column mart.message_repeat.next_on is 'The later one.';
comment on column mart.message_repeat.channel is 'email, sms or mobile_push.';
comment on column mart.message_repeat.is_recipient is 'Counted among the recipients of both days, and of none between them; the other columns likewise.';

insert into mart.message_repeat (
    account_id,
    message_id,
    profile_id,
    first_on,
    next_on,
    channel,
    is_recipient,
    is_delivered,
    is_bounced,
    is_opened,
    is_opened_by_human,
    is_clicked,
    is_clicked_by_human,
    is_unsubscribed,
    is_marked_spam
)
with days as (
    select
        account_id,
        message_id,
        profile_id,
        sent_on,
        min(channel) as channel,
        array[
            bool_or(received_at is not null or bounced_at is not null),
            bool_or(received_at is not null),
            bool_or(bounced_at is not null),
            bool_or(received_at is not null and opened_at is not null),
            bool_or(received_at is not null and opened_by_human_at is not null),
            bool_or(received_at is not null and clicked_at is not null),
            bool_or(received_at is not null and clicked_by_human_at is not null),
            bool_or(received_at is not null and unsubscribed_at is not null),
            bool_or(received_at is not null and marked_spam_at is not null)
        ] as flags,
        count(*) over (partition by account_id, message_id, profile_id) as count_days
    from mart.message_recipient
    group by account_id, message_id, profile_id, sent_on
),

follows as (
    select
        d.account_id,
        d.message_id,
        d.profile_id,
        d.channel,
        d.sent_on as next_on,
        flag.n,
        lag(d.sent_on) over (
            partition by d.account_id, d.message_id, d.profile_id, flag.n
            order by d.sent_on
        ) as first_on
    from days as d
    cross join lateral unnest(d.flags) with ordinality as flag (is_counted, n)
    where d.count_days > 1 and flag.is_counted
)

select
    account_id,
    message_id,
    profile_id,
    first_on,
    next_on,
    min(channel) as channel,
    bool_or(n = 1) as is_recipient,
    bool_or(n = 2) as is_delivered,
    bool_or(n = 3) as is_bounced,
    bool_or(n = 4) as is_opened,
    bool_or(n = 5) as is_opened_by_human,
    bool_or(n = 6) as is_clicked,
    bool_or(n = 7) as is_clicked_by_human,
    bool_or(n = 8) as is_unsubscribed,
    bool_or(n = 9) as is_marked_spam
from follows
where first_on is not null
group by account_id, message_id, profile_id, first_on, next_on;

create index metric_daily_by_day on mart.metric_daily (account_id, day);
create index buyer_by_first_order on mart.buyer (account_id, first_order_at);
