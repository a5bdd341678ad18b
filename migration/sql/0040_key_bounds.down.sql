drop function if exists auth.find_key_chain(bytea);
alter table api_key
    drop column parent_id,
    drop column user_id,
    drop column locations,
    drop column channels,
    drop column amount_max;
