-- The four roles. They are of the whole server, so another database may have made them, or be
-- making them now. Who may not make roles goes on without; workbench roles says what is missing.
do $$
declare
    wanted text;
begin
    foreach wanted in array array[
        'workbench_reader', 'workbench_analyst', 'workbench_writer', 'workbench_owner'
    ] loop
        continue when to_regrole(wanted) is not null;
        begin
            execute format('create role %I nologin', wanted);
        exception
            when duplicate_object or unique_violation then
                null;  -- made by another database meanwhile
            when insufficient_privilege then
                raise notice 'no right to make the role %', wanted;
        end;
    end loop;
end
$$;
