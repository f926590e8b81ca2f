-- Of one incident, or of what belongs to none of one thing, the newest analyses are kept: whoever
-- asks may ask as often as they like. Which ones go does not depend on batches, so that a rebuild
-- leaves the same. Schemas are named at run time, because a rebuild renames them.
create function {schema}.keep_newest() returns trigger language plpgsql as $$
begin
    execute format(
        'delete from %1$I.analysis a using ('
        ' select n.id, row_number() over (partition by n.about order by n.sequence desc) as place'
        ' from %1$I.analysis n where n.about in (select about from new_rows)) as ranked'
        ' where ranked.id = a.id and ranked.place > {most}',
        tg_table_schema);
    return null;
end $$;

create trigger keep_newest after insert on {schema}.analysis
    referencing new table as new_rows
    for each statement execute function {schema}.keep_newest()
