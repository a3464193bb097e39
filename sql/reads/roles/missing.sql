-- One row per role of the four that the server lacks.
with wanted as (
    select name
    from unnest(
        array['workbench_reader', 'workbench_analyst', 'workbench_writer', 'workbench_owner']
    ) as t (name)
)

select name
from wanted
where to_regrole(name) is null
order by name;
