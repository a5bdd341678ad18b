-- The erasure of a person. Documents are append-only for the service's role, so this function has the few rights that it takes.

-- Empties the texts about a customer of the current tenant, but those of fiscal documents, which must be kept: invoices, credit
-- notes, till sales and refunds with their lines, payments, and the reference and the addresses of orders that were invoiced.
-- Of the earlier states of the customer's record, those are kept that a fiscal document prints: a document prints the first one from
-- its version on. May be repeated.
create or replace function auth.erase_customer(of_customer uuid, erased_at timestamptz)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    printed integer[];
begin
    select array_agg(distinct k.version) into printed
    from (
        select coalesce(i.customer_version, 0) as version
        from public.invoice i where i.tenant_id = tenant and i.customer_id = of_customer
        union
        select coalesce(s.customer_version, 0)
        from public.pos_sale s where s.tenant_id = tenant and s.customer_id = of_customer
    ) d
    cross join lateral (
        select r.version from public.replaced_customer r
        where r.tenant_id = tenant and r.customer_id = of_customer and r.version >= d.version
        order by r.version limit 1
    ) k;
    delete from public.replaced_customer r
    where r.tenant_id = tenant and r.customer_id = of_customer and r.version <> all (coalesce(printed, '{}'));

    update public.sales_order o
    set notes = '', tags = '[]', metadata = '{}', external_ref = null,
        reference = case when f.is_fiscal then o.reference end, bill_to = case when f.is_fiscal then o.bill_to end,
        ship_to = case when f.is_fiscal then o.ship_to end, version = o.version + 1, updated_at = erased_at
    from (
        select q.id,
            exists (select from public.shipment s
                    where s.tenant_id = tenant and s.order_id = q.id and s.invoice_id is not null) as is_fiscal
        from public.sales_order q
        where q.tenant_id = tenant and q.customer_id = of_customer
    ) f
    where o.tenant_id = tenant and o.id = f.id
        and (o.notes <> '' or o.tags <> '[]' or o.metadata <> '{}' or o.external_ref is not null
             or not f.is_fiscal and (o.reference is not null or o.bill_to is not null or o.ship_to is not null));
    update public.sales_order_line l
    set description = null, price_trace = jsonb_set(l.price_trace, '{override,reason}', '""', false)
    where l.tenant_id = tenant and l.order_id in (
        select q.id from public.sales_order q
        where q.tenant_id = tenant and q.customer_id = of_customer and not exists (
            select from public.shipment s
            where s.tenant_id = tenant and s.order_id = q.id and s.invoice_id is not null));
    update public.shipment s
    set carrier = null, tracking_number = null, tracking_url = null, version = s.version + 1, updated_at = erased_at
    where s.tenant_id = tenant
        and (s.carrier is not null or s.tracking_number is not null or s.tracking_url is not null)
        and s.order_id in (
            select q.id from public.sales_order q where q.tenant_id = tenant and q.customer_id = of_customer);
    update public.sale_exception e
    set resolution = '', version = e.version + 1
    where e.tenant_id = tenant and e.resolution <> '' and e.sale_id in (
        select s.id from public.pos_sale s where s.tenant_id = tenant and s.customer_id = of_customer);
    delete from public.sale_external_ref x
    where x.tenant_id = tenant and x.sale_id in (
        select s.id from public.pos_sale s where s.tenant_id = tenant and s.customer_id = of_customer);

    delete from public.hold_reference r
    where r.tenant_id = tenant and r.reference in (
        select h.reference from public.hold h where h.tenant_id = tenant and h.customer_id = of_customer);
    update public.hold h
    set reference = null, note = null, version = h.version + 1, updated_at = erased_at
    where h.tenant_id = tenant and h.customer_id = of_customer and (h.reference is not null or h.note is not null);

    -- Lines of bank statements that were accepted as payments of the customer, or matched with one. Their days and amounts stay.
    update public.bank_line l
    set counterparty = '', text = ''
    where l.tenant_id = tenant and (l.counterparty <> '' or l.text <> '') and l.id in (
        select p.id from public.payment p where p.tenant_id = tenant and p.customer_id = of_customer
        union all
        select m.bank_line_id from public.bank_match m
        join public.payment p on p.tenant_id = m.tenant_id and p.id = m.payment_id
        where m.tenant_id = tenant and p.customer_id = of_customer);
end
$$;

grant select (tenant_id, customer_id, customer_version) on public.invoice to stockwell_lookup;
grant select (tenant_id, id, customer_id, customer_version) on public.pos_sale to stockwell_lookup;
grant select (tenant_id, customer_id, version), delete on public.replaced_customer to stockwell_lookup;
grant select (tenant_id, id, customer_id, notes, tags, metadata, external_ref, reference, bill_to, ship_to, version),
    update (notes, tags, metadata, external_ref, reference, bill_to, ship_to, version, updated_at) on public.sales_order
    to stockwell_lookup;
grant select (tenant_id, order_id, price_trace), update (description, price_trace) on public.sales_order_line
    to stockwell_lookup;
grant select (tenant_id, order_id, invoice_id, carrier, tracking_number, tracking_url, version),
    update (carrier, tracking_number, tracking_url, version, updated_at) on public.shipment to stockwell_lookup;
grant select (tenant_id, sale_id, resolution, version), update (resolution, version) on public.sale_exception
    to stockwell_lookup;
grant select (tenant_id, sale_id), delete on public.sale_external_ref to stockwell_lookup;
grant select (tenant_id, reference), delete on public.hold_reference to stockwell_lookup;
grant select (tenant_id, customer_id, reference, note, version), update (reference, note, version, updated_at) on public.hold
    to stockwell_lookup;
grant select (tenant_id, id, customer_id) on public.payment to stockwell_lookup;
grant select (tenant_id, bank_line_id, payment_id) on public.bank_match to stockwell_lookup;
grant select (tenant_id, id, counterparty, text), update (counterparty, text) on public.bank_line to stockwell_lookup;
alter function auth.erase_customer(uuid, timestamptz) owner to stockwell_lookup;
revoke all on function auth.erase_customer(uuid, timestamptz) from public;
grant execute on function auth.erase_customer(uuid, timestamptz) to stockwell_app;
