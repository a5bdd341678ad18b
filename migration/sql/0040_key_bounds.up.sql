-- A key acts for the key or user that made it, and ends with it. It can have bounds besides its scopes.
alter table api_key
    add column parent_id uuid,
    add column user_id uuid,
    add column locations uuid[],
    add column channels text[],
    add column amount_max numeric(18, 4),
    add constraint api_key_parent_fkey foreign key (tenant_id, parent_id) references api_key (tenant_id, id),
    add constraint api_key_user_fkey foreign key (tenant_id, user_id) references app_user (tenant_id, id),
    add constraint api_key_one_maker check (parent_id is null or user_id is null),
    add constraint api_key_channels_known check (channels <@ array['wholesale', 'retail']),
    add constraint api_key_amount_max_sign check (amount_max >= 0);
update api_key k set parent_id = k.created_by
where exists (select from api_key p where p.tenant_id = k.tenant_id and p.id = k.created_by);
update api_key k set user_id = k.created_by
where exists (select from app_user u where u.tenant_id = k.tenant_id and u.id = k.created_by);
