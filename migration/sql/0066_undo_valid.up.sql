-- Validation reads the table and lets others read and write it.

alter table transfer_line validate constraint transfer_line_flow;
alter table transfer validate constraint transfer_status_known;
alter table stock_count
    validate constraint stock_count_reversal_fkey,
    validate constraint stock_count_status_known,
    validate constraint stock_count_posts_once;
alter table shipment validate constraint shipment_undone_is_not_invoiced;

-- The smallest cash amount of tills that are created without one.
alter table tenant add column cash_rounding numeric(18, 4) not null default 0;

-- Keys of before that have every scope have the one for settings too.
alter table api_key no force row level security;
do $$
begin
    if row_security_active('api_key') then
        raise exception 'row-level security hides the keys from this step';
    end if;
    update api_key k set scopes = k.scopes || array['settings:write']
    where 'settings:write' <> all (k.scopes)
        and k.scopes @> array[
            'api_keys:read', 'api_keys:write', 'catalog:read', 'catalog:write', 'costs:read', 'counts:approve',
            'counts:read', 'counts:write', 'credit:approve', 'customers:read', 'customers:write', 'events:read',
            'ledger:read', 'ledger:write', 'orders:read', 'orders:write', 'payments:read', 'payments:write',
            'periods:lock', 'pos:blind_refund', 'pos:manage', 'pos:read', 'pos:write', 'prices:below_cost',
            'prices:override', 'prices:read', 'prices:write', 'reports:read', 'stock:force', 'stock:read',
            'stock:write', 'users:read', 'users:write'
        ];
end
$$;
alter table api_key force row level security;
