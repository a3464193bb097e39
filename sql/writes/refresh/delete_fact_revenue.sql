-- Removes the revenue of days that are written anew.
delete from mart.fact_revenue as f
using stale_order_day as s
where
    f.account_id = %(account_id)s
    and f.day = s.day;
