-- One row per member and account day on which people got or answered messages.
--   %(dimension)s  channel or source; empty for the whole account, whose member is empty
--   %(first)s, %(last)s  account days, both included
select
    case %(dimension)s
        when 'channel' then coalesce(nullif(f.channel, ''), 'none')
        when 'source' then f.source
        else ''
    end as member,
    f.day as ds,
    sum(f.received)::bigint as received,
    sum(f.opens)::bigint as opens,
    sum(f.human_opens)::bigint as human_opens,
    sum(f.clicks)::bigint as clicks,
    sum(f.human_clicks)::bigint as human_clicks,
    sum(f.bounces)::bigint as bounces,
    sum(f.unsubscribes)::bigint as unsubscribes,
    sum(f.spam_complaints)::bigint as spam_complaints
from mart.fact_engagement as f
where
    f.account_id = %(account_id)s
    and f.day between %(first)s and %(last)s
group by member, f.day
order by member, f.day;
