-- Says as of which change of a form its versions were read.
--   %(account_id)s  the account
--   %(id)s          the form
--   %(updated_at)s  when the form was changed last, as known before its versions were read
--   %(as_of)s       Klaviyo's clock when this sync began
update klaviyo.form
set detail_of = %(updated_at)s, detail_read_at = %(as_of)s
where account_id = %(account_id)s and form_id = %(id)s;
