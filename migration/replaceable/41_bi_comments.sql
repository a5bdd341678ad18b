-- One text per column name of the views in `bi`, put on every column of that name. A column without a text is refused.

do $$
declare
    target record;
    words constant jsonb := $words${
        "tenant_id": "The tenant; always your own.",
        "document_id": "The document: a till sale, a refund, an invoice, a credit note, or what caused a movement or an entry.",
        "line_no": "Number of the line in its document, from 1.",
        "document_kind": "Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.",
        "occurred_at": "When it happened. Filter by this column: it is indexed.",
        "recorded_at": "When it was learnt of; later than occurred_at for late documents.",
        "occurred_on": "The day it happened, in the tenant's time zone.",
        "posted_on": "The day it is booked on: later than occurred_on only where the period was closed.",
        "day": "Calendar day in the tenant's time zone.",
        "month": "First day of the calendar month in the tenant's time zone.",
        "channel": "Sales channel: wholesale or retail. New values may appear.",
        "location_id": "The stock location.",
        "location_code": "Code of the stock location.",
        "location_name": "Name of the stock location.",
        "customer_id": "The customer; null for walk-in sales.",
        "customer_number": "Number of the customer; null for walk-in sales.",
        "customer_name": "Name of the customer; null for walk-in sales.",
        "customer_kind": "Kind of the customer: wholesale or retail.",
        "country": "ISO 3166-1 alpha-2 code of the country sold to, or of the customer.",
        "currency": "ISO 4217 code of the currency of every amount in the row. Never add up different currencies.",
        "product_id": "The product.",
        "category_id": "The category that the product had when it was sold; null where it had none.",
        "sku": "The product's stock keeping unit, case-sensitive.",
        "product_name": "Name of the product.",
        "product_kind": "Kind of the product: stocked, service or bundle.",
        "category_code": "Code of the category; null where there is none.",
        "category_name": "Name of the category; null where there is none.",
        "uom": "UN/ECE Recommendation 20 code of the unit that quantities are in.",
        "orders": "Number of sales documents: till sales and invoices, not refunds and credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.",
        "lines": "Number of document lines. Additive.",
        "units": "Stock units sold, less units returned. Additive over rows of one unit.",
        "gross_sales": "Net value of the lines sold, before returns: after discounts, without tax. Additive.",
        "returns": "Net value of the lines taken back: negative, without tax. Additive.",
        "gross_revenue": "Sales less returns before the discounts given at the sale, without tax. Additive.",
        "discount": "Discounts given at the sale: positive lowers revenue; on returns negative. Additive.",
        "net_revenue": "gross_revenue - discount, which is gross_sales + returns; without tax. Additive.",
        "tax": "Output tax on net_revenue; not part of it. Returns are negative. Additive.",
        "cost": "Cost of the goods sold, less the cost of the goods returned. Additive.",
        "gross_margin": "net_revenue - cost. Additive.",
        "gross_margin_pct": "gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.",
        "net_revenue_share_pct": "net_revenue in percent of all rows of the currency, 4 decimals. Not additive.",
        "average_order_value": "gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.",
        "wholesale_units": "units of the wholesale channel. Additive over rows of one unit.",
        "wholesale_net_revenue": "net_revenue of the wholesale channel. Additive.",
        "wholesale_cost": "cost of the wholesale channel. Additive.",
        "wholesale_gross_margin": "gross_margin of the wholesale channel. Additive.",
        "wholesale_gross_margin_pct": "gross_margin_pct of the wholesale channel. Not additive.",
        "retail_units": "units of the retail channel. Additive over rows of one unit.",
        "retail_net_revenue": "net_revenue of the retail channel. Additive.",
        "retail_cost": "cost of the retail channel. Additive.",
        "retail_gross_margin": "gross_margin of the retail channel. Additive.",
        "retail_gross_margin_pct": "gross_margin_pct of the retail channel. Not additive.",
        "first_order_on": "Day of the customer's first sales document, in the tenant's time zone.",
        "last_order_on": "Day of the customer's latest sales document, in the tenant's time zone.",
        "contribution": "net_revenue - cost of everything sold to the customer, in both channels. Additive.",
        "contribution_pct": "contribution in percent of net_revenue, 4 decimals. Not additive: divide the sums.",
        "on_hand": "Stock units in the location, reserved ones included. Additive over rows of one unit.",
        "reserved": "Stock units on hand that are promised. Additive over rows of one unit.",
        "available": "on_hand - reserved: what may still be sold. Additive over rows of one unit.",
        "value": "Cost of the stock: of what is on hand, or of what a movement moved (out is negative). Additive.",
        "unit_cost": "Cost per stock unit, 6 decimals. Not additive.",
        "movement_id": "The stock movement.",
        "movement_kind": "Kind of the movement: receipt, sale, return, adjustment, opening and others.",
        "reason": "Reason code of an adjustment.",
        "quantity": "Stock units moved: positive in, negative out. Additive over rows of one unit.",
        "entry_mode": "How the movement came in.",
        "source_system": "The system that reported the movement; null where it was this one.",
        "command_id": "The command that wrote the row: who did it is in its audit record.",
        "entry_id": "The journal entry.",
        "account_code": "Code of the ledger account.",
        "account_name": "Name of the ledger account.",
        "account_kind": "Kind of the account: asset, liability, equity, revenue or expense.",
        "debit": "Amount debited; zero on the other side. Additive.",
        "credit": "Amount credited; zero on the other side. Additive.",
        "balance": "debit - credit: assets and expenses are positive, liabilities, equity and revenue negative. Additive.",
        "memo": "Remark on an entry posted by hand.",
        "price_tier": "Code of the customer's price tier.",
        "payment_terms": "Payment terms: prepaid, net or end_of_month.",
        "payment_days": "Days of the payment terms.",
        "credit_limit": "The most that the customer may owe; null where there is no limit.",
        "receivable": "What the customer owes on open invoices, less open credit notes. Additive.",
        "unapplied": "Payments of the customer that pay no invoice yet. Additive.",
        "status": "Status of the record.",
        "external_ref": "The record's id in the tenant's other systems.",
        "list_price": "List price per stock unit; null where there is none, which is not a price of zero.",
        "created_at": "When the record was made.",
        "updated_at": "When the record last changed."
    }$words$;
begin
    for target in
        select c.relname as view, a.attname as name
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'bi'::regnamespace and c.relkind = 'v'
        order by c.relname, a.attnum
    loop
        if not words ? target.name then
            raise exception 'column % of bi.% has no comment', target.name, target.view;
        end if;
        execute format('comment on column bi.%I.%I is %L', target.view, target.name, words ->> target.name);
    end loop;
end
$$;
