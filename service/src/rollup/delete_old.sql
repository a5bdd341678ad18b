-- Deletes rows of the oldest generation of each table before a generation ($2) of a tenant ($1), in the order of the primary key:
-- at least so many ($3) if there are as many. All rows of one time go together. Returns the number of rows.
with
quarter_hour as (
    delete from sales_by_quarter_hour r
    using (select min(generation) as generation from sales_by_quarter_hour where tenant_id = $1 and generation < $2) old
    where r.tenant_id = $1 and r.generation = old.generation and r.occurred_at <= coalesce((
        select occurred_at from sales_by_quarter_hour l where l.tenant_id = $1 and l.generation = old.generation order by occurred_at offset $3 limit 1), 'infinity')
    returning 1
),
day as (
    delete from sales_by_day r
    using (select min(generation) as generation from sales_by_day where tenant_id = $1 and generation < $2) old
    where r.tenant_id = $1 and r.generation = old.generation and r.day <= coalesce((
        select day from sales_by_day l where l.tenant_id = $1 and l.generation = old.generation order by day offset $3 limit 1), 'infinity')
    returning 1
),
category as (
    delete from sales_by_category r
    using (select min(generation) as generation from sales_by_category where tenant_id = $1 and generation < $2) old
    where r.tenant_id = $1 and r.generation = old.generation and r.month <= coalesce((
        select month from sales_by_category l where l.tenant_id = $1 and l.generation = old.generation order by month offset $3 limit 1), 'infinity')
    returning 1
),
product as (
    delete from sales_by_product r
    using (select min(generation) as generation from sales_by_product where tenant_id = $1 and generation < $2) old
    where r.tenant_id = $1 and r.generation = old.generation and r.month <= coalesce((
        select month from sales_by_product l where l.tenant_id = $1 and l.generation = old.generation order by month offset $3 limit 1), 'infinity')
    returning 1
),
customer as (
    delete from sales_by_customer r
    using (select min(generation) as generation from sales_by_customer where tenant_id = $1 and generation < $2) old
    where r.tenant_id = $1 and r.generation = old.generation and r.month <= coalesce((
        select month from sales_by_customer l where l.tenant_id = $1 and l.generation = old.generation order by month offset $3 limit 1), 'infinity')
    returning 1
),
product_year as (
    delete from sales_by_product_year r
    using (select min(generation) as generation from sales_by_product_year where tenant_id = $1 and generation < $2) old
    where r.tenant_id = $1 and r.generation = old.generation and r.year <= coalesce((
        select year from sales_by_product_year l where l.tenant_id = $1 and l.generation = old.generation order by year offset $3 limit 1), 'infinity')
    returning 1
),
customer_year as (
    delete from sales_by_customer_year r
    using (select min(generation) as generation from sales_by_customer_year where tenant_id = $1 and generation < $2) old
    where r.tenant_id = $1 and r.generation = old.generation and r.year <= coalesce((
        select year from sales_by_customer_year l where l.tenant_id = $1 and l.generation = old.generation order by year offset $3 limit 1), 'infinity')
    returning 1
)
select (select count(*) from quarter_hour)
    + (select count(*) from day)
    + (select count(*) from category)
    + (select count(*) from product)
    + (select count(*) from customer)
    + (select count(*) from product_year)
    + (select count(*) from customer_year) as deleted
