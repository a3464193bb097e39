-- One row per stale (message, profile) pair and two days of its sends that follow each other in one
-- of the counts of mart.message_performance: the pair is among the distinct profiles of both.
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
        r.message_id,
        r.profile_id,
        r.sent_on,
        min(r.channel) as channel,
        -- in the order of the columns
        array[
            bool_or(r.received_at is not null or r.bounced_at is not null),
            bool_or(r.received_at is not null),
            bool_or(r.bounced_at is not null),
            bool_or(r.received_at is not null and r.opened_at is not null),
            bool_or(r.received_at is not null and r.opened_by_human_at is not null),
            bool_or(r.received_at is not null and r.clicked_at is not null),
            bool_or(r.received_at is not null and r.clicked_by_human_at is not null),
            bool_or(r.received_at is not null and r.unsubscribed_at is not null),
            bool_or(r.received_at is not null and r.marked_spam_at is not null)
        ] as flags,
        count(*) over (partition by r.message_id, r.profile_id) as count_days
    from mart.message_recipient as r
    inner join stale_recipient as s on r.message_id = s.message_id and r.profile_id = s.profile_id
    where r.account_id = %(account_id)s
    group by r.message_id, r.profile_id, r.sent_on
),

follows as (
    select
        d.message_id,
        d.profile_id,
        d.channel,
        d.sent_on as next_on,
        flag.n,
        lag(d.sent_on) over (
            partition by d.message_id, d.profile_id, flag.n
            order by d.sent_on
        ) as first_on
    from days as d
    cross join lateral unnest(d.flags) with ordinality as flag (is_counted, n)
    where d.count_days > 1 and flag.is_counted
)

select
    %(account_id)s,
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
group by message_id, profile_id, first_on, next_on
order by next_on;  -- a period lies together
