-- Removes the forms' days that are written anew.
delete from mart.form_daily as f
using stale_form_day as s
where
    f.account_id = %(account_id)s
    and f.day = s.day;
