-- Removes the money of profiles whose orders have changed.
delete from mart.buyer_currency as b
using stale_buyer as s
where
    b.account_id = %(account_id)s
    and b.profile_id = s.profile_id;
