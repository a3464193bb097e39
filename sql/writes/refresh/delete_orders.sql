-- Removes the orders of days that are written anew, of whichever metric was revenue then.
delete from mart.orders as o
using stale_order_day as s
where
    o.account_id = %(account_id)s
    and o.day = s.day;
