-- The days through which the books of a tenant are closed. Each move of the lock is a row; the newest holds. An entry of a
-- closed day is posted on the first open one (post_batch_1).

create table period_lock (
    tenant_id uuid not null,
    id uuid not null,
    -- The last closed day. Null: every day is open.
    locked_through date,
    reason text not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint period_lock_pkey primary key (tenant_id, id)
);

-- Keys of before that have every scope have the new one too.
alter table api_key no force row level security;
do $$
begin
    if row_security_active('api_key') then
        raise exception 'row-level security hides the keys from this step';
    end if;
    update api_key k set scopes = k.scopes || array['periods:lock']
    where 'periods:lock' <> all (k.scopes)
        and k.scopes @> array[
            'api_keys:read', 'api_keys:write', 'catalog:read', 'catalog:write', 'costs:read', 'counts:approve',
            'counts:read', 'counts:write', 'credit:approve', 'customers:read', 'customers:write', 'events:read',
            'ledger:read', 'ledger:write', 'orders:read', 'orders:write', 'payments:read', 'payments:write',
            'pos:blind_refund', 'pos:manage', 'pos:read', 'pos:write', 'prices:below_cost', 'prices:override',
            'prices:read', 'prices:write', 'reports:read', 'stock:force', 'stock:read', 'stock:write', 'users:read',
            'users:write'
        ];
end
$$;
alter table api_key force row level security;
