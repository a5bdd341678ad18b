-- Each row of the roll-ups against the lines below their position: the first figure that differs, or one that does not.
(
with state as (
    select generation, position, time_zone, earliest_at, latest_at from sales_fold where tenant_id = $1 and generation is not null
),
line as materialized (
    select f.*, (f.occurred_at at time zone state.time_zone)::date as day
    from state join bi.sales_fact f on f.tenant_id = $1 and f.position < state.position
)
select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in sales_by_day of', day, channel, location_id, country, currency) end as subject,
    figure.expected, figure.found
from (
    select day, channel, location_id, country, currency,
        sum(orders) as orders, count(*) as lines, sum(units) as units, sum(returns) as returns, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue, sum(tax) as tax, sum(cost) as cost
    from line group by 1, 2, 3, 4, 5
) line
full join (
    select r.* from state join sales_by_day r on r.tenant_id = $1 and r.generation = state.generation
) rollup using (day, channel, location_id, country, currency)
cross join lateral (
    select * from (values
        ('orders', coalesce(line.orders, 0), coalesce(rollup.orders, 0)),
        ('lines', coalesce(line.lines, 0), coalesce(rollup.lines, 0)),
        ('units', coalesce(line.units, 0), coalesce(rollup.units, 0)),
        ('returns', coalesce(line.returns, 0), coalesce(rollup.returns, 0)),
        ('gross_revenue', coalesce(line.gross_revenue, 0), coalesce(rollup.gross_revenue, 0)),
        ('net_revenue', coalesce(line.net_revenue, 0), coalesce(rollup.net_revenue, 0)),
        ('tax', coalesce(line.tax, 0), coalesce(rollup.tax, 0)),
        ('cost', coalesce(line.cost, 0), coalesce(rollup.cost, 0))) figure (name, expected, found)
    order by expected = found limit 1
) figure
union all
select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in sales_by_quarter_hour of', occurred_at, channel, location_id, country, currency) end as subject,
    figure.expected, figure.found
from (
    select date_bin('15 minutes', occurred_at, 'epoch') as occurred_at, channel, location_id, country, currency,
        sum(orders) as orders, count(*) as lines, sum(units) as units, sum(returns) as returns, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue, sum(tax) as tax, sum(cost) as cost
    from line group by 1, 2, 3, 4, 5
) line
full join (
    select r.* from state join sales_by_quarter_hour r on r.tenant_id = $1 and r.generation = state.generation
) rollup using (occurred_at, channel, location_id, country, currency)
cross join lateral (
    select * from (values
        ('orders', coalesce(line.orders, 0), coalesce(rollup.orders, 0)),
        ('lines', coalesce(line.lines, 0), coalesce(rollup.lines, 0)),
        ('units', coalesce(line.units, 0), coalesce(rollup.units, 0)),
        ('returns', coalesce(line.returns, 0), coalesce(rollup.returns, 0)),
        ('gross_revenue', coalesce(line.gross_revenue, 0), coalesce(rollup.gross_revenue, 0)),
        ('net_revenue', coalesce(line.net_revenue, 0), coalesce(rollup.net_revenue, 0)),
        ('tax', coalesce(line.tax, 0), coalesce(rollup.tax, 0)),
        ('cost', coalesce(line.cost, 0), coalesce(rollup.cost, 0))) figure (name, expected, found)
    order by expected = found limit 1
) figure
union all
select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in sales_by_category of', month, category_id, channel, location_id, country, currency) end as subject,
    figure.expected, figure.found
from (
    select date_trunc('month', day)::date as month, coalesce(category_id, '00000000-0000-0000-0000-000000000000'::uuid) as category_id, channel, location_id, country, currency,
        sum(orders) as orders, count(distinct (document_id, document_kind)) filter (where document_kind in ('sale', 'invoice')) as documents, count(*) as lines, sum(units) as units, sum(returns) as returns, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue, sum(tax) as tax, sum(cost) as cost
    from line group by 1, 2, 3, 4, 5, 6
) line
full join (
    select r.* from state join sales_by_category r on r.tenant_id = $1 and r.generation = state.generation
) rollup using (month, category_id, channel, location_id, country, currency)
cross join lateral (
    select * from (values
        ('documents', coalesce(line.documents, 0), coalesce(rollup.documents, 0)),
        ('orders', coalesce(line.orders, 0), coalesce(rollup.orders, 0)),
        ('lines', coalesce(line.lines, 0), coalesce(rollup.lines, 0)),
        ('units', coalesce(line.units, 0), coalesce(rollup.units, 0)),
        ('returns', coalesce(line.returns, 0), coalesce(rollup.returns, 0)),
        ('gross_revenue', coalesce(line.gross_revenue, 0), coalesce(rollup.gross_revenue, 0)),
        ('net_revenue', coalesce(line.net_revenue, 0), coalesce(rollup.net_revenue, 0)),
        ('tax', coalesce(line.tax, 0), coalesce(rollup.tax, 0)),
        ('cost', coalesce(line.cost, 0), coalesce(rollup.cost, 0))) figure (name, expected, found)
    order by expected = found limit 1
) figure
union all
select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in sales_by_product of', month, product_id, category_id, channel, location_id, currency) end as subject,
    figure.expected, figure.found
from (
    select date_trunc('month', day)::date as month, product_id, coalesce(category_id, '00000000-0000-0000-0000-000000000000'::uuid) as category_id, channel, location_id, currency,
        sum(orders) as orders, count(distinct (document_id, document_kind)) filter (where document_kind in ('sale', 'invoice')) as documents, count(*) as lines, sum(units) as units, sum(returns) as returns, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue, sum(tax) as tax, sum(cost) as cost
    from line group by 1, 2, 3, 4, 5, 6
) line
full join (
    select r.* from state join sales_by_product r on r.tenant_id = $1 and r.generation = state.generation
) rollup using (month, product_id, category_id, channel, location_id, currency)
cross join lateral (
    select * from (values
        ('documents', coalesce(line.documents, 0), coalesce(rollup.documents, 0)),
        ('orders', coalesce(line.orders, 0), coalesce(rollup.orders, 0)),
        ('lines', coalesce(line.lines, 0), coalesce(rollup.lines, 0)),
        ('units', coalesce(line.units, 0), coalesce(rollup.units, 0)),
        ('returns', coalesce(line.returns, 0), coalesce(rollup.returns, 0)),
        ('gross_revenue', coalesce(line.gross_revenue, 0), coalesce(rollup.gross_revenue, 0)),
        ('net_revenue', coalesce(line.net_revenue, 0), coalesce(rollup.net_revenue, 0)),
        ('tax', coalesce(line.tax, 0), coalesce(rollup.tax, 0)),
        ('cost', coalesce(line.cost, 0), coalesce(rollup.cost, 0))) figure (name, expected, found)
    order by expected = found limit 1
) figure
union all
select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in sales_by_customer of', month, customer_id, channel, country, currency) end as subject,
    figure.expected, figure.found
from (
    select date_trunc('month', day)::date as month, coalesce(customer_id, '00000000-0000-0000-0000-000000000000'::uuid) as customer_id, channel, country, currency,
        sum(orders) as orders, count(*) as lines, sum(units) as units, sum(returns) as returns, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue, sum(tax) as tax, sum(cost) as cost,
        min(occurred_at) filter (where document_kind in ('sale', 'invoice')) as first_order_at,
        max(occurred_at) filter (where document_kind in ('sale', 'invoice')) as last_order_at
    from line group by 1, 2, 3, 4, 5
) line
full join (
    select r.* from state join sales_by_customer r on r.tenant_id = $1 and r.generation = state.generation
) rollup using (month, customer_id, channel, country, currency)
cross join lateral (
    select * from (values
        ('orders', coalesce(line.orders, 0), coalesce(rollup.orders, 0)),
        ('lines', coalesce(line.lines, 0), coalesce(rollup.lines, 0)),
        ('units', coalesce(line.units, 0), coalesce(rollup.units, 0)),
        ('returns', coalesce(line.returns, 0), coalesce(rollup.returns, 0)),
        ('gross_revenue', coalesce(line.gross_revenue, 0), coalesce(rollup.gross_revenue, 0)),
        ('net_revenue', coalesce(line.net_revenue, 0), coalesce(rollup.net_revenue, 0)),
        ('tax', coalesce(line.tax, 0), coalesce(rollup.tax, 0)),
        ('cost', coalesce(line.cost, 0), coalesce(rollup.cost, 0)),
        ('first_order_at', coalesce(extract(epoch from line.first_order_at), 0), coalesce(extract(epoch from rollup.first_order_at), 0)),
        ('last_order_at', coalesce(extract(epoch from line.last_order_at), 0), coalesce(extract(epoch from rollup.last_order_at), 0))) figure (name, expected, found)
    order by expected = found limit 1
) figure
union all
select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in sales_by_product_year of', year, product_id, category_id, channel, currency) end as subject,
    figure.expected, figure.found
from (
    select date_trunc('year', day)::date as year, product_id, coalesce(category_id, '00000000-0000-0000-0000-000000000000'::uuid) as category_id, channel, currency,
        sum(orders) as orders, count(distinct (document_id, document_kind)) filter (where document_kind in ('sale', 'invoice')) as documents, count(*) as lines, sum(units) as units, sum(returns) as returns, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue, sum(tax) as tax, sum(cost) as cost
    from line group by 1, 2, 3, 4, 5
) line
full join (
    select r.* from state join sales_by_product_year r on r.tenant_id = $1 and r.generation = state.generation
) rollup using (year, product_id, category_id, channel, currency)
cross join lateral (
    select * from (values
        ('documents', coalesce(line.documents, 0), coalesce(rollup.documents, 0)),
        ('orders', coalesce(line.orders, 0), coalesce(rollup.orders, 0)),
        ('lines', coalesce(line.lines, 0), coalesce(rollup.lines, 0)),
        ('units', coalesce(line.units, 0), coalesce(rollup.units, 0)),
        ('returns', coalesce(line.returns, 0), coalesce(rollup.returns, 0)),
        ('gross_revenue', coalesce(line.gross_revenue, 0), coalesce(rollup.gross_revenue, 0)),
        ('net_revenue', coalesce(line.net_revenue, 0), coalesce(rollup.net_revenue, 0)),
        ('tax', coalesce(line.tax, 0), coalesce(rollup.tax, 0)),
        ('cost', coalesce(line.cost, 0), coalesce(rollup.cost, 0))) figure (name, expected, found)
    order by expected = found limit 1
) figure
union all
select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in sales_by_customer_year of', year, customer_id, channel, country, currency) end as subject,
    figure.expected, figure.found
from (
    select date_trunc('year', day)::date as year, coalesce(customer_id, '00000000-0000-0000-0000-000000000000'::uuid) as customer_id, channel, country, currency,
        sum(orders) as orders, count(*) as lines, sum(units) as units, sum(returns) as returns, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue, sum(tax) as tax, sum(cost) as cost,
        min(occurred_at) filter (where document_kind in ('sale', 'invoice')) as first_order_at,
        max(occurred_at) filter (where document_kind in ('sale', 'invoice')) as last_order_at
    from line group by 1, 2, 3, 4, 5
) line
full join (
    select r.* from state join sales_by_customer_year r on r.tenant_id = $1 and r.generation = state.generation
) rollup using (year, customer_id, channel, country, currency)
cross join lateral (
    select * from (values
        ('orders', coalesce(line.orders, 0), coalesce(rollup.orders, 0)),
        ('lines', coalesce(line.lines, 0), coalesce(rollup.lines, 0)),
        ('units', coalesce(line.units, 0), coalesce(rollup.units, 0)),
        ('returns', coalesce(line.returns, 0), coalesce(rollup.returns, 0)),
        ('gross_revenue', coalesce(line.gross_revenue, 0), coalesce(rollup.gross_revenue, 0)),
        ('net_revenue', coalesce(line.net_revenue, 0), coalesce(rollup.net_revenue, 0)),
        ('tax', coalesce(line.tax, 0), coalesce(rollup.tax, 0)),
        ('cost', coalesce(line.cost, 0), coalesce(rollup.cost, 0)),
        ('first_order_at', coalesce(extract(epoch from line.first_order_at), 0), coalesce(extract(epoch from rollup.first_order_at), 0)),
        ('last_order_at', coalesce(extract(epoch from line.last_order_at), 0), coalesce(extract(epoch from rollup.last_order_at), 0))) figure (name, expected, found)
    order by expected = found limit 1
) figure
union all
select 'lines of the roll-ups', (select count(*) from line),
    (select coalesce(sum(r.lines), 0) from state join sales_by_day r on r.tenant_id = $1 and r.generation = state.generation)
union all
select 'second of the first line of the roll-ups', (select coalesce(extract(epoch from min(occurred_at)), 0) from line),
    coalesce((select extract(epoch from earliest_at) from state), 0)
union all
select 'second of the last line of the roll-ups', (select coalesce(extract(epoch from max(occurred_at)), 0) from line),
    coalesce((select extract(epoch from latest_at) from state), 0)
)
