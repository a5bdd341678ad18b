-- Row-level security and grants for every table of the public schema, so that a new table cannot be missed.
-- `stockwell_app` may select and insert everywhere. Tables that it may also update or delete are listed here; none of
-- them records the past.
--
-- Each table has exactly one policy for the application, permissive, with the predicate. PostgreSQL joins permissive
-- policies by `or`, so a second one would open the wall. A distributed engine makes restrictive policies permissive.

do $$
declare
    target record;
    known record;
    mutable constant text[] := array[
        'tenant', 'api_key', 'app_user', 'refresh_token', 'category', 'tax_class', 'tax_rate', 'product',
        'product_unit', 'barcode', 'price_list', 'price_rule', 'price_tier', 'customer', 'customer_account',
        'channel_price_list', 'location', 'stock_level', 'reservation', 'reason_code', 'number_series',
        'sales_order', 'sales_order_line', 'register', 'pos_session', 'account', 'product_group', 'sku_mapping',
        'unmapped_sku', 'cost_layer'
    ];
    deletable constant text[] := array[
        'refresh_token', 'product_unit', 'barcode', 'price_rule', 'channel_price_list', 'reservation',
        'sales_order_line', 'tax_rate', 'bundle_component', 'sku_mapping', 'reorder_setting', 'cost_layer', 'peg'
    ];
begin
    for target in
        select c.oid as id, c.relname as name from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'schema_migration'
    loop
        execute format('alter table public.%I enable row level security', target.name);
        execute format('alter table public.%I force row level security', target.name);
        -- A table without a policy shows nothing, so the wall is closed between these two.
        for known in
            select p.polname as name from pg_policy p
            where p.polrelid = target.id and p.polroles && array[0, 'stockwell_app'::regrole]::oid[]
        loop
            execute format('drop policy %I on public.%I', known.name, target.name);
        end loop;
        execute format(
            'create policy tenant_wall on public.%I for all to stockwell_app '
            'using (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'with check (tenant_id = current_setting(''app.tenant_id'')::uuid)', target.name);
        execute format('revoke all on public.%I from public, stockwell_app, stockwell_relay', target.name);
        execute format('grant select, insert on public.%I to stockwell_app', target.name);
        if target.name = any (mutable) then
            execute format('grant update on public.%I to stockwell_app', target.name);
        end if;
        if target.name = any (deletable) then
            execute format('grant delete on public.%I to stockwell_app', target.name);
        end if;
    end loop;
end
$$;

-- Documents never change; their progress does, column by column.
grant update (open, returned, version, updated_at) on invoice to stockwell_app;
grant update (returned) on pos_sale to stockwell_app;
grant update (unapplied) on payment to stockwell_app;
grant update (invoice_id) on shipment to stockwell_app;
grant update (status, expires_at, version, updated_at) on hold to stockwell_app;
grant update (placed_at) on hold_reference to stockwell_app;
grant update (status, version, updated_at) on transfer to stockwell_app;
grant update (received, missing, open_value) on transfer_line to stockwell_app;
grant update (expected_on, status, version, updated_at) on expected_receipt to stockwell_app;
grant update (received) on expected_receipt_line to stockwell_app;
grant update (expires_on, supplier_lot, received_from, status, version, updated_at) on lot to stockwell_app;
grant update (status, round, version, document_id, updated_at) on stock_count to stockwell_app;
grant update (round, recount, counted, counted_at, expires_on, expected, posted_quantity, posted_value, superseded)
    on stock_count_line to stockwell_app;
grant update (tolerance_percent, tolerance_value, approval_value, version, updated_at) on count_setting to stockwell_app;
grant update (open_quantity, open_value, variance, settled_at) on cost_to_settle to stockwell_app;
grant update (times) on access_refusal to stockwell_app;

-- The relay sees the events of every tenant and moves the cursors on them. It may call auth.forget_answers.
drop policy if exists relay_read on event;
drop policy if exists relay_move on event_cursor;
create policy relay_read on event for select to stockwell_relay using (true);
create policy relay_move on event_cursor for all to stockwell_relay using (true) with check (true);
grant select on event to stockwell_relay;
grant select, insert, update on event_cursor to stockwell_relay;
