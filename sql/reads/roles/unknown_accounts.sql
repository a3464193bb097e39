-- One row per account of %(accounts)s that is not in the database; * stands for all, and is known.
with wanted as (
    select account_id
    from unnest(%(accounts)s::text[]) as t (account_id)
)

select w.account_id
from wanted as w
left join klaviyo.account as a on w.account_id = a.account_id
where a.account_id is null and w.account_id <> '*'
order by w.account_id;
