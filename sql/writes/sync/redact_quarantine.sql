-- Takes out of a thing in quarantine what identified a person.
update ops.quarantine
set payload = %(payload)s::jsonb
where
    account_id = %(account_id)s
    and stream = %(stream)s
    and item_id = %(item_id)s;
