with level as (
    update stock_level l
    set on_hand = v.on_hand, reserved = v.reserved, value = v.value, last_cost = v.last_cost, layered = v.layered,
        moved_at = $2, forced = l.forced and (v.on_hand < 0 or v.reserved > v.on_hand)
    from unnest(
        $3::uuid[], $4::uuid[], $5::uuid[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $115::boolean[])
        as v (location_id, product_id, lot_id, on_hand, reserved, value, last_cost, layered)
    where l.tenant_id = $1 and l.location_id = v.location_id and l.product_id = v.product_id and l.lot_id = v.lot_id
    returning 1
), series as (
    update number_series s set next = v.next
    from unnest($10::text[], $11::bigint[]) as v (series, next)
    where s.tenant_id = $1 and s.series = v.series
), movement as (
    insert into stock_movement (
        tenant_id, product_id, location_id, lot_id, id, kind, quantity, value, unit_cost, document_kind, document_id,
        line_no, channel, reason, occurred_at, recorded_at, entry_mode, command_id)
    select $1, product_id, location_id, lot_id, id, kind, quantity, value, unit_cost, document_kind, document_id,
           line_no, channel, reason, occurred_at, $2, entry_mode, command_id
    from unnest(
        $12::uuid[], $13::uuid[], $14::uuid[], $15::uuid[], $16::text[], $17::numeric[], $18::numeric[],
        $19::numeric[], $20::text[], $21::uuid[], $22::int[], $23::text[], $24::text[], $25::timestamptz[],
        $26::text[], $27::uuid[])
        as v (product_id, location_id, lot_id, id, kind, quantity, value, unit_cost, document_kind, document_id,
              line_no, channel, reason, occurred_at, entry_mode, command_id)
), sale as (
    insert into pos_sale (
        tenant_id, id, number, kind, register_id, session_id, location_id, customer_id, original_id, country, gross,
        discount, net, tax, rounding, total, cost, business_date, occurred_at, command_id, currency, recorded_at)
    select $1, v.*, $47, $2
    from unnest(
        $28::uuid[], $29::text[], $30::text[], $31::uuid[], $32::uuid[], $33::uuid[], $34::uuid[], $35::uuid[],
        $36::text[], $37::numeric[], $38::numeric[], $39::numeric[], $40::numeric[], $41::numeric[], $42::numeric[],
        $43::numeric[], $44::date[], $45::timestamptz[], $46::uuid[]) as v
), tender as (
    insert into tender (tenant_id, sale_id, line_no, kind, amount, tendered, change, reference)
    select $1, v.*
    from unnest(
        $48::uuid[], $49::int[], $50::text[], $51::numeric[], $52::numeric[], $53::numeric[], $54::text[]) as v
), sales_line as (
    insert into sales_line (
        tenant_id, document_id, line_no, document_kind, channel, location_id, customer_id, country, product_id,
        category_id, description, uom, factor, entered, quantity, unit_price, list_price, price_source,
        price_rule_id, price_trace, gross, discount, net, tax_rate, tax, cost, order_id, original_id,
        original_line_no, occurred_at, bundle_id, currency, recorded_at)
    select $1, v.*, $47, $2
    from unnest(
        $55::uuid[], $56::int[], $57::text[], $58::text[], $59::uuid[], $60::uuid[], $61::text[], $62::uuid[],
        $63::uuid[], $64::text[], $65::text[], $66::numeric[], $67::numeric[], $68::numeric[], $69::numeric[],
        $70::numeric[], $71::text[], $72::uuid[], $73::jsonb[], $74::numeric[], $75::numeric[], $76::numeric[],
        $77::numeric[], $78::numeric[], $79::numeric[], $80::uuid[], $81::uuid[], $82::int[], $83::timestamptz[],
        $114::uuid[])
        as v
), entry as (
    insert into journal_entry (
        tenant_id, id, document_kind, document_id, memo, debit_total, credit_total, occurred_on, posted_on,
        recorded_at, command_id)
    select $1, id, document_kind, document_id, memo, total, total, occurred_on, occurred_on, $2, command_id
    from unnest($84::uuid[], $85::text[], $86::uuid[], $87::text[], $88::numeric[], $89::date[], $90::uuid[])
        as v (id, document_kind, document_id, memo, total, occurred_on, command_id)
), line as (
    insert into journal_line (
        tenant_id, entry_id, line_no, account_code, debit, credit, channel, location_id, party_id, posted_on,
        currency)
    select $1, v.*, $47
    from unnest(
        $91::uuid[], $92::int[], $93::text[], $94::numeric[], $95::numeric[], $96::text[], $97::uuid[], $98::uuid[],
        $99::date[]) as v
), event as (
    insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at)
    select $1, v.*, $2
    from unnest($100::uuid[], $101::text[], $102::uuid[], $103::text[], $104::uuid[]) as v
), command as (
    insert into command (
        tenant_id, id, name, actor_kind, actor_id, idempotency_key, fingerprint, status, document_id, response,
        recorded_at)
    select $1, v.*, $2
    from unnest(
        $105::uuid[], $106::text[], $107::text[], $108::uuid[], $109::text[], $110::bytea[], $111::smallint[],
        $112::uuid[], $113::text[]) as v
    order by 5
    on conflict (tenant_id, idempotency_key) do nothing
    returning 1
)
select (select count(*) from command), (select count(*) from level)
