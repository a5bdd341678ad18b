-- Adds sales lines to the rows of one generation ($2) of a tenant's roll-ups ($1): the lines from the position $3 up to $4,
-- of the documents after $5 up to $6. Days and months are those of the time zone $7. Returns how many lines there were, and
-- when the first and the last of them happened.
with line as materialized (
    select
        f.document_kind, f.channel, f.location_id, f.customer_id, f.country, f.currency, f.product_id, f.category_id,
        f.occurred_at, (f.occurred_at at time zone $7)::date as day, f.orders, f.units, f.returns, f.gross_revenue,
        f.net_revenue, f.tax, f.cost,
        -- A document counts once in each category, and once in each product of a category.
        (f.document_kind in ('sale', 'invoice') and row_number() over (
            partition by f.document_id, f.document_kind, f.category_id order by f.product_id, f.line_no) = 1)::int as of_category,
        (f.document_kind in ('sale', 'invoice') and row_number() over (
            partition by f.document_id, f.document_kind, f.category_id, f.product_id order by f.line_no) = 1)::int as of_product
    from bi.sales_fact f
    where f.tenant_id = $1 and f.position >= $3 and f.position < $4 and f.document_id > $5 and f.document_id <= $6
),
by_quarter_hour as (
    insert into sales_by_quarter_hour as r (
        tenant_id, generation, occurred_at, channel, location_id, country, currency,
        orders, lines, units, returns, gross_revenue, net_revenue, tax, cost)
    select $1, $2, date_bin('15 minutes', occurred_at, 'epoch'), channel, location_id, country, currency,
        sum(orders), count(*), sum(units), sum(returns), sum(gross_revenue), sum(net_revenue), sum(tax), sum(cost)
    from line group by 3, 4, 5, 6, 7
    on conflict (tenant_id, generation, occurred_at, channel, location_id, country, currency) do update set
        orders = r.orders + excluded.orders,
        lines = r.lines + excluded.lines,
        units = r.units + excluded.units,
        returns = r.returns + excluded.returns,
        gross_revenue = r.gross_revenue + excluded.gross_revenue,
        net_revenue = r.net_revenue + excluded.net_revenue,
        tax = r.tax + excluded.tax,
        cost = r.cost + excluded.cost
),
by_day as (
    insert into sales_by_day as r (
        tenant_id, generation, day, channel, location_id, country, currency,
        orders, lines, units, returns, gross_revenue, net_revenue, tax, cost)
    select $1, $2, day, channel, location_id, country, currency,
        sum(orders), count(*), sum(units), sum(returns), sum(gross_revenue), sum(net_revenue), sum(tax), sum(cost)
    from line group by 3, 4, 5, 6, 7
    on conflict (tenant_id, generation, day, channel, location_id, country, currency) do update set
        orders = r.orders + excluded.orders,
        lines = r.lines + excluded.lines,
        units = r.units + excluded.units,
        returns = r.returns + excluded.returns,
        gross_revenue = r.gross_revenue + excluded.gross_revenue,
        net_revenue = r.net_revenue + excluded.net_revenue,
        tax = r.tax + excluded.tax,
        cost = r.cost + excluded.cost
),
by_category as (
    insert into sales_by_category as r (
        tenant_id, generation, month, category_id, channel, location_id, country, currency,
        orders, documents, lines, units, returns, gross_revenue, net_revenue, tax, cost)
    select $1, $2, date_trunc('month', day)::date, coalesce(category_id, '00000000-0000-0000-0000-000000000000'), channel, location_id, country, currency,
        sum(orders), sum(of_category), count(*), sum(units), sum(returns), sum(gross_revenue), sum(net_revenue), sum(tax), sum(cost)
    from line group by 3, 4, 5, 6, 7, 8
    on conflict (tenant_id, generation, month, category_id, channel, location_id, country, currency) do update set
        orders = r.orders + excluded.orders,
        documents = r.documents + excluded.documents,
        lines = r.lines + excluded.lines,
        units = r.units + excluded.units,
        returns = r.returns + excluded.returns,
        gross_revenue = r.gross_revenue + excluded.gross_revenue,
        net_revenue = r.net_revenue + excluded.net_revenue,
        tax = r.tax + excluded.tax,
        cost = r.cost + excluded.cost
),
by_product as (
    insert into sales_by_product as r (
        tenant_id, generation, month, product_id, category_id, channel, location_id, currency,
        orders, documents, lines, units, returns, gross_revenue, net_revenue, tax, cost)
    select $1, $2, date_trunc('month', day)::date, product_id, coalesce(category_id, '00000000-0000-0000-0000-000000000000'), channel, location_id, currency,
        sum(orders), sum(of_product), count(*), sum(units), sum(returns), sum(gross_revenue), sum(net_revenue), sum(tax), sum(cost)
    from line group by 3, 4, 5, 6, 7, 8
    on conflict (tenant_id, generation, month, product_id, category_id, channel, location_id, currency) do update set
        orders = r.orders + excluded.orders,
        documents = r.documents + excluded.documents,
        lines = r.lines + excluded.lines,
        units = r.units + excluded.units,
        returns = r.returns + excluded.returns,
        gross_revenue = r.gross_revenue + excluded.gross_revenue,
        net_revenue = r.net_revenue + excluded.net_revenue,
        tax = r.tax + excluded.tax,
        cost = r.cost + excluded.cost
),
by_customer as (
    insert into sales_by_customer as r (
        tenant_id, generation, month, customer_id, channel, country, currency,
        orders, lines, units, returns, gross_revenue, net_revenue, tax, cost, first_order_at, last_order_at)
    select $1, $2, date_trunc('month', day)::date, coalesce(customer_id, '00000000-0000-0000-0000-000000000000'), channel, country, currency,
        sum(orders), count(*), sum(units), sum(returns), sum(gross_revenue), sum(net_revenue), sum(tax), sum(cost),
        min(occurred_at) filter (where document_kind in ('sale', 'invoice')), max(occurred_at) filter (where document_kind in ('sale', 'invoice'))
    from line group by 3, 4, 5, 6, 7
    on conflict (tenant_id, generation, month, customer_id, channel, country, currency) do update set
        orders = r.orders + excluded.orders,
        lines = r.lines + excluded.lines,
        units = r.units + excluded.units,
        returns = r.returns + excluded.returns,
        gross_revenue = r.gross_revenue + excluded.gross_revenue,
        net_revenue = r.net_revenue + excluded.net_revenue,
        tax = r.tax + excluded.tax,
        cost = r.cost + excluded.cost,
        first_order_at = least(r.first_order_at, excluded.first_order_at),
        last_order_at = greatest(r.last_order_at, excluded.last_order_at)
),
by_product_year as (
    insert into sales_by_product_year as r (
        tenant_id, generation, year, product_id, category_id, channel, currency,
        orders, documents, lines, units, returns, gross_revenue, net_revenue, tax, cost)
    select $1, $2, date_trunc('year', day)::date, product_id, coalesce(category_id, '00000000-0000-0000-0000-000000000000'), channel, currency,
        sum(orders), sum(of_product), count(*), sum(units), sum(returns), sum(gross_revenue), sum(net_revenue), sum(tax), sum(cost)
    from line group by 3, 4, 5, 6, 7
    on conflict (tenant_id, generation, year, product_id, category_id, channel, currency) do update set
        orders = r.orders + excluded.orders,
        documents = r.documents + excluded.documents,
        lines = r.lines + excluded.lines,
        units = r.units + excluded.units,
        returns = r.returns + excluded.returns,
        gross_revenue = r.gross_revenue + excluded.gross_revenue,
        net_revenue = r.net_revenue + excluded.net_revenue,
        tax = r.tax + excluded.tax,
        cost = r.cost + excluded.cost
),
by_customer_year as (
    insert into sales_by_customer_year as r (
        tenant_id, generation, year, customer_id, channel, country, currency,
        orders, lines, units, returns, gross_revenue, net_revenue, tax, cost, first_order_at, last_order_at)
    select $1, $2, date_trunc('year', day)::date, coalesce(customer_id, '00000000-0000-0000-0000-000000000000'), channel, country, currency,
        sum(orders), count(*), sum(units), sum(returns), sum(gross_revenue), sum(net_revenue), sum(tax), sum(cost),
        min(occurred_at) filter (where document_kind in ('sale', 'invoice')), max(occurred_at) filter (where document_kind in ('sale', 'invoice'))
    from line group by 3, 4, 5, 6, 7
    on conflict (tenant_id, generation, year, customer_id, channel, country, currency) do update set
        orders = r.orders + excluded.orders,
        lines = r.lines + excluded.lines,
        units = r.units + excluded.units,
        returns = r.returns + excluded.returns,
        gross_revenue = r.gross_revenue + excluded.gross_revenue,
        net_revenue = r.net_revenue + excluded.net_revenue,
        tax = r.tax + excluded.tax,
        cost = r.cost + excluded.cost,
        first_order_at = least(r.first_order_at, excluded.first_order_at),
        last_order_at = greatest(r.last_order_at, excluded.last_order_at)
)
select count(*) as lines, min(occurred_at) as earliest_at, max(occurred_at) as latest_at from line
