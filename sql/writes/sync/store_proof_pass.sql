-- Records that a span of UTC days was compared for every metric.
insert into ops.proof_pass (account_id, run_id, since_at, until_at, as_of)
values (%(account_id)s, %(run_id)s, %(since)s, %(until)s, %(as_of)s);
