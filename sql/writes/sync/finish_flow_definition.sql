-- Says as of which change of a flow its definition was read.
--   %(account_id)s  the account
--   %(id)s          the flow
--   %(updated_at)s  when the flow was changed last, as its definition's answer said
--   %(as_of)s       Klaviyo's clock when this sync began
update klaviyo.flow
set detail_of = %(updated_at)s, detail_read_at = %(as_of)s
where account_id = %(account_id)s and flow_id = %(id)s;
