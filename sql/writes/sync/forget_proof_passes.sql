-- Drops the passes that a later one holds whole: what was compared stays known.
--   %(since)s  beginning of the later one
--   %(until)s  its end
delete from ops.proof_pass
where
    account_id = %(account_id)s
    and run_id <> %(run_id)s
    and since_at >= %(since)s
    and until_at <= %(until)s;
