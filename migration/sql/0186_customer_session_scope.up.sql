-- Keys of before that have every scope may open customer sessions too.
alter table api_key no force row level security;
do $$
begin
    if row_security_active('api_key') then
        raise exception 'row-level security hides the keys from this step';
    end if;
    update api_key k set scopes = k.scopes || array['customer_sessions:write']
    where 'customer_sessions:write' <> all (k.scopes)
        and k.scopes @> array[
            'api_keys:read', 'api_keys:write', 'catalog:read', 'catalog:write', 'costs:read', 'counts:approve',
            'counts:read', 'counts:write', 'credit:approve', 'customers:read', 'customers:write', 'events:read',
            'ledger:read', 'ledger:write', 'orders:read', 'orders:write', 'payments:read', 'payments:write', 'periods:lock',
            'pos:blind_refund', 'pos:manage', 'pos:read', 'pos:write', 'prices:below_cost',
            'prices:override', 'prices:read', 'prices:write', 'purchasing:pay', 'purchasing:read', 'purchasing:write',
            'reconciliation:read', 'reconciliation:write', 'reports:read',
            'settings:write', 'stock:force', 'stock:read', 'stock:write', 'users:read', 'users:write'
        ];
end
$$;
alter table api_key force row level security;
