-- The functions that service::posting calls. They run with the rights of their caller, behind row-level security. Their
-- names have a version, as the types of their rows have: servers of the last version still call the functions of that
-- version.

-- Reads and locks the rows of a batch of till sales, in the order in which every batch locks: sessions, stock levels by
-- key, number series. Returns only the stored responses if every command has one. Returns null levels if a product is a
-- bundle or tracked, because then other rows are read before levels are locked; if a SKU is that of no product, was one of
-- another product before, or was got in the last 14 days (RENAMED_LONG_AGO in service::posting::late), because a sale that has happened may name a product by a SKU that it had then; and if a hold
-- has expired on a level, because then the level is swept first. Returns null series if there are no levels, and if a series is new.
create or replace function load_sales_3(
    p_tenant uuid,
    p_now timestamptz,
    p_keys text[],
    p_registers uuid[],
    p_locations uuid[],
    p_products uuid[],
    p_skus text[],
    p_barcodes text[],
    p_with_units boolean,
    p_series text[],
    p_commands integer,
    out answered answered_command_row_1[],
    out sessions open_session_row_1[],
    out barcodes barcode_row_1[],
    out products product_row_2[],
    out units product_unit_row_2[],
    out levels locked_level_row_1[],
    out series locked_series_row_1[]
)
language plpgsql
as $$
declare
    v_products uuid[] := p_products;
    v_stocked uuid[];
    v_is_renamed boolean := false;
    v_needs_more boolean;
    v_has_expired boolean;
begin
    if cardinality(p_keys) > 0 then
        select array_agg(row(
            c.idempotency_key, c.fingerprint, c.status, c.response, c.document_id)::answered_command_row_1)
        into answered
        from command c
        where c.tenant_id = p_tenant and c.idempotency_key = any(p_keys);
        if cardinality(answered) = p_commands then
            return;
        end if;
    end if;
    select array_agg(row(s.register_id, s.id, s.opened_at, s.opening_float)::open_session_row_1)
    into sessions
    from (
        select * from pos_session s
        where s.tenant_id = p_tenant and s.register_id = any(p_registers) and s.status = 'open'
        order by s.id for share
    ) s;
    if cardinality(p_barcodes) > 0 then
        select
            array_agg(row(b.code, b.product_id, b.uom)::barcode_row_1),
            v_products || array_agg(b.product_id),
            coalesce(bool_or(b.since > p_now - interval '14 days'), false)
                or exists (select from former_barcode f where f.tenant_id = p_tenant and f.code = any(p_barcodes))
        into barcodes, v_products, v_is_renamed
        from barcode b
        where b.tenant_id = p_tenant and b.code = any(p_barcodes);
    end if;
    if cardinality(p_skus) > 0 then
        select
            v_products || coalesce(array_agg(p.id), '{}'),
            v_is_renamed
                or count(*) < cardinality(p_skus)
                or coalesce(bool_or(p.sku_since > p_now - interval '14 days'), false)
                or exists (select from former_sku f where f.tenant_id = p_tenant and f.sku = any(p_skus))
        into v_products, v_is_renamed
        from product p
        where p.tenant_id = p_tenant and p.sku = any(p_skus);
    end if;
    select
        array_agg(row(
            p.id, p.sku, p.kind, p.status, p.tracking, c.lineage, p.stock_uom, p.stock_decimals, p.tax_class_id,
            p.list_price, p.costing_method, p.name, p.version)::product_row_2),
        array_agg(p.id),
        array_agg(p.id) filter (where p.kind = 'stocked'),
        coalesce(bool_or(p.kind = 'bundle' or p.tracking <> 'none'), false)
    into products, v_products, v_stocked, v_needs_more
    from product p
    left join category c on c.tenant_id = p.tenant_id and c.id = p.category_id
    where p.tenant_id = p_tenant and p.id = any(v_products);
    if p_with_units then
        select
            coalesce(
                array_agg(
                    row(u.product_id, u.uom, u.factor, u.list_price, u.factor_denominator)::product_unit_row_2
                    order by u.uom),
                '{}')
        into units
        from product_unit u
        where u.tenant_id = p_tenant and u.product_id = any(v_products);
    end if;
    if v_needs_more or v_is_renamed then
        return;
    end if;
    select
        coalesce(array_agg(row(
            l.location_id, l.product_id, l.on_hand, l.reserved, l.value, l.last_cost, l.layered, l.backordered,
            l.allotted, l.counted_at)::locked_level_row_1), '{}'),
        coalesce(bool_or(l.next_expiry <= p_now), false)
    into levels, v_has_expired
    from (
        select l.*
        from stock_level l
        where l.tenant_id = p_tenant and l.location_id = any(p_locations) and l.product_id = any(v_stocked)
          and l.lot_id = '00000000-0000-0000-0000-000000000000'
        order by l.location_id, l.product_id for update of l
    ) l;
    if v_has_expired then
        levels := null;
        return;
    end if;
    select array_agg(row(s.series, s.next)::locked_series_row_1)
    into series
    from (
        select * from number_series s
        where s.tenant_id = p_tenant and s.series = any(p_series)
          and (
              select count(*) from number_series n where n.tenant_id = p_tenant and n.series = any(p_series)
          ) = cardinality(p_series)
        order by s.series for update
    ) s;
end
$$;

revoke all on function load_sales_3 from public;
grant execute on function load_sales_3 to stockwell_app;

-- For servers of the last version, which know no fractions: a unit has the decimal next to its factor.
create or replace function load_sales_2(
    p_tenant uuid,
    p_now timestamptz,
    p_keys text[],
    p_registers uuid[],
    p_locations uuid[],
    p_products uuid[],
    p_skus text[],
    p_barcodes text[],
    p_with_units boolean,
    p_series text[],
    p_commands integer,
    out answered answered_command_row_1[],
    out sessions open_session_row_1[],
    out barcodes barcode_row_1[],
    out products product_row_2[],
    out units product_unit_row_1[],
    out levels locked_level_row_1[],
    out series locked_series_row_1[]
)
language plpgsql
as $$
begin
    select
        l.answered, l.sessions, l.barcodes, l.products,
        (
            select coalesce(array_agg(row(u.product_id, u.uom, u.factor, u.list_price)::product_unit_row_1), '{}')
            from unnest(l.units) u
        ),
        l.levels, l.series
    into answered, sessions, barcodes, products, units, levels, series
    from load_sales_3(
        p_tenant, p_now, p_keys, p_registers, p_locations, p_products, p_skus, p_barcodes, p_with_units, p_series,
        p_commands) l;
end
$$;

revoke all on function load_sales_2 from public;
grant execute on function load_sales_2 to stockwell_app;

-- For servers of an older version, which don't know names and versions.
create or replace function load_sales_1(
    p_tenant uuid,
    p_now timestamptz,
    p_keys text[],
    p_registers uuid[],
    p_locations uuid[],
    p_products uuid[],
    p_skus text[],
    p_barcodes text[],
    p_with_units boolean,
    p_series text[],
    p_commands integer,
    out answered answered_command_row_1[],
    out sessions open_session_row_1[],
    out barcodes barcode_row_1[],
    out products product_row_1[],
    out units product_unit_row_1[],
    out levels locked_level_row_1[],
    out series locked_series_row_1[]
)
language plpgsql
as $$
begin
    select
        l.answered, l.sessions, l.barcodes,
        (
            select array_agg(row(
                p.id, p.sku, p.kind, p.status, p.tracking, p.lineage, p.stock_uom, p.stock_decimals, p.tax_class_id,
                p.list_price, p.costing_method)::product_row_1)
            from unnest(l.products) p
        ),
        l.units, l.levels, l.series
    into answered, sessions, barcodes, products, units, levels, series
    from load_sales_2(
        p_tenant, p_now, p_keys, p_registers, p_locations, p_products, p_skus, p_barcodes, p_with_units, p_series,
        p_commands) l;
end
$$;

revoke all on function load_sales_1 from public;
grant execute on function load_sales_1 to stockwell_app;

-- Writes what a batch decided. The caller has locked the rows that it changes. Returns the number of commands written.
-- It is lower than the number given if another process wrote a command with the same key first.
create or replace function post_batch_2(
    p_tenant uuid,
    p_now timestamptz,
    p_currency text,
    p_levels stock_level_row_1[],
    p_series number_series_row_1[],
    p_movements stock_movement_row_1[],
    p_sales pos_sale_row_2[],
    p_tenders tender_row_1[],
    p_sales_lines sales_line_row_2[],
    p_entries journal_entry_row_1[],
    p_entry_lines journal_line_row_1[],
    p_events event_row_1[],
    p_commands command_row_1[]
) returns integer
language plpgsql
as $$
declare
    v_rows integer;
    v_first_open date;
begin
    -- The batch was decided with settings that a server keeps for seconds. A change of the currency holds this lock until its
    -- commit, and rejects itself if there is a document then. A batch that does not get the lock must not wait for it: it may
    -- have locked a customer whose currency changes. Both errors are races, so the server tries the batch again.
    if not pg_try_advisory_xact_lock_shared(hashtextextended('currency ' || p_tenant, 0)) then
        raise exception 'the currency of the tenant is being changed' using errcode = 'serialization_failure';
    end if;
    if not exists (select from tenant t where t.tenant_id = p_tenant and t.currency = p_currency) then
        raise exception 'the currency of the tenant is not %', p_currency using errcode = 'serialization_failure';
    end if;
    if cardinality(p_levels) > 0 then
        update stock_level l
        set on_hand = v.on_hand, reserved = v.reserved, value = v.value, last_cost = v.last_cost, layered = v.layered,
            moved_at = p_now, latest_at = greatest(coalesce(l.latest_at, l.moved_at), v.latest_at),
            forced = l.forced and (v.on_hand < 0 or v.reserved > v.on_hand)
        from (
            select v.*, m.latest_at
            from unnest(p_levels) v
            left join (
                select m.location_id, m.product_id, m.lot_id, max(m.occurred_at) as latest_at
                from unnest(p_movements) m group by m.location_id, m.product_id, m.lot_id
            ) m on m.location_id = v.location_id and m.product_id = v.product_id and m.lot_id = v.lot_id
        ) v
        where l.tenant_id = p_tenant and l.location_id = v.location_id and l.product_id = v.product_id
          and l.lot_id = v.lot_id;
        get diagnostics v_rows = row_count;
        if v_rows <> cardinality(p_levels) then
            raise exception 'a locked stock level has vanished';
        end if;
    end if;
    if cardinality(p_series) > 0 then
        update number_series s set next = v.next
        from unnest(p_series) v
        where s.tenant_id = p_tenant and s.series = v.series;
    end if;
    if cardinality(p_movements) > 0 then
        insert into stock_movement (
            tenant_id, product_id, location_id, lot_id, id, kind, quantity, value, unit_cost, document_kind, document_id,
            line_no, channel, reason, occurred_at, recorded_at, entry_mode, command_id)
        select
            p_tenant, v.product_id, v.location_id, v.lot_id, v.id, v.kind, v.quantity, v.value, v.unit_cost,
            v.document_kind, v.document_id, v.line_no, v.channel, v.reason, v.occurred_at, p_now, v.entry_mode,
            v.command_id
        from unnest(p_movements) v;
    end if;
    if cardinality(p_sales) > 0 then
        insert into pos_sale (
            tenant_id, id, number, kind, register_id, session_id, location_id, customer_id, original_id, currency,
            country, gross, discount, net, tax, rounding, total, cost, business_date, occurred_at, recorded_at,
            command_id, customer_version, seller_version)
        select
            p_tenant, v.id, v.number, v.kind, v.register_id, v.session_id, v.location_id, v.customer_id, v.original_id,
            p_currency, v.country, v.gross, v.discount, v.net, v.tax, v.rounding, v.total, v.cost, v.business_date,
            v.occurred_at, p_now, v.command_id, v.customer_version, v.seller_version
        from unnest(p_sales) v;
    end if;
    if cardinality(p_tenders) > 0 then
        insert into tender (tenant_id, sale_id, line_no, kind, amount, tendered, change, reference)
        select p_tenant, v.sale_id, v.line_no, v.kind, v.amount, v.tendered, v.change, v.reference
        from unnest(p_tenders) v;
    end if;
    if cardinality(p_sales_lines) > 0 then
        insert into sales_line (
            tenant_id, document_id, line_no, document_kind, channel, location_id, customer_id, country, currency,
            product_id, category_id, description, uom, factor, entered, quantity, unit_price, list_price, price_source,
            price_rule_id, price_trace, gross, discount, net, tax_rate, tax, cost, order_id, original_id,
            original_line_no, occurred_at, recorded_at, bundle_id, product_version)
        select
            p_tenant, v.document_id, v.line_no, v.document_kind, v.channel, v.location_id, v.customer_id, v.country,
            p_currency, v.product_id, v.category_id, v.description, v.uom, v.factor, v.entered, v.quantity,
            v.unit_price, v.list_price, v.price_source, v.price_rule_id, v.price_trace, v.gross, v.discount, v.net,
            v.tax_rate, v.tax, v.cost, v.order_id, v.original_id, v.original_line_no, v.occurred_at, p_now, v.bundle_id,
            v.product_version
        from unnest(p_sales_lines) v;
    end if;
    if cardinality(p_entries) > 0 then
        -- An entry of a closed day is posted on the first open one. Who moves the lock waits for the batches that hold it
        -- shared, so no entry is posted in a period that was closed meanwhile.
        perform pg_advisory_xact_lock_shared(hashtextextended('period_lock ' || p_tenant, 0));
        select l.locked_through + 1 into v_first_open
        from period_lock l where l.tenant_id = p_tenant order by l.id desc limit 1;
        insert into journal_entry (
            tenant_id, id, document_kind, document_id, memo, debit_total, credit_total, occurred_on, posted_on,
            recorded_at, command_id)
        select
            p_tenant, v.id, v.document_kind, v.document_id, v.memo, v.total, v.total, v.occurred_on,
            greatest(v.occurred_on, v_first_open), p_now, v.command_id
        from unnest(p_entries) v;
        insert into journal_line (
            tenant_id, entry_id, line_no, account_code, debit, credit, currency, channel, location_id, party_id,
            posted_on)
        select
            p_tenant, v.entry_id, v.line_no, v.account_code, v.debit, v.credit, p_currency, v.channel, v.location_id,
            v.party_id, greatest(v.posted_on, v_first_open)
        from unnest(p_entry_lines) v;
    end if;
    if cardinality(p_events) > 0 then
        insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at)
        select p_tenant, v.id, v.kind, v.command_id, v.document_kind, v.document_id, p_now
        from unnest(p_events) v;
    end if;
    insert into command (
        tenant_id, id, name, actor_kind, actor_id, idempotency_key, fingerprint, status, document_id, response,
        recorded_at)
    select
        p_tenant, v.id, v.name, v.actor_kind, v.actor_id, v.idempotency_key, v.fingerprint, v.status, v.document_id,
        v.response, p_now
    from unnest(p_commands) v
    order by v.idempotency_key
    on conflict (tenant_id, idempotency_key) do nothing;
    get diagnostics v_rows = row_count;
    return v_rows;
end
$$;

revoke all on function post_batch_2 from public;
grant execute on function post_batch_2 to stockwell_app;

-- For servers of the last version, whose documents keep no versions.
create or replace function post_batch_1(
    p_tenant uuid,
    p_now timestamptz,
    p_currency text,
    p_levels stock_level_row_1[],
    p_series number_series_row_1[],
    p_movements stock_movement_row_1[],
    p_sales pos_sale_row_1[],
    p_tenders tender_row_1[],
    p_sales_lines sales_line_row_1[],
    p_entries journal_entry_row_1[],
    p_entry_lines journal_line_row_1[],
    p_events event_row_1[],
    p_commands command_row_1[]
) returns integer
language plpgsql
as $$
begin
    return post_batch_2(
        p_tenant, p_now, p_currency, p_levels, p_series, p_movements,
        array(select row(v.*, null, null)::pos_sale_row_2 from unnest(p_sales) v),
        p_tenders,
        array(select row(v.*, null)::sales_line_row_2 from unnest(p_sales_lines) v),
        p_entries, p_entry_lines, p_events, p_commands);
end
$$;

revoke all on function post_batch_1 from public;
grant execute on function post_batch_1 to stockwell_app;

-- Waits for the lock of closed periods in its queue, for at most a quarter of a second, and returns whether it is held. Batches that
-- want to share it meanwhile wait behind. The time is shorter than that after which the server looks for deadlocks.
create or replace function queue_for_period_lock_1(p_tenant uuid)
returns boolean
language plpgsql
set lock_timeout = '250ms'
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('period_lock ' || p_tenant, 0));
    return true;
exception when lock_not_available then
    return false;
end;
$$;
revoke all on function queue_for_period_lock_1 from public;
grant execute on function queue_for_period_lock_1 to stockwell_app;
