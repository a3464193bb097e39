-- Ends a flow's version of now where its definition is another.
--   %(account_id)s  the account
--   %(id)s          the flow
--   %(digest)s      of its definition
--   %(as_of)s       Klaviyo's clock when this sync began
update klaviyo.flow_version
set seen_until = %(as_of)s
where
    account_id = %(account_id)s
    and flow_id = %(id)s
    and seen_until is null
    and digest <> %(digest)s;
