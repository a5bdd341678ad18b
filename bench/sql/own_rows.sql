-- F2, the floor of our own rows: one call that writes what a till sale of three lines writes, to the same ten tables,
-- with the same row-level security, indexes and constraints. It decides nothing: price, tax and cost are constants.

create schema floor authorization stockwell_owner;
grant usage on schema floor to stockwell_app;

-- The products of the shop: as many as the stand has, with stock that no run uses up.
insert into product (tenant_id, id, sku, name, tax_class_id, list_price)
select t.tenant_id, gen_random_uuid(), 'P' || lpad(n::text, 5, '0'), 'Product P' || lpad(n::text, 5, '0'), c.id, 20
from tenant t
cross join lateral (select id from tax_class where tenant_id = t.tenant_id order by code limit 1) c
cross join generate_series(1, 10000) n;

insert into stock_level (tenant_id, location_id, product_id, on_hand, value, last_cost, moved_at)
select r.tenant_id, r.location_id, p.id, 50000000, 600000000, 12, now()
from register r join product p on p.tenant_id = r.tenant_id;

insert into pos_session (tenant_id, id, register_id, opening_float, opened_at, command_id)
select tenant_id, gen_random_uuid(), id, 0, now(), gen_random_uuid() from register;

insert into number_series (tenant_id, series) select tenant_id, 'T1-2026' from tenant;

-- The nth id of a call. It begins with the time, as UUIDv7 does.
create function floor.nth_id(p_start text, n integer) returns uuid language sql immutable parallel safe
return (p_start || lpad(to_hex(n), 8, '0'))::uuid;

create function floor.sell(p_tenant uuid, p_a integer, p_b integer, p_c integer) returns text
language plpgsql
set search_path = public, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_start constant text := lpad(to_hex(floor(extract(epoch from v_now) * 1000)::bigint), 12, '0') || '7000'
        || substr(gen_random_uuid()::text, 20, 4) || substr(gen_random_uuid()::text, 1, 4);
    v_sale constant uuid := floor.nth_id(v_start, 1);
    v_command constant uuid := floor.nth_id(v_start, 2);
    v_entry constant uuid := floor.nth_id(v_start, 3);
    v_skus constant text[] := array[
        'P' || lpad(p_a::text, 5, '0'), 'P' || lpad(p_b::text, 5, '0'), 'P' || lpad(p_c::text, 5, '0')];
    v_session record;
    v_products uuid[];
    v_number text;
begin
    perform set_config('app.tenant_id', p_tenant::text, true), set_config('enable_seqscan', 'off', true),
        set_config('jit', 'off', true);
    select s.id, s.register_id, r.location_id into v_session
    from register r join pos_session s on s.tenant_id = r.tenant_id and s.register_id = r.id and s.status = 'open'
    where r.tenant_id = p_tenant and r.code = 'T1' for share of s;
    select array_agg(p.id) into v_products from product p where p.tenant_id = p_tenant and p.sku = any(v_skus);

    perform from stock_level l
    where l.tenant_id = p_tenant and l.location_id = v_session.location_id and l.product_id = any(v_products)
      and l.lot_id = '00000000-0000-0000-0000-000000000000'
    order by l.location_id, l.product_id for update;
    update stock_level l set on_hand = l.on_hand - 1, value = l.value - 12, moved_at = v_now
    where l.tenant_id = p_tenant and l.location_id = v_session.location_id and l.product_id = any(v_products)
      and l.lot_id = '00000000-0000-0000-0000-000000000000' and l.on_hand - l.reserved >= 1;
    if not found then
        raise exception 'nothing was there to be sold';
    end if;

    insert into stock_movement (
        tenant_id, product_id, location_id, lot_id, id, kind, quantity, value, unit_cost, document_kind, document_id,
        line_no, channel, occurred_at, recorded_at, entry_mode, command_id)
    select p_tenant, p.id, v_session.location_id, '00000000-0000-0000-0000-000000000000', floor.nth_id(v_start, 3 + p.n::integer),
        'sale', -1, -12, 12, 'sale', v_sale, p.n, 'retail', v_now, v_now, 'api', v_command
    from unnest(v_products) with ordinality p (id, n);
    insert into sales_line (
        tenant_id, document_id, line_no, document_kind, channel, location_id, country, currency, product_id, uom, factor,
        entered, quantity, unit_price, list_price, price_source, gross, discount, net, tax_rate, tax, cost, occurred_at,
        recorded_at)
    select p_tenant, v_sale, p.n, 'sale', 'retail', v_session.location_id, 'DE', 'EUR', p.id, 'C62', 1,
        1, 1, 20, 20, 'list_price', 20, 0, 20, 19, 3.80, 12, v_now, v_now
    from unnest(v_products) with ordinality p (id, n);
    insert into journal_entry (
        tenant_id, id, document_kind, document_id, memo, debit_total, credit_total, occurred_on, posted_on, recorded_at,
        command_id)
    values (p_tenant, v_entry, 'sale', v_sale, null, 107.40, 107.40, v_now::date, v_now::date, v_now, v_command);
    insert into journal_line (
        tenant_id, entry_id, line_no, account_code, debit, credit, currency, channel, location_id, party_id, posted_on)
    select p_tenant, v_entry, v.line_no, v.account_code, v.debit, v.credit, 'EUR', 'retail', v_session.location_id, null,
        v_now::date
    from (values (1, '1000', 71.40, 0), (2, '4000', 0, 60), (3, '2200', 0, 11.40), (4, '5000', 36, 0), (5, '1400', 0, 36))
        v (line_no, account_code, debit, credit);
    insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at)
    values (p_tenant, floor.nth_id(v_start, 7), 'pos_sale.completed', v_command, 'sale', v_sale, v_now);

    -- Every sale of the till waits for this row, so it is updated as late as possible.
    update number_series s set next = s.next + 1 where s.tenant_id = p_tenant and s.series = 'T1-2026'
    returning 'T1-2026-' || lpad((s.next - 1)::text, 6, '0') into v_number;
    insert into pos_sale (
        tenant_id, id, number, kind, register_id, session_id, location_id, currency, country, gross, discount, net, tax,
        rounding, total, cost, business_date, occurred_at, recorded_at, command_id)
    values (p_tenant, v_sale, v_number, 'sale', v_session.register_id, v_session.id, v_session.location_id, 'EUR', 'DE',
        60, 0, 60, 11.40, 0, 71.40, 36, v_now::date, v_now, v_now, v_command);
    insert into tender (tenant_id, sale_id, line_no, kind, amount, tendered, change)
    values (p_tenant, v_sale, 1, 'cash', 71.40, 71.40, 0);
    -- The response is as long as that of such a sale.
    insert into command (
        tenant_id, id, name, actor_kind, actor_id, idempotency_key, fingerprint, status, document_id, response, recorded_at)
    values (p_tenant, v_command, 'pos_sale.completed', 'api_key', p_tenant, gen_random_uuid()::text,
        decode(repeat(md5(v_number), 2), 'hex'), 201, v_sale, v_number || repeat('0123456789', 150), v_now)
    on conflict (tenant_id, idempotency_key) do nothing;
    return v_number;
end
$$;
