-- Written by a test from the migrated database: see tests/contract/artefacts.rs.

CREATE SCHEMA auth;

ALTER SCHEMA auth OWNER TO stockwell_owner;

CREATE SCHEMA bi;

ALTER SCHEMA bi OWNER TO stockwell_owner;

CREATE SCHEMA bi_role;

ALTER SCHEMA bi_role OWNER TO postgres;

CREATE SCHEMA extension;

ALTER SCHEMA extension OWNER TO stockwell_owner;

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA extension;

COMMENT ON EXTENSION btree_gin IS 'support for indexing common datatypes in GIN';

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA extension;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA extension;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE TYPE public.answered_command_row_1 AS (
	idempotency_key text,
	fingerprint bytea,
	status smallint,
	response text,
	document_id uuid
);

ALTER TYPE public.answered_command_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.barcode_row_1 AS (
	code text,
	product_id uuid,
	uom text
);

ALTER TYPE public.barcode_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.command_row_1 AS (
	id uuid,
	name text,
	actor_kind text,
	actor_id uuid,
	idempotency_key text,
	fingerprint bytea,
	status smallint,
	document_id uuid,
	response text
);

ALTER TYPE public.command_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.event_row_1 AS (
	id uuid,
	kind text,
	command_id uuid,
	document_kind text,
	document_id uuid
);

ALTER TYPE public.event_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.journal_entry_row_1 AS (
	id uuid,
	document_kind text,
	document_id uuid,
	memo text,
	total numeric,
	occurred_on date,
	command_id uuid
);

ALTER TYPE public.journal_entry_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.journal_line_row_1 AS (
	entry_id uuid,
	line_no integer,
	account_code text,
	debit numeric,
	credit numeric,
	channel text,
	location_id uuid,
	party_id uuid,
	posted_on date
);

ALTER TYPE public.journal_line_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.locked_level_row_1 AS (
	location_id uuid,
	product_id uuid,
	on_hand numeric,
	reserved numeric,
	value numeric,
	last_cost numeric,
	layered boolean,
	backordered numeric,
	allotted boolean,
	counted_at timestamp with time zone
);

ALTER TYPE public.locked_level_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.locked_series_row_1 AS (
	series text,
	next bigint
);

ALTER TYPE public.locked_series_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.number_series_row_1 AS (
	series text,
	next bigint
);

ALTER TYPE public.number_series_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.open_session_row_1 AS (
	register_id uuid,
	id uuid,
	opened_at timestamp with time zone,
	opening_float numeric
);

ALTER TYPE public.open_session_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.pos_sale_row_1 AS (
	id uuid,
	number text,
	kind text,
	register_id uuid,
	session_id uuid,
	location_id uuid,
	customer_id uuid,
	original_id uuid,
	country text,
	gross numeric,
	discount numeric,
	net numeric,
	tax numeric,
	rounding numeric,
	total numeric,
	cost numeric,
	business_date date,
	occurred_at timestamp with time zone,
	command_id uuid
);

ALTER TYPE public.pos_sale_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.pos_sale_row_2 AS (
	id uuid,
	number text,
	kind text,
	register_id uuid,
	session_id uuid,
	location_id uuid,
	customer_id uuid,
	original_id uuid,
	country text,
	gross numeric,
	discount numeric,
	net numeric,
	tax numeric,
	rounding numeric,
	total numeric,
	cost numeric,
	business_date date,
	occurred_at timestamp with time zone,
	command_id uuid,
	customer_version integer,
	seller_version integer
);

ALTER TYPE public.pos_sale_row_2 OWNER TO stockwell_owner;

CREATE TYPE public.product_row_1 AS (
	id uuid,
	sku text,
	kind text,
	status text,
	tracking text,
	lineage uuid[],
	stock_uom text,
	stock_decimals smallint,
	tax_class_id uuid,
	list_price numeric,
	costing_method text
);

ALTER TYPE public.product_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.product_row_2 AS (
	id uuid,
	sku text,
	kind text,
	status text,
	tracking text,
	lineage uuid[],
	stock_uom text,
	stock_decimals smallint,
	tax_class_id uuid,
	list_price numeric,
	costing_method text,
	name text,
	version integer
);

ALTER TYPE public.product_row_2 OWNER TO stockwell_owner;

CREATE TYPE public.product_unit_row_1 AS (
	product_id uuid,
	uom text,
	factor numeric,
	list_price numeric
);

ALTER TYPE public.product_unit_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.product_unit_row_2 AS (
	product_id uuid,
	uom text,
	factor numeric,
	list_price numeric,
	factor_denominator smallint
);

ALTER TYPE public.product_unit_row_2 OWNER TO stockwell_owner;

CREATE TYPE public.sales_line_row_1 AS (
	document_id uuid,
	line_no integer,
	document_kind text,
	channel text,
	location_id uuid,
	customer_id uuid,
	country text,
	product_id uuid,
	category_id uuid,
	description text,
	uom text,
	factor numeric,
	entered numeric,
	quantity numeric,
	unit_price numeric,
	list_price numeric,
	price_source text,
	price_rule_id uuid,
	price_trace jsonb,
	gross numeric,
	discount numeric,
	net numeric,
	tax_rate numeric,
	tax numeric,
	cost numeric,
	order_id uuid,
	original_id uuid,
	original_line_no integer,
	occurred_at timestamp with time zone,
	bundle_id uuid
);

ALTER TYPE public.sales_line_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.sales_line_row_2 AS (
	document_id uuid,
	line_no integer,
	document_kind text,
	channel text,
	location_id uuid,
	customer_id uuid,
	country text,
	product_id uuid,
	category_id uuid,
	description text,
	uom text,
	factor numeric,
	entered numeric,
	quantity numeric,
	unit_price numeric,
	list_price numeric,
	price_source text,
	price_rule_id uuid,
	price_trace jsonb,
	gross numeric,
	discount numeric,
	net numeric,
	tax_rate numeric,
	tax numeric,
	cost numeric,
	order_id uuid,
	original_id uuid,
	original_line_no integer,
	occurred_at timestamp with time zone,
	bundle_id uuid,
	product_version integer
);

ALTER TYPE public.sales_line_row_2 OWNER TO stockwell_owner;

CREATE TYPE public.stock_level_row_1 AS (
	location_id uuid,
	product_id uuid,
	lot_id uuid,
	on_hand numeric,
	reserved numeric,
	value numeric,
	last_cost numeric,
	layered boolean
);

ALTER TYPE public.stock_level_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.stock_movement_row_1 AS (
	product_id uuid,
	location_id uuid,
	lot_id uuid,
	id uuid,
	kind text,
	quantity numeric,
	value numeric,
	unit_cost numeric,
	document_kind text,
	document_id uuid,
	line_no integer,
	channel text,
	reason text,
	occurred_at timestamp with time zone,
	entry_mode text,
	command_id uuid
);

ALTER TYPE public.stock_movement_row_1 OWNER TO stockwell_owner;

CREATE TYPE public.tender_row_1 AS (
	sale_id uuid,
	line_no integer,
	kind text,
	amount numeric,
	tendered numeric,
	change numeric,
	reference text
);

ALTER TYPE public.tender_row_1 OWNER TO stockwell_owner;

CREATE FUNCTION auth.bi_tenant() RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    found uuid[];
begin
    select array_agg(l.tenant_id) into found
    from public.bi_login l join public.tenant t on t.tenant_id = l.tenant_id
    where l.role_name = session_user and l.revoked_at is null and t.status = 'active'
        and (l.expires_at is null or l.expires_at > statement_timestamp());
    if cardinality(found) = 1 then
        return found[1];
    end if;
    raise exception 'no tenant is set, and this login has none: it was revoked, or it has expired'
        using errcode = 'invalid_authorization_specification';
end
$$;

ALTER FUNCTION auth.bi_tenant() OWNER TO stockwell_lookup;

CREATE FUNCTION auth.erase_customer(of_customer uuid, erased_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION auth.erase_customer(of_customer uuid, erased_at timestamp with time zone) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_api_key(wanted bytea) RETURNS TABLE(tenant_id uuid, id uuid, name text, kind text, scopes text[], ip_allowlist text[], expires_at timestamp with time zone, revoked_at timestamp with time zone, last_used_at timestamp with time zone, tenant_status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    select k.tenant_id, k.id, k.name, k.kind, k.scopes, k.ip_allowlist, k.expires_at, k.revoked_at, k.last_used_at,
           t.status
    from public.api_key k join public.tenant t on t.tenant_id = k.tenant_id
    where k.hash = wanted and k.parent_id is null and k.user_id is null and k.locations is null and k.channels is null
        and k.amount_max is null and k.discount_max is null and k.origins = '{}';
end
$$;

ALTER FUNCTION auth.find_api_key(wanted bytea) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_customers(whole text, words text[], patterns text[], rows_max integer) RETURNS TABLE(id uuid, rank integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
#variable_conflict use_column
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    -- The version before sends texts in another form.
    sent constant text := public.searched_form(whole);
    sought constant text[] := array(select public.searched_form(word) from unnest(words) word);
    beginnings constant text[] := array(select public.searched_words(word) from unnest(sought) word);
begin
    return query
    with candidate as (
        (select c.id from public.customer c where c.tenant_id = tenant and c.number in (whole, upper(whole)))
        union
        (select c.id from public.customer c
         where c.tenant_id = tenant and c.name_key ^@ whole order by c.name_key limit rows_max)
        union
        (select c.id
         from (
             select c.id, public.searched_form(concat_ws(' ', c.name_key, lower(c.number), lower(c.email))) as texts
             from public.customer c
             where c.tenant_id = tenant
               and (c.name_key like any (patterns) or c.number ilike any (patterns) or c.email ilike any (patterns))
             limit 50000
         ) c
         where not exists (select from unnest(sought) word where strpos(c.texts, word) = 0))
    )
    select c.id, public.search_rank(sent, beginnings, n.name, n.number, n.email)
    from candidate f
    join public.customer c on c.tenant_id = tenant and c.id = f.id
    cross join lateral (
        select public.searched_form(c.name_key) as name, public.searched_form(lower(c.number)) as number,
            public.searched_form(lower(c.email)) as email
        offset 0
    ) n
    order by 2, c.name_key, c.id
    limit rows_max;
end
$$;

ALTER FUNCTION auth.find_customers(whole text, words text[], patterns text[], rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_customers_by_email(wanted text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
    return query
    select c.id from public.customer c
    where c.tenant_id = current_setting('app.tenant_id')::uuid
      and c.email ilike replace(replace(replace(wanted, '\', '\\'), '%', '\%'), '_', '\_');
end
$$;

ALTER FUNCTION auth.find_customers_by_email(wanted text) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_key_chain(wanted bytea) RETURNS TABLE(depth integer, tenant_id uuid, id uuid, kind text, scopes text[], ip_allowlist text[], expires_at timestamp with time zone, revoked_at timestamp with time zone, last_used_at timestamp with time zone, locations uuid[], channels text[], amount_max text, discount_max text, origins text[], parent_id uuid, user_id uuid, user_role text, user_status text, tenant_status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    with recursive chain as (
        select 0 as depth, k.* from public.api_key k where k.hash = wanted
        union all
        select c.depth + 1, k.*
        from chain c join public.api_key k on k.tenant_id = c.tenant_id and k.id = c.parent_id
        where c.depth < 16
    )
    select c.depth, c.tenant_id, c.id, c.kind, c.scopes, c.ip_allowlist, c.expires_at, c.revoked_at, c.last_used_at,
           c.locations, c.channels, c.amount_max::text, c.discount_max::text, c.origins, c.parent_id, c.user_id,
           -- A server of the version before knows no role with scopes behind it, and grants such a key nothing.
           case when u.scopes is null then u.role else u.role || ' ' || array_to_string(u.scopes, ' ') end, u.status,
           case when t.moved_at is not null then 'moved' when t.moving_until > now() and t.status = 'active' then 'moving' else t.status end
    from chain c
    join public.tenant t on t.tenant_id = c.tenant_id
    left join public.app_user u on u.tenant_id = c.tenant_id and u.id = c.user_id
    order by c.depth;
end
$$;

ALTER FUNCTION auth.find_key_chain(wanted bytea) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_noted_customers(wanted jsonb, rows_max integer) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    found uuid[];
begin
    found := array(
        select r.id from public.customer r
        where r.tenant_id = current_setting('app.tenant_id')::uuid
          and r.metadata @> wanted and r.metadata <> '{}'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

ALTER FUNCTION auth.find_noted_customers(wanted jsonb, rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_noted_orders(wanted jsonb, rows_max integer) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    found uuid[];
begin
    found := array(
        select r.id from public.sales_order r
        where r.tenant_id = current_setting('app.tenant_id')::uuid
          and r.metadata @> wanted and r.metadata <> '{}'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

ALTER FUNCTION auth.find_noted_orders(wanted jsonb, rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_noted_products(wanted jsonb, rows_max integer) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    found uuid[];
begin
    found := array(
        select r.id from public.product r
        where r.tenant_id = current_setting('app.tenant_id')::uuid
          and r.metadata @> wanted and r.metadata <> '{}'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

ALTER FUNCTION auth.find_noted_products(wanted jsonb, rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_noted_suppliers(wanted jsonb, rows_max integer) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    found uuid[];
begin
    found := array(
        select r.id from public.supplier r
        where r.tenant_id = current_setting('app.tenant_id')::uuid
          and r.metadata @> wanted and r.metadata <> '{}'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

ALTER FUNCTION auth.find_noted_suppliers(wanted jsonb, rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_payment_provider(wanted uuid) RETURNS TABLE(tenant_id uuid, status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    select t.tenant_id, case when t.moved_at is null then t.status else 'moved' end
    from public.payment_provider p join public.tenant t on t.tenant_id = p.tenant_id
    where p.id = wanted;
end
$$;

ALTER FUNCTION auth.find_payment_provider(wanted uuid) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_products(wanted text, rows_max integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    with pattern as (
        select '%' || replace(replace(replace(lower(wanted), '\', '\\'), '%', '\%'), '_', '\_') || '%' as text
    ), found as materialized (
        select p.id from public.product p
        where p.tenant_id = current_setting('app.tenant_id')::uuid
          and (p.name_key like (select text from pattern) or p.sku_key like (select text from pattern))
    )
    select id from found order by id desc limit rows_max;
end
$$;

ALTER FUNCTION auth.find_products(wanted text, rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_products(whole text, words text[], patterns text[], rows_max integer) RETURNS TABLE(id uuid, rank integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
#variable_conflict use_column
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    -- The version before sends texts in another form.
    sent constant text := public.searched_form(whole);
    sought constant text[] := array(select public.searched_form(word) from unnest(words) word);
    beginnings constant text[] := array(select public.searched_words(word) from unnest(sought) word);
begin
    return query
    with candidate as (
        (select p.id from public.product p
         where p.tenant_id = tenant and p.sku_key ^@ whole order by p.sku_key limit rows_max)
        union
        (select p.id from public.product p
         where p.tenant_id = tenant and p.name_key ^@ whole order by p.name_key limit rows_max)
        union
        (select p.id
         from (
             select p.id, public.searched_form(p.name_key || ' ' || p.sku_key) as texts
             from public.product p
             where p.tenant_id = tenant and (p.name_key like any (patterns) or p.sku_key like any (patterns))
             limit 50000
         ) p
         where not exists (select from unnest(sought) word where strpos(p.texts, word) = 0))
    )
    select p.id, public.search_rank(sent, beginnings, n.name, n.sku, null)
    from candidate c
    join public.product p on p.tenant_id = tenant and p.id = c.id
    cross join lateral (
        select public.searched_form(p.name_key) as name, public.searched_form(p.sku_key) as sku
        offset 0
    ) n
    order by 2, p.name_key, p.id
    limit rows_max;
end
$$;

ALTER FUNCTION auth.find_products(whole text, words text[], patterns text[], rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_supplier_transfers(wanted numeric, since timestamp with time zone, until timestamp with time zone) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    select p.id from public.supplier_payment p
    where p.tenant_id = current_setting('app.tenant_id')::uuid and p.kind = 'payment'
      and p.amount = wanted and p.occurred_at >= since and p.occurred_at < until;
end
$$;

ALTER FUNCTION auth.find_supplier_transfers(wanted numeric, since timestamp with time zone, until timestamp with time zone) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_suppliers(whole text, words text[], patterns text[], rows_max integer) RETURNS TABLE(id uuid, rank integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
#variable_conflict use_column
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    beginnings constant text[] := array(select public.searched_words(word) from unnest(words) word);
begin
    return query
    with candidate as (
        (select s.id from public.supplier s where s.tenant_id = tenant and s.code in (whole, upper(whole)))
        union
        (select s.id from public.supplier s
         where s.tenant_id = tenant and s.name_key ^@ whole order by s.name_key limit rows_max)
        union
        (select s.id
         from (
             select s.id, public.searched_form(s.name_key || ' ' || lower(s.code)) as texts
             from public.supplier s
             where s.tenant_id = tenant and (s.name_key like any (patterns) or s.code ilike any (patterns))
             limit 50000
         ) s
         where not exists (select from unnest(words) word where strpos(s.texts, word) = 0))
    )
    select s.id, public.search_rank(whole, beginnings, n.name, n.code, null)
    from candidate f
    join public.supplier s on s.tenant_id = tenant and s.id = f.id
    cross join lateral (
        select public.searched_form(s.name_key) as name, public.searched_form(lower(s.code)) as code
        offset 0
    ) n
    order by 2, s.name_key, s.id
    limit rows_max;
end
$$;

ALTER FUNCTION auth.find_suppliers(whole text, words text[], patterns text[], rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_tagged_customers(wanted text, rows_max integer) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    found uuid[];
begin
    found := array(
        select c.id from public.customer c
        where c.tenant_id = current_setting('app.tenant_id')::uuid
          and c.tags @> jsonb_build_array(wanted) and c.tags <> '[]'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

ALTER FUNCTION auth.find_tagged_customers(wanted text, rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_tagged_products(wanted text, rows_max integer) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
    found uuid[];
begin
    found := array(
        select p.id from public.product p
        where p.tenant_id = current_setting('app.tenant_id')::uuid
          and p.tags @> jsonb_build_array(wanted) and p.tags <> '[]'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

ALTER FUNCTION auth.find_tagged_products(wanted text, rows_max integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_tenant(wanted text) RETURNS TABLE(tenant_id uuid, status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    select t.tenant_id, case when t.moved_at is null then t.status else 'moved' end from public.tenant t where t.slug = wanted;
end
$$;

ALTER FUNCTION auth.find_tenant(wanted text) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.find_transfers(wanted numeric, since timestamp with time zone, until timestamp with time zone) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    select p.id from public.payment p
    where p.tenant_id = current_setting('app.tenant_id')::uuid and p.method = 'bank'
      and p.amount = wanted and p.occurred_at >= since and p.occurred_at < until;
end
$$;

ALTER FUNCTION auth.find_transfers(wanted numeric, since timestamp with time zone, until timestamp with time zone) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.forget_answers(of_tenant uuid, after_id uuid, before uuid, most integer) RETURNS TABLE(forgotten bigint, last_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if exists (
        select from public.tenant t
        where t.tenant_id = of_tenant and (t.moved_at is not null or t.moving_until > now())
    ) then
        return;
    end if;
    return query
    with old as (
        select c.id, c.name = 'unchanged' as is_unchanged from public.command c
        where c.tenant_id = of_tenant and c.id > after_id and c.id < before and c.idempotency_key is not null
        order by c.id limit most
    ), changed as (
        update public.command c set idempotency_key = null, fingerprint = null, response = null
        from old
        where c.tenant_id = of_tenant and c.id = old.id and c.idempotency_key is not null and not old.is_unchanged
        returning 1
    ), deleted as (
        delete from public.command c using old
        where c.tenant_id = of_tenant and c.id = old.id and old.is_unchanged
        returning 1
    )
    select (select count(*) from changed) + (select count(*) from deleted), old.id
    from old order by old.id desc limit 1;
end
$$;

ALTER FUNCTION auth.forget_answers(of_tenant uuid, after_id uuid, before uuid, most integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.forget_customer_sessions(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    forgotten bigint;
begin
    delete from public.customer_session r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.customer_session o
        where o.tenant_id = of_tenant and o.id < before_id and least(o.revoked_at, o.expires_at) < before
        order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

ALTER FUNCTION auth.forget_customer_sessions(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.forget_invitations(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    forgotten bigint;
begin
    delete from public.invitation r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.invitation o
        where o.tenant_id = of_tenant and o.id < before_id and least(o.accepted_at, o.revoked_at, o.expires_at) < before
        order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

ALTER FUNCTION auth.forget_invitations(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.forget_password_links(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    forgotten bigint;
begin
    delete from public.password_link r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.password_link o
        where o.tenant_id = of_tenant and o.id < before_id and least(o.ended_at, o.expires_at) < before
        order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

ALTER FUNCTION auth.forget_password_links(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.forget_refresh_tokens(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    forgotten bigint;
begin
    delete from public.refresh_token r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.refresh_token o
        where o.tenant_id = of_tenant and o.id < before_id and least(o.used_at, o.revoked_at, o.expires_at) < before
        order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

ALTER FUNCTION auth.forget_refresh_tokens(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.forget_refusals(of_tenant uuid, before timestamp with time zone, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    forgotten bigint;
begin
    delete from public.access_refusal r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.access_refusal o
        where o.tenant_id = of_tenant and o.minute < before order by o.minute limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

ALTER FUNCTION auth.forget_refusals(of_tenant uuid, before timestamp with time zone, most integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.forget_requests(of_tenant uuid, before_id uuid, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    forgotten bigint;
begin
    delete from public.request_log r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.request_log o
        where o.tenant_id = of_tenant and o.id < before_id order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

ALTER FUNCTION auth.forget_requests(of_tenant uuid, before_id uuid, most integer) OWNER TO stockwell_lookup;

CREATE FUNCTION auth.is_moving() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return exists (select from public.tenant t where t.moved_at is null and t.moving_until > now());
end
$$;

ALTER FUNCTION auth.is_moving() OWNER TO stockwell_lookup;

CREATE FUNCTION auth.tenant_rates() RETURNS TABLE(rates text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    select coalesce(json_agg(json_build_object('tenant_id', t.tenant_id, 'rates', json_build_object(
               'burst', t.rate_burst, 'minute', t.rate_minute, 'tenant', t.rate_tenant, 'reports', t.rate_reports),
               'move', case when t.moved_at is not null then 'moved' when t.moving_until > now() then 'moving' end)), '[]')::text
    from public.tenant t
    where coalesce(t.rate_burst, t.rate_minute, t.rate_tenant, t.rate_reports) is not null
        or t.moved_at is not null or t.moving_until > now();
end
$$;

ALTER FUNCTION auth.tenant_rates() OWNER TO stockwell_lookup;

CREATE FUNCTION auth.tenants() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    select t.tenant_id from public.tenant t
    where t.moved_at is null and (t.moving_until is null or t.moving_until <= now())
    order by t.tenant_id;
end
$$;

ALTER FUNCTION auth.tenants() OWNER TO stockwell_lookup;

CREATE FUNCTION auth.webhook_tenants() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return query
    select distinct e.tenant_id from public.webhook_endpoint e where e.deleted_at is null;
end
$$;

ALTER FUNCTION auth.webhook_tenants() OWNER TO stockwell_lookup;

CREATE FUNCTION bi.tenant() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN (current_setting('app.tenant_id'::text, true) <> ''::text) THEN (current_setting('app.tenant_id'::text))::uuid ELSE auth.bi_tenant() END;

ALTER FUNCTION bi.tenant() OWNER TO stockwell_owner;

CREATE FUNCTION bi_role.check_name(login text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
    if login is null or login !~ '^bi_[a-z2-7]{26}$' then
        raise exception 'a role of a BI tool has a name such as bi_ and 26 letters';
    end if;
end
$_$;

ALTER FUNCTION bi_role.check_name(login text) OWNER TO postgres;

CREATE FUNCTION bi_role.close(login text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform bi_role.check_name(login);
    if to_regrole(quote_ident(login)) is not null then
        execute format('alter role %I nologin', login);
    end if;
end
$$;

ALTER FUNCTION bi_role.close(login text) OWNER TO postgres;

CREATE FUNCTION bi_role.closed_functions() RETURNS SETOF regprocedure
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace
        and (p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message', 'pg_notify',
                'pg_current_xact_id', 'txid_current', 'pg_export_snapshot')
            or p.proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$')
$_$;

ALTER FUNCTION bi_role.closed_functions() OWNER TO postgres;

CREATE FUNCTION bi_role.end_at(login text, ends_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform bi_role.check_name(login);
    execute format('alter role %I valid until %L', login, ends_at);
end
$$;

ALTER FUNCTION bi_role.end_at(login text, ends_at timestamp with time zone) OWNER TO postgres;

CREATE FUNCTION bi_role.end_sessions(longest interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    ended bigint;
begin
    select count(*) filter (where pg_terminate_backend(a.pid)) into ended
    from pg_stat_activity a
    left join pg_roles r on r.oid = a.usesysid
    where a.backend_type = 'client backend' and a.usesysid is not null and (
        r.oid is null and a.datname = current_database()
        or r.rolname ~ '^bi_[a-z2-7]{26}$'
            and exists (select from pg_auth_members m where m.member = r.oid and m.roleid = 'stockwell_bi'::regrole)
            and (a.xact_start < clock_timestamp() - longest
                or a.backend_xid is not null and a.xact_start < clock_timestamp() - interval '1 second'
                or r.rolvaliduntil < clock_timestamp() or not r.rolcanlogin));
    return ended;
end
$_$;

ALTER FUNCTION bi_role.end_sessions(longest interval) OWNER TO postgres;

CREATE FUNCTION bi_role.make(login text, verifier text, ends_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    open_function text;
begin
    perform bi_role.check_name(login);
    select f::text into open_function from bi_role.closed_functions() f where has_function_privilege('public', f, 'execute')
    order by 1 limit 1;
    if open_function is not null then
        raise exception 'every role may call %, so a BI tool could stop the service: run `stockwell migrate` with a superuser in STOCKWELL_ADMIN_DATABASE_URL',
            open_function;
    end if;
    if verifier is null or verifier !~ '^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$' then
        raise exception 'the stored form of a password begins with SCRAM-SHA-256';
    end if;
    execute format(
        'create role %I login inherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls '
        'connection limit 5 valid until %L password %L',
        login, coalesce(ends_at, 'infinity'), verifier);
    execute format('grant stockwell_bi to %I', login);
    execute format('alter role %I set default_transaction_read_only = on', login);
    execute format('alter role %I set statement_timeout = %L', login, '60s');
    execute format('alter role %I set lock_timeout = %L', login, '2s');
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', login, '60s');
    execute format('alter role %I set search_path = bi', login);
    perform bi_role.set_superuser_limits(login);
end
$_$;

ALTER FUNCTION bi_role.make(login text, verifier text, ends_at timestamp with time zone) OWNER TO postgres;

CREATE FUNCTION bi_role.remove(login text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    role_id oid;
    left_over bigint;
begin
    perform bi_role.check_name(login);
    role_id := to_regrole(quote_ident(login));
    if role_id is null then
        return;
    end if;
    if exists (select from pg_roles where oid = role_id and rolcanlogin) then
        execute format('alter role %I nologin', login);
    end if;
    for attempt in 1..10 loop
        -- Otherwise a transaction sees the sessions that it saw first.
        perform pg_stat_clear_snapshot();
        select count(*), count(pg_terminate_backend(a.pid, 2000)) into left_over
        from pg_stat_activity a where a.usesysid = role_id;
        exit when left_over = 0;
    end loop;
    if left_over > 0 then
        raise exception 'sessions of % do not end', login using errcode = 'object_in_use';
    end if;
    execute format('drop owned by %I', login);
    execute format('drop role %I', login);
end
$$;

ALTER FUNCTION bi_role.remove(login text) OWNER TO postgres;

CREATE FUNCTION bi_role.set_superuser_limits(login text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    wanted record;
begin
    perform bi_role.check_name(login);
    for wanted in select l.name, l.value from bi_role.superuser_limits() l loop
        begin
            execute format('alter role %I set %I = %L', login, wanted.name, wanted.value);
        exception when insufficient_privilege then
            null;
        end;
    end loop;
end
$$;

ALTER FUNCTION bi_role.set_superuser_limits(login text) OWNER TO postgres;

CREATE FUNCTION bi_role.superuser_limits() RETURNS TABLE(name text, value text)
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    values ('temp_file_limit', '2GB'), ('log_min_messages', 'fatal'), ('log_min_error_statement', 'panic'),
        ('log_error_verbosity', 'terse')
$$;

ALTER FUNCTION bi_role.superuser_limits() OWNER TO postgres;

CREATE FUNCTION public.currency_decimals(currency text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (currency = ANY (ARRAY['BIF'::text, 'CLP'::text, 'DJF'::text, 'GNF'::text, 'ISK'::text, 'JPY'::text, 'KMF'::text, 'KRW'::text, 'PYG'::text])) THEN 0 WHEN (currency = ANY (ARRAY['RWF'::text, 'UGX'::text, 'UYI'::text, 'VND'::text, 'VUV'::text, 'XAF'::text, 'XOF'::text, 'XPF'::text])) THEN 0 WHEN (currency = ANY (ARRAY['BHD'::text, 'IQD'::text, 'JOD'::text, 'KWD'::text, 'LYD'::text, 'OMR'::text, 'TND'::text])) THEN 3 WHEN (currency = ANY (ARRAY['CLF'::text, 'UYW'::text])) THEN 4 ELSE 2 END;

ALTER FUNCTION public.currency_decimals(currency text) OWNER TO stockwell_owner;

CREATE FUNCTION public.day_begin(day timestamp without time zone, zone text) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN LEAST((day AT TIME ZONE zone), (((day - '00:00:00.000001'::interval) AT TIME ZONE zone) + '00:00:00.000001'::interval));

ALTER FUNCTION public.day_begin(day timestamp without time zone, zone text) OWNER TO stockwell_owner;

CREATE FUNCTION public.event_base() RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (0)::bigint;

ALTER FUNCTION public.event_base() OWNER TO stockwell_owner;

CREATE FUNCTION public.keep_advance_currency() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if exists (
        select from public.supplier_payment p
        where p.tenant_id = new.tenant_id and p.id = new.advance_id and p.foreign_currency is not null)
    then
        raise exception 'the advance % is in another currency than its application %', new.advance_id, new.id
            using errcode = 'check_violation', constraint = 'keep_advance_currency';
    end if;
    return new;
end
$$;

ALTER FUNCTION public.keep_advance_currency() OWNER TO stockwell_owner;

CREATE FUNCTION public.keep_former_barcode() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into public.former_barcode (tenant_id, code, product_id, uom, since, replaced_at)
    select old.tenant_id, old.code, old.product_id, old.uom, old.since, now()
    where not exists (
        select from public.former_barcode f
        where f.tenant_id = old.tenant_id and f.code = old.code and f.product_id = old.product_id and f.uom = old.uom
          and f.since is not distinct from old.since)
    on conflict do nothing;
    if tg_op = 'DELETE' then
        return old;
    end if;
    new.since := now();
    return new;
end
$$;

ALTER FUNCTION public.keep_former_barcode() OWNER TO stockwell_owner;

CREATE FUNCTION public.keep_price_key() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.price_key := coalesce(lpad((new.list_price * 1000000)::bigint::text, 18, '0'), '~');
    return new;
end
$$;

ALTER FUNCTION public.keep_price_key() OWNER TO stockwell_owner;

CREATE FUNCTION public.keep_sku_since() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.sku_since := new.updated_at;
    return new;
end
$$;

ALTER FUNCTION public.keep_sku_since() OWNER TO stockwell_owner;

CREATE FUNCTION public.keep_unit_fraction() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    select (p.unit_fractions -> new.uom ->> 'denominator')::smallint
    into new.factor_denominator
    from public.product p
    where p.tenant_id = new.tenant_id and p.id = new.product_id
      and (p.unit_fractions -> new.uom ->> 'factor')::numeric = new.factor;
    new.factor_denominator := coalesce(new.factor_denominator, 1);
    return new;
end
$$;

ALTER FUNCTION public.keep_unit_fraction() OWNER TO stockwell_owner;

CREATE FUNCTION public.load_sales_1(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_1[], OUT units public.product_unit_row_1[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION public.load_sales_1(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_1[], OUT units public.product_unit_row_1[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) OWNER TO stockwell_owner;

CREATE FUNCTION public.load_sales_2(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_2[], OUT units public.product_unit_row_1[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION public.load_sales_2(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_2[], OUT units public.product_unit_row_1[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) OWNER TO stockwell_owner;

CREATE FUNCTION public.load_sales_3(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_2[], OUT units public.product_unit_row_2[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION public.load_sales_3(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_2[], OUT units public.product_unit_row_2[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) OWNER TO stockwell_owner;

CREATE FUNCTION public.post_batch_1(p_tenant uuid, p_now timestamp with time zone, p_currency text, p_levels public.stock_level_row_1[], p_series public.number_series_row_1[], p_movements public.stock_movement_row_1[], p_sales public.pos_sale_row_1[], p_tenders public.tender_row_1[], p_sales_lines public.sales_line_row_1[], p_entries public.journal_entry_row_1[], p_entry_lines public.journal_line_row_1[], p_events public.event_row_1[], p_commands public.command_row_1[]) RETURNS integer
    LANGUAGE plpgsql
    AS $$
begin
    return post_batch_2(
        p_tenant, p_now, p_currency, p_levels, p_series, p_movements,
        array(select row(v.*, null, null)::pos_sale_row_2 from unnest(p_sales) v),
        p_tenders,
        array(select row(v.*, null)::sales_line_row_2 from unnest(p_sales_lines) v),
        p_entries, p_entry_lines, p_events, p_commands);
end
$$;

ALTER FUNCTION public.post_batch_1(p_tenant uuid, p_now timestamp with time zone, p_currency text, p_levels public.stock_level_row_1[], p_series public.number_series_row_1[], p_movements public.stock_movement_row_1[], p_sales public.pos_sale_row_1[], p_tenders public.tender_row_1[], p_sales_lines public.sales_line_row_1[], p_entries public.journal_entry_row_1[], p_entry_lines public.journal_line_row_1[], p_events public.event_row_1[], p_commands public.command_row_1[]) OWNER TO stockwell_owner;

CREATE FUNCTION public.post_batch_2(p_tenant uuid, p_now timestamp with time zone, p_currency text, p_levels public.stock_level_row_1[], p_series public.number_series_row_1[], p_movements public.stock_movement_row_1[], p_sales public.pos_sale_row_2[], p_tenders public.tender_row_1[], p_sales_lines public.sales_line_row_2[], p_entries public.journal_entry_row_1[], p_entry_lines public.journal_line_row_1[], p_events public.event_row_1[], p_commands public.command_row_1[]) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION public.post_batch_2(p_tenant uuid, p_now timestamp with time zone, p_currency text, p_levels public.stock_level_row_1[], p_series public.number_series_row_1[], p_movements public.stock_movement_row_1[], p_sales public.pos_sale_row_2[], p_tenders public.tender_row_1[], p_sales_lines public.sales_line_row_2[], p_entries public.journal_entry_row_1[], p_entry_lines public.journal_line_row_1[], p_events public.event_row_1[], p_commands public.command_row_1[]) OWNER TO stockwell_owner;

CREATE FUNCTION public.printed_customer(p_tenant uuid, p_customer uuid, p_version integer) RETURNS TABLE(customer_number text, customer_name text, customer_tax_number text, customer_addresses jsonb)
    LANGUAGE sql STABLE
    AS $$
    select
        coalesce(r.number, c.number), coalesce(r.name, c.name),
        case when r.version is null then c.tax_number else r.tax_number end, coalesce(r.addresses, c.addresses)
    from customer c
    left join lateral (
        select r.version, r.number, r.name, r.tax_number, r.addresses from replaced_customer r
        where r.tenant_id = p_tenant and r.customer_id = p_customer and r.version >= coalesce(p_version, 0)
        order by r.version limit 1
    ) r on true
    where c.tenant_id = p_tenant and c.id = p_customer
$$;

ALTER FUNCTION public.printed_customer(p_tenant uuid, p_customer uuid, p_version integer) OWNER TO stockwell_owner;

CREATE FUNCTION public.printed_product(p_tenant uuid, p_product uuid, p_version integer) RETURNS TABLE(sku text, name text, tax_name text)
    LANGUAGE sql STABLE
    AS $$
    select coalesce(r.sku, p.sku), coalesce(r.name, p.name), t.name
    from product p
    left join lateral (
        select r.sku, r.name, r.tax_class_id from replaced_product r
        where r.tenant_id = p_tenant and r.product_id = p_product and r.version >= coalesce(p_version, 0)
        order by r.version limit 1
    ) r on true
    join tax_class t on t.tenant_id = p_tenant and t.id = coalesce(r.tax_class_id, p.tax_class_id)
    where p.tenant_id = p_tenant and p.id = p_product
$$;

ALTER FUNCTION public.printed_product(p_tenant uuid, p_product uuid, p_version integer) OWNER TO stockwell_owner;

CREATE FUNCTION public.printed_seller(p_tenant uuid, p_version integer) RETURNS TABLE(seller_name text, seller_tax_number text, seller_address jsonb, seller_logo_url text)
    LANGUAGE sql STABLE
    AS $$
    select
        coalesce(r.name, t.name),
        case when r.version is null then t.tax_number else r.tax_number end,
        case when r.version is null then t.address else r.address end,
        case when r.version is null then t.logo_url else r.logo_url end
    from tenant t
    left join lateral (
        select r.version, r.name, r.tax_number, r.address, r.logo_url from replaced_seller r
        where r.tenant_id = p_tenant and r.version >= coalesce(p_version, 0)
        order by r.version limit 1
    ) r on true
    where t.tenant_id = p_tenant
$$;

ALTER FUNCTION public.printed_seller(p_tenant uuid, p_version integer) OWNER TO stockwell_owner;

CREATE FUNCTION public.queue_for_period_lock_1(p_tenant uuid) RETURNS boolean
    LANGUAGE plpgsql
    SET lock_timeout TO '250ms'
    AS $$
begin
    perform pg_advisory_xact_lock(hashtextextended('period_lock ' || p_tenant, 0));
    return true;
exception when lock_not_available then
    return false;
end;
$$;

ALTER FUNCTION public.queue_for_period_lock_1(p_tenant uuid) OWNER TO stockwell_owner;

CREATE FUNCTION public.search_rank(whole text, beginnings text[], name text, code text, other text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when whole in (code, other) then 0
        when starts_with(name, whole) or starts_with(code, whole) or starts_with(other, whole) then 1
        when not exists (
            select from unnest(beginnings) word
            where strpos(public.searched_words(name || ' ' || code || coalesce(' ' || other, '')), word) = 0) then 2
        else 3 end
$$;

ALTER FUNCTION public.search_rank(whole text, beginnings text[], name text, code text, other text) OWNER TO stockwell_owner;

CREATE FUNCTION public.searched_form(lower_case text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when octet_length(lower_case) = length(lower_case) then lower_case
        -- A sign such as № becomes capital letters.
        else replace(
            lower(translate(
                normalize(lower_case, nfkc), U&'\2010\2011\2012\2013\2014\2015\2212\03C2\00AD', U&'-------\03C3')
                collate "C"),
            U&'\00DF', 'ss')
        end
$$;

ALTER FUNCTION public.searched_form(lower_case text) OWNER TO stockwell_owner;

CREATE FUNCTION public.searched_words(form text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select ' ' || translate(form, '-_/.,;:()+&"''#', repeat(' ', 14))
$$;

ALTER FUNCTION public.searched_words(form text) OWNER TO stockwell_owner;

CREATE TABLE public.product (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    name_key text GENERATED ALWAYS AS (lower(name)) STORED NOT NULL COLLATE pg_catalog."C",
    description text DEFAULT ''::text NOT NULL,
    category_id uuid,
    kind text DEFAULT 'stocked'::text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    tracking text DEFAULT 'none'::text NOT NULL,
    stock_uom text DEFAULT 'C62'::text NOT NULL,
    tax_class_id uuid NOT NULL,
    list_price numeric(18,6),
    external_ref text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    stock_decimals smallint DEFAULT 6 NOT NULL,
    group_id uuid,
    option_values text,
    sku_key text GENERATED ALWAYS AS (lower(sku)) STORED NOT NULL COLLATE pg_catalog."C",
    costing_method text,
    images jsonb DEFAULT '[]'::jsonb NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    attachments jsonb DEFAULT '[]'::jsonb NOT NULL,
    price_key text DEFAULT '~'::text NOT NULL COLLATE pg_catalog."C",
    sku_since timestamp with time zone,
    unit_fractions jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT product_costing_method_known CHECK ((costing_method = ANY (ARRAY['moving_average'::text, 'fifo'::text]))),
    CONSTRAINT product_kind_known CHECK ((kind = ANY (ARRAY['stocked'::text, 'service'::text, 'bundle'::text]))),
    CONSTRAINT product_list_price_range CHECK ((list_price >= (0)::numeric)),
    CONSTRAINT product_sku_length CHECK (((length(sku) >= 1) AND (length(sku) <= 64))),
    CONSTRAINT product_status_known CHECK ((status = ANY (ARRAY['active'::text, 'archived'::text]))),
    CONSTRAINT product_stock_decimals_range CHECK (((stock_decimals >= 0) AND (stock_decimals <= 6))),
    CONSTRAINT product_tracking_known CHECK ((tracking = ANY (ARRAY['none'::text, 'lot'::text, 'serial'::text]))),
    CONSTRAINT product_variant_whole CHECK (((group_id IS NULL) = (option_values IS NULL)))
);

ALTER TABLE ONLY public.product FORCE ROW LEVEL SECURITY;

ALTER TABLE public.product OWNER TO stockwell_owner;

CREATE TABLE public.sales_line (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    line_no integer NOT NULL,
    document_kind text NOT NULL,
    channel text NOT NULL,
    location_id uuid NOT NULL,
    customer_id uuid,
    country text NOT NULL,
    currency text NOT NULL,
    product_id uuid NOT NULL,
    category_id uuid,
    description text,
    uom text NOT NULL,
    factor numeric(18,6) NOT NULL,
    entered numeric(18,6) NOT NULL,
    quantity numeric(18,6) NOT NULL,
    unit_price numeric(18,6) NOT NULL,
    list_price numeric(18,6),
    price_source text NOT NULL,
    price_rule_id uuid,
    price_trace jsonb,
    gross numeric(18,4) NOT NULL,
    discount numeric(18,4) NOT NULL,
    net numeric(18,4) NOT NULL,
    tax_rate numeric(9,6) NOT NULL,
    tax numeric(18,4) NOT NULL,
    cost numeric(18,4) NOT NULL,
    order_id uuid,
    original_id uuid,
    original_line_no integer,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    bundle_id uuid,
    product_version integer,
    "position" bigint DEFAULT (public.event_base() + ((pg_current_xact_id())::text)::bigint) NOT NULL,
    CONSTRAINT sales_line_adds_up CHECK ((net = (gross - discount))),
    CONSTRAINT sales_line_channel_known CHECK ((channel = ANY (ARRAY['wholesale'::text, 'retail'::text]))),
    CONSTRAINT sales_line_kind_known CHECK ((document_kind = ANY (ARRAY['sale'::text, 'refund'::text, 'invoice'::text, 'credit_note'::text])))
);

ALTER TABLE ONLY public.sales_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_line OWNER TO stockwell_owner;

CREATE VIEW bi.sales_fact WITH (security_invoker='true') AS
 SELECT l.tenant_id,
    l.document_id,
    l.line_no,
    l.document_kind,
    l.channel,
    l.location_id,
    l.customer_id,
    l.country,
    l.currency,
    l.product_id,
    l.category_id,
    l.occurred_at,
    l.recorded_at,
        CASE
            WHEN ((l.line_no = 1) AND (l.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) THEN 1
            ELSE 0
        END AS orders,
    l.quantity AS units,
        CASE
            WHEN (l.quantity < (0)::numeric) THEN (0)::numeric
            ELSE l.net
        END AS gross_sales,
        CASE
            WHEN (l.quantity < (0)::numeric) THEN l.net
            ELSE (0)::numeric
        END AS returns,
    l.gross AS gross_revenue,
    l.discount,
    l.net AS net_revenue,
    l.tax,
    l.cost,
    (l.net - l.cost) AS gross_margin,
    l."position",
    l.price_source,
        CASE
            WHEN ((l.discount * l.gross) <= (0)::numeric) THEN 'none'::text
            WHEN (((100)::numeric * abs(l.discount)) <= ((5)::numeric * abs(l.gross))) THEN 'to_5_pct'::text
            WHEN (((100)::numeric * abs(l.discount)) <= ((10)::numeric * abs(l.gross))) THEN 'to_10_pct'::text
            WHEN (((100)::numeric * abs(l.discount)) <= ((20)::numeric * abs(l.gross))) THEN 'to_20_pct'::text
            WHEN (((100)::numeric * abs(l.discount)) <= ((30)::numeric * abs(l.gross))) THEN 'to_30_pct'::text
            WHEN (((100)::numeric * abs(l.discount)) <= ((50)::numeric * abs(l.gross))) THEN 'to_50_pct'::text
            ELSE 'over_50_pct'::text
        END AS discount_band,
    ( SELECT p.kind
           FROM public.product p
          WHERE ((p.tenant_id = l.tenant_id) AND (p.id = l.product_id))) AS product_kind
   FROM public.sales_line l
  WHERE (l.tenant_id = ( SELECT bi.tenant() AS tenant));

ALTER TABLE bi.sales_fact OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.sales_fact.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.sales_fact.document_id IS 'The document: a till sale, refund, invoice or credit note, or the document that caused a movement or an entry.';

COMMENT ON COLUMN bi.sales_fact.line_no IS 'Number of the line in its document, from 1.';

COMMENT ON COLUMN bi.sales_fact.document_kind IS 'Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.';

COMMENT ON COLUMN bi.sales_fact.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.sales_fact.location_id IS 'The stock location.';

COMMENT ON COLUMN bi.sales_fact.customer_id IS 'The customer; null for walk-in sales.';

COMMENT ON COLUMN bi.sales_fact.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.sales_fact.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.sales_fact.product_id IS 'The product.';

COMMENT ON COLUMN bi.sales_fact.category_id IS 'The category that the product had when it was sold; null if it had none.';

COMMENT ON COLUMN bi.sales_fact.occurred_at IS 'When it happened. Filter by this column: it is indexed.';

COMMENT ON COLUMN bi.sales_fact.recorded_at IS 'When it was recorded; later than occurred_at for late documents.';

COMMENT ON COLUMN bi.sales_fact.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.sales_fact.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.sales_fact.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.sales_fact.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.sales_fact.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.sales_fact.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.sales_fact.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.sales_fact.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.sales_fact.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.sales_fact.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.sales_fact."position" IS 'Number of the database transaction that wrote the line; 0 for old lines. Not additive.';

COMMENT ON COLUMN bi.sales_fact.price_source IS 'Source of the price: customer_list, tier_list, channel_list, list_price or override. New values may appear.';

COMMENT ON COLUMN bi.sales_fact.discount_band IS 'Discount in percent of the value before it: none, to_5_pct, to_10_pct, to_20_pct, to_30_pct, to_50_pct or over_50_pct. A band includes its upper end.';

COMMENT ON COLUMN bi.sales_fact.product_kind IS 'Kind of the product: stocked, service or bundle.';

CREATE TABLE public.category (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    parent_id uuid,
    lineage uuid[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.category FORCE ROW LEVEL SECURITY;

ALTER TABLE public.category OWNER TO stockwell_owner;

CREATE TABLE public.sales_rollup (
    tenant_id uuid NOT NULL,
    generation integer,
    layout integer,
    "position" bigint DEFAULT 0 NOT NULL,
    time_zone text,
    earliest_at timestamp with time zone,
    latest_at timestamp with time zone,
    next_generation integer,
    next_layout integer,
    next_position bigint,
    next_time_zone text,
    next_after uuid,
    next_earliest_at timestamp with time zone,
    next_latest_at timestamp with time zone,
    too_large boolean DEFAULT false NOT NULL,
    CONSTRAINT sales_rollup_next_whole CHECK ((((next_generation IS NULL) = (next_layout IS NULL)) AND ((next_generation IS NULL) = (next_position IS NULL)) AND ((next_generation IS NULL) = (next_time_zone IS NULL)) AND ((next_generation IS NULL) = (next_after IS NULL)))),
    CONSTRAINT sales_rollup_whole CHECK ((((generation IS NULL) = (time_zone IS NULL)) AND ((generation IS NULL) = (layout IS NULL))))
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.sales_rollup FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_rollup OWNER TO stockwell_owner;

CREATE TABLE public.sales_sum_by_product_year (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    year date NOT NULL,
    product_id uuid NOT NULL,
    category_id uuid NOT NULL,
    orders bigint NOT NULL,
    documents bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_product_year FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_product_year OWNER TO stockwell_owner;

CREATE TABLE public.tenant (
    tenant_id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    time_zone text NOT NULL,
    country text NOT NULL,
    prices_include_tax boolean DEFAULT false NOT NULL,
    tax_rounding text DEFAULT 'document'::text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    costing_method text DEFAULT 'moving_average'::text NOT NULL,
    hold_unpaid boolean DEFAULT true NOT NULL,
    rate_burst integer,
    rate_minute integer,
    rate_tenant integer,
    rate_reports integer,
    cash_rounding numeric(18,4) DEFAULT 0 NOT NULL,
    tax_number text,
    address jsonb,
    logo_url text,
    invoice_rounding numeric(18,4) DEFAULT 0 NOT NULL,
    bill_quantity_percent numeric(9,6) DEFAULT 0 NOT NULL,
    bill_price_percent numeric(9,6) DEFAULT 0 NOT NULL,
    bill_amount numeric(18,4) DEFAULT 0 NOT NULL,
    log_rejected_bodies boolean DEFAULT false NOT NULL,
    moving_until timestamp with time zone,
    moved_at timestamp with time zone,
    CONSTRAINT tenant_bill_tolerance_range CHECK ((((bill_quantity_percent >= (0)::numeric) AND (bill_quantity_percent <= (100)::numeric)) AND ((bill_price_percent >= (0)::numeric) AND (bill_price_percent <= (100)::numeric)) AND (bill_amount >= (0)::numeric))),
    CONSTRAINT tenant_costing_method_known CHECK ((costing_method = ANY (ARRAY['moving_average'::text, 'fifo'::text]))),
    CONSTRAINT tenant_country_form CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT tenant_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT tenant_invoice_rounding_not_negative CHECK ((invoice_rounding >= (0)::numeric)),
    CONSTRAINT tenant_rates_sign CHECK ((LEAST(rate_burst, rate_minute, rate_tenant, rate_reports) > 0)),
    CONSTRAINT tenant_slug_form CHECK ((slug ~ '^[a-z][a-z0-9-]{1,62}$'::text)),
    CONSTRAINT tenant_status_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text]))),
    CONSTRAINT tenant_tax_rounding_known CHECK ((tax_rounding = ANY (ARRAY['line'::text, 'document'::text])))
);

ALTER TABLE ONLY public.tenant FORCE ROW LEVEL SECURITY;

ALTER TABLE public.tenant OWNER TO stockwell_owner;

CREATE VIEW bi.product_performance WITH (security_invoker='true') AS
 WITH fold AS (
         SELECT f.generation,
            f."position"
           FROM public.sales_rollup f
          WHERE ((f.tenant_id = bi.tenant()) AND (f.generation IS NOT NULL))
        ), part AS (
         SELECT r.product_id,
            r.channel,
            r.currency,
            ((r.units)::numeric * 0.000001) AS units,
            ((r.net_revenue)::numeric * 0.0001) AS net_revenue,
            ((r.cost)::numeric * 0.0001) AS cost
           FROM (public.sales_sum_by_product_year r
             JOIN fold ON ((fold.generation = r.generation)))
          WHERE (r.tenant_id = ( SELECT bi.tenant() AS tenant))
        UNION ALL
         SELECT f.product_id,
            f.channel,
            f.currency,
            f.units,
            f.net_revenue,
            f.cost
           FROM bi.sales_fact f
          WHERE ((f."position" >= ( SELECT COALESCE(max(fold."position"), (0)::bigint) AS "coalesce"
                   FROM fold)) AND (f."position" <= ( SELECT '9223372036854775807'::bigint)))
        ), line AS (
         SELECT f.product_id,
            f.currency,
            sum(f.units) AS units,
            sum(f.net_revenue) AS net_revenue,
            sum(f.cost) AS cost,
            COALESCE(sum(f.units) FILTER (WHERE (f.channel = 'wholesale'::text)), (0)::numeric) AS wholesale_units,
            COALESCE(sum(f.net_revenue) FILTER (WHERE (f.channel = 'wholesale'::text)), (0)::numeric) AS wholesale_net_revenue,
            COALESCE(sum(f.cost) FILTER (WHERE (f.channel = 'wholesale'::text)), (0)::numeric) AS wholesale_cost,
            COALESCE(sum(f.units) FILTER (WHERE (f.channel = 'retail'::text)), (0)::numeric) AS retail_units,
            COALESCE(sum(f.net_revenue) FILTER (WHERE (f.channel = 'retail'::text)), (0)::numeric) AS retail_net_revenue,
            COALESCE(sum(f.cost) FILTER (WHERE (f.channel = 'retail'::text)), (0)::numeric) AS retail_cost
           FROM part f
          GROUP BY f.product_id, f.currency
        ), expected AS (
         SELECT line.product_id,
            line.currency,
            line.units,
            line.net_revenue,
            line.cost,
            line.wholesale_units,
            line.wholesale_net_revenue,
            line.wholesale_cost,
            line.retail_units,
            line.retail_net_revenue,
            line.retail_cost
           FROM line
        UNION ALL
         SELECT p_1.id,
            t.currency,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0
           FROM (public.product p_1
             JOIN public.tenant t ON ((t.tenant_id = p_1.tenant_id)))
          WHERE ((p_1.tenant_id = bi.tenant()) AND (p_1.kind <> 'bundle'::text) AND (p_1.status = 'active'::text) AND (NOT (EXISTS ( SELECT
                   FROM line
                  WHERE (line.product_id = p_1.id)))))
        )
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    l.currency,
    l.units,
    l.net_revenue,
    l.cost,
    (l.net_revenue - l.cost) AS gross_margin,
    round((((100)::numeric * (l.net_revenue - l.cost)) / NULLIF(l.net_revenue, (0)::numeric)), 4) AS gross_margin_pct,
    l.wholesale_units,
    l.wholesale_net_revenue,
    l.wholesale_cost,
    (l.wholesale_net_revenue - l.wholesale_cost) AS wholesale_gross_margin,
    round((((100)::numeric * (l.wholesale_net_revenue - l.wholesale_cost)) / NULLIF(l.wholesale_net_revenue, (0)::numeric)), 4) AS wholesale_gross_margin_pct,
    l.retail_units,
    l.retail_net_revenue,
    l.retail_cost,
    (l.retail_net_revenue - l.retail_cost) AS retail_gross_margin,
    round((((100)::numeric * (l.retail_net_revenue - l.retail_cost)) / NULLIF(l.retail_net_revenue, (0)::numeric)), 4) AS retail_gross_margin_pct,
    round((((100)::numeric * l.wholesale_net_revenue) / NULLIF(l.net_revenue, (0)::numeric)), 4) AS wholesale_net_revenue_share_pct,
    round((((100)::numeric * l.retail_net_revenue) / NULLIF(l.net_revenue, (0)::numeric)), 4) AS retail_net_revenue_share_pct
   FROM ((expected l
     JOIN public.product p ON (((p.tenant_id = bi.tenant()) AND (p.id = l.product_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))));

ALTER TABLE bi.product_performance OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.product_performance.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.product_performance.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.product_performance.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.product_performance.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.product_performance.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.product_performance.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.product_performance.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.product_performance.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.product_performance.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.product_performance.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.product_performance.wholesale_units IS 'units of the wholesale channel. Additive over rows of one unit.';

COMMENT ON COLUMN bi.product_performance.wholesale_net_revenue IS 'net_revenue of the wholesale channel. Additive.';

COMMENT ON COLUMN bi.product_performance.wholesale_cost IS 'cost of the wholesale channel. Additive.';

COMMENT ON COLUMN bi.product_performance.wholesale_gross_margin IS 'gross_margin of the wholesale channel. Additive.';

COMMENT ON COLUMN bi.product_performance.wholesale_gross_margin_pct IS 'gross_margin_pct of the wholesale channel. Not additive.';

COMMENT ON COLUMN bi.product_performance.retail_units IS 'units of the retail channel. Additive over rows of one unit.';

COMMENT ON COLUMN bi.product_performance.retail_net_revenue IS 'net_revenue of the retail channel. Additive.';

COMMENT ON COLUMN bi.product_performance.retail_cost IS 'cost of the retail channel. Additive.';

COMMENT ON COLUMN bi.product_performance.retail_gross_margin IS 'gross_margin of the retail channel. Additive.';

COMMENT ON COLUMN bi.product_performance.retail_gross_margin_pct IS 'gross_margin_pct of the retail channel. Not additive.';

COMMENT ON COLUMN bi.product_performance.wholesale_net_revenue_share_pct IS 'wholesale_net_revenue in percent of net_revenue, 4 decimals; null without revenue. Not additive.';

COMMENT ON COLUMN bi.product_performance.retail_net_revenue_share_pct IS 'retail_net_revenue in percent of net_revenue, 4 decimals; null without revenue. Not additive.';

CREATE VIEW bi.abc WITH (security_invoker='true') AS
 SELECT
        CASE
            WHEN (product_performance.net_revenue <= (0)::numeric) THEN 'C'::text
            ELSE
            CASE width_bucket(((sum(GREATEST(product_performance.net_revenue, (0)::numeric)) OVER (PARTITION BY product_performance.currency ORDER BY product_performance.net_revenue DESC) - sum(GREATEST(product_performance.net_revenue, (0)::numeric)) OVER (PARTITION BY product_performance.currency, product_performance.net_revenue)) / NULLIF(sum(GREATEST(product_performance.net_revenue, (0)::numeric)) OVER (PARTITION BY product_performance.currency), (0)::numeric)), ARRAY[0.80, 0.95])
                WHEN 0 THEN 'A'::text
                WHEN 1 THEN 'B'::text
                ELSE 'C'::text
            END
        END AS class,
    product_performance.sku,
    product_performance.product_name,
    product_performance.category_code,
    product_performance.category_name,
    product_performance.currency,
    product_performance.units,
    product_performance.net_revenue,
    product_performance.cost,
    product_performance.gross_margin,
    product_performance.gross_margin_pct,
    round((((100)::numeric * GREATEST(product_performance.net_revenue, (0)::numeric)) / NULLIF(sum(GREATEST(product_performance.net_revenue, (0)::numeric)) OVER (PARTITION BY product_performance.currency), (0)::numeric)), 4) AS share_pct,
    round((((100)::numeric * sum(GREATEST(product_performance.net_revenue, (0)::numeric)) OVER (PARTITION BY product_performance.currency ORDER BY product_performance.net_revenue DESC)) / NULLIF(sum(GREATEST(product_performance.net_revenue, (0)::numeric)) OVER (PARTITION BY product_performance.currency), (0)::numeric)), 4) AS cumulative_share_pct
   FROM bi.product_performance;

ALTER TABLE bi.abc OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.abc.class IS 'A: products that make up the first 80 %; B: up to 95 %; C: the rest.';

COMMENT ON COLUMN bi.abc.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.abc.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.abc.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.abc.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.abc.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.abc.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.abc.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.abc.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.abc.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.abc.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.abc.share_pct IS 'Share of the product in the ranked figure of all products with a positive one, in percent, 4 decimals. Not additive.';

COMMENT ON COLUMN bi.abc.cumulative_share_pct IS 'share_pct of the product plus that of all products ranked above it. Not additive.';

CREATE TABLE public.account (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    parent_code text,
    dropped_at timestamp with time zone,
    purpose text,
    CONSTRAINT account_kind_known CHECK ((kind = ANY (ARRAY['asset'::text, 'liability'::text, 'equity'::text, 'revenue'::text, 'expense'::text]))),
    CONSTRAINT account_purpose_known CHECK ((purpose = ANY (ARRAY['revenue'::text, 'returns'::text, 'discount'::text, 'cost_of_goods'::text])))
);

ALTER TABLE ONLY public.account FORCE ROW LEVEL SECURITY;

ALTER TABLE public.account OWNER TO stockwell_owner;

CREATE TABLE public.journal_line (
    tenant_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    line_no integer NOT NULL,
    account_code text NOT NULL,
    debit numeric(18,4) NOT NULL,
    credit numeric(18,4) NOT NULL,
    currency text NOT NULL,
    channel text,
    location_id uuid,
    party_id uuid,
    posted_on date NOT NULL,
    "position" bigint DEFAULT (public.event_base() + ((pg_current_xact_id())::text)::bigint) NOT NULL,
    CONSTRAINT journal_line_one_side CHECK (((LEAST(debit, credit) = (0)::numeric) AND (GREATEST(debit, credit) > (0)::numeric)))
);

ALTER TABLE ONLY public.journal_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.journal_line OWNER TO stockwell_owner;

CREATE TABLE public.ledger_rollup (
    tenant_id uuid NOT NULL,
    "position" bigint,
    next_position bigint,
    next_after uuid,
    CONSTRAINT ledger_rollup_next_whole CHECK (((next_position IS NULL) = (next_after IS NULL))),
    CONSTRAINT ledger_rollup_one_state CHECK ((("position" IS NULL) OR (next_position IS NULL)))
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.ledger_rollup FORCE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_rollup OWNER TO stockwell_owner;

CREATE TABLE public.ledger_sum_by_day (
    tenant_id uuid NOT NULL,
    posted_on date NOT NULL,
    lines bigint NOT NULL,
    debit numeric NOT NULL,
    credit numeric NOT NULL,
    account_code text NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.ledger_sum_by_day FORCE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_sum_by_day OWNER TO stockwell_owner;

CREATE VIEW bi.ledger_by_day WITH (security_invoker='true') AS
 WITH fold AS (
         SELECT f."position"
           FROM public.ledger_rollup f
          WHERE ((f.tenant_id = bi.tenant()) AND (f."position" IS NOT NULL))
        ), part AS (
         SELECT r.posted_on,
            r.account_code,
            r.channel,
            r.currency,
            r.debit,
            r.credit
           FROM public.ledger_sum_by_day r
          WHERE ((r.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (EXISTS ( SELECT
                   FROM fold)))
        UNION ALL
         SELECT l.posted_on,
            l.account_code,
            COALESCE(l.channel, ''::text) AS "coalesce",
            l.currency,
            l.debit,
            l.credit
           FROM public.journal_line l
          WHERE ((l.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (l."position" >= ( SELECT COALESCE(max(fold."position"), (0)::bigint) AS "coalesce"
                   FROM fold)) AND (l."position" <= ( SELECT '9223372036854775807'::bigint)))
        ), summed AS (
         SELECT p.posted_on,
            p.account_code,
            p.channel,
            p.currency,
            sum(p.debit) AS debit,
            sum(p.credit) AS credit
           FROM part p
          GROUP BY p.posted_on, p.account_code, p.channel, p.currency
        )
 SELECT s.posted_on,
    (s.account_code || ''::text) AS account_code,
    (a.name || ''::text) AS account_name,
    a.kind AS account_kind,
    NULLIF(s.channel, ''::text) AS channel,
    s.currency,
    s.debit,
    s.credit,
    (s.debit - s.credit) AS balance
   FROM (summed s
     LEFT JOIN public.account a ON (((a.tenant_id = bi.tenant()) AND (a.code = s.account_code))));

ALTER TABLE bi.ledger_by_day OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.ledger_by_day.posted_on IS 'Day of the posting: later than occurred_on only if the period was closed.';

COMMENT ON COLUMN bi.ledger_by_day.account_code IS 'Code of the ledger account.';

COMMENT ON COLUMN bi.ledger_by_day.account_name IS 'Name of the ledger account.';

COMMENT ON COLUMN bi.ledger_by_day.account_kind IS 'Kind of the account: asset, liability, equity, revenue or expense.';

COMMENT ON COLUMN bi.ledger_by_day.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.ledger_by_day.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.ledger_by_day.debit IS 'Amount debited; on a line zero if it is a credit. Additive.';

COMMENT ON COLUMN bi.ledger_by_day.credit IS 'Amount credited; on a line zero if it is a debit. Additive.';

COMMENT ON COLUMN bi.ledger_by_day.balance IS 'debit - credit: assets and expenses are positive, liabilities, equity and revenue negative. Additive.';

CREATE VIEW bi.balance_sheet WITH (security_invoker='true') AS
 SELECT l.section,
    l.account_code,
    l.account_name,
    l.currency,
    COALESCE(sum(l.balance) FILTER (WHERE (l.section = 'assets'::text)), (0)::numeric) AS assets,
    COALESCE((- sum(l.balance) FILTER (WHERE (l.section = 'liabilities'::text))), (0)::numeric) AS liabilities,
    COALESCE((- sum(l.balance) FILTER (WHERE (l.section = 'equity'::text))), (0)::numeric) AS equity,
    sum(l.balance) AS balance
   FROM ( SELECT
                CASE d.account_kind
                    WHEN 'asset'::text THEN 'assets'::text
                    WHEN 'liability'::text THEN 'liabilities'::text
                    ELSE 'equity'::text
                END AS section,
                CASE
                    WHEN ((d.account_kind = ANY (ARRAY['asset'::text, 'liability'::text])) OR ((d.account_kind = 'equity'::text) AND (d.account_code <> '3110'::text))) THEN d.account_code
                    ELSE NULL::text
                END AS account_code,
                CASE
                    WHEN ((d.account_kind = ANY (ARRAY['asset'::text, 'liability'::text])) OR ((d.account_kind = 'equity'::text) AND (d.account_code <> '3110'::text))) THEN d.account_name
                    WHEN ((d.account_kind <> 'equity'::text) AND (d.posted_on >= (date_trunc('year'::text, (now() AT TIME ZONE t.time_zone)))::date)) THEN 'Result of the year'::text
                    ELSE 'Result of earlier years'::text
                END AS account_name,
            d.currency,
            d.balance
           FROM (bi.ledger_by_day d
             JOIN public.tenant t ON ((t.tenant_id = bi.tenant())))) l
  GROUP BY l.section, l.account_code, l.account_name, l.currency;

ALTER TABLE bi.balance_sheet OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.balance_sheet.section IS 'Section of the statement: revenue, cost or expense; assets, liabilities or equity.';

COMMENT ON COLUMN bi.balance_sheet.account_code IS 'Code of the ledger account.';

COMMENT ON COLUMN bi.balance_sheet.account_name IS 'Name of the ledger account.';

COMMENT ON COLUMN bi.balance_sheet.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.balance_sheet.assets IS 'Debits less credits of accounts of assets. Additive.';

COMMENT ON COLUMN bi.balance_sheet.liabilities IS 'Credits less debits of accounts of liabilities. Additive.';

COMMENT ON COLUMN bi.balance_sheet.equity IS 'Credits less debits of accounts of equity, and the results. Additive.';

COMMENT ON COLUMN bi.balance_sheet.balance IS 'debit - credit: assets and expenses are positive, liabilities, equity and revenue negative. Additive.';

CREATE TABLE public.customer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_key text GENERATED ALWAYS AS (lower(name)) STORED NOT NULL COLLATE pg_catalog."C",
    email text,
    tax_number text,
    country text NOT NULL,
    currency text NOT NULL,
    tax_exempt boolean DEFAULT false NOT NULL,
    price_tier_id uuid,
    price_list_id uuid,
    payment_terms text DEFAULT 'net'::text NOT NULL,
    payment_days integer DEFAULT 30 NOT NULL,
    credit_limit numeric(18,4),
    status text DEFAULT 'active'::text NOT NULL,
    external_ref text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    min_remaining_life_days integer DEFAULT 0 NOT NULL,
    addresses jsonb DEFAULT '[]'::jsonb NOT NULL,
    contacts jsonb DEFAULT '[]'::jsonb NOT NULL,
    notes text DEFAULT ''::text NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    attachments jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT customer_credit_range CHECK ((credit_limit >= (0)::numeric)),
    CONSTRAINT customer_days_range CHECK (((payment_days >= 0) AND (payment_days <= 365))),
    CONSTRAINT customer_kind_known CHECK ((kind = ANY (ARRAY['wholesale'::text, 'retail'::text]))),
    CONSTRAINT customer_life_range CHECK (((min_remaining_life_days >= 0) AND (min_remaining_life_days <= 3650))),
    CONSTRAINT customer_status_known CHECK ((status = ANY (ARRAY['active'::text, 'blocked'::text]))),
    CONSTRAINT customer_terms_known CHECK ((payment_terms = ANY (ARRAY['prepaid'::text, 'net'::text, 'end_of_month'::text])))
);

ALTER TABLE ONLY public.customer FORCE ROW LEVEL SECURITY;

ALTER TABLE public.customer OWNER TO stockwell_owner;

CREATE VIEW bi.best_customers WITH (security_invoker='true') AS
 SELECT v.customer_number,
    v.customer_name,
    v.customer_kind,
    v.country,
    v.last_order_on,
    (((now() AT TIME ZONE v.time_zone))::date - v.last_order_on) AS recency_days,
    v.recency_score,
    v.frequency_score,
    v.value_score,
    concat(v.recency_score, v.frequency_score, v.value_score) AS rfm,
    v.currency,
    v.orders,
    v.net_revenue,
    v.cost,
    (v.net_revenue - v.cost) AS contribution,
    round((((100)::numeric * (v.net_revenue - v.cost)) / NULLIF(v.net_revenue, (0)::numeric)), 4) AS contribution_pct,
    round((v.gross_sales / (NULLIF(v.orders, 0))::numeric), 4) AS average_order_value
   FROM ( SELECT (cu.number || ''::text) AS customer_number,
            (cu.name || ''::text) AS customer_name,
            cu.kind AS customer_kind,
            cu.country,
            t.time_zone,
            ((l.last_order_at AT TIME ZONE t.time_zone))::date AS last_order_on,
            l.currency,
            l.orders,
            l.gross_sales,
            l.net_revenue,
            l.cost,
            ((5 - ((5 * (rank() OVER (PARTITION BY l.currency ORDER BY l.last_order_at DESC NULLS LAST) - 1)) / count(*) OVER (PARTITION BY l.currency))))::integer AS recency_score,
            ((5 - ((5 * (rank() OVER (PARTITION BY l.currency ORDER BY l.orders DESC) - 1)) / count(*) OVER (PARTITION BY l.currency))))::integer AS frequency_score,
            ((5 - ((5 * (rank() OVER (PARTITION BY l.currency ORDER BY l.net_revenue DESC) - 1)) / count(*) OVER (PARTITION BY l.currency))))::integer AS value_score
           FROM ((( SELECT f.customer_id,
                    f.currency,
                    sum(f.orders) AS orders,
                    max(f.occurred_at) FILTER (WHERE (f.orders = 1)) AS last_order_at,
                    sum(f.gross_sales) AS gross_sales,
                    sum(f.net_revenue) AS net_revenue,
                    sum(f.cost) AS cost
                   FROM bi.sales_fact f
                  WHERE (f.customer_id IS NOT NULL)
                  GROUP BY f.customer_id, f.currency) l
             JOIN public.customer cu ON (((cu.tenant_id = bi.tenant()) AND (cu.id = l.customer_id))))
             JOIN public.tenant t ON ((t.tenant_id = cu.tenant_id)))
          WHERE (l.orders > 0)) v;

ALTER TABLE bi.best_customers OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.best_customers.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.best_customers.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.best_customers.customer_kind IS 'Kind of the customer: wholesale or retail.';

COMMENT ON COLUMN bi.best_customers.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.best_customers.last_order_on IS 'Day of the customer''s latest sales document, in the tenant''s time zone.';

COMMENT ON COLUMN bi.best_customers.recency_days IS 'Days from last_order_on to today.';

COMMENT ON COLUMN bi.best_customers.recency_score IS '1 to 5: 5 is the fifth of the customers who bought last.';

COMMENT ON COLUMN bi.best_customers.frequency_score IS '1 to 5: 5 is the fifth of the customers with the most orders.';

COMMENT ON COLUMN bi.best_customers.value_score IS '1 to 5: 5 is the fifth of the customers with the greatest net_revenue.';

COMMENT ON COLUMN bi.best_customers.rfm IS 'The scores of recency, frequency and value as digits: 555 are the best customers.';

COMMENT ON COLUMN bi.best_customers.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.best_customers.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.best_customers.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.best_customers.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.best_customers.contribution IS 'net_revenue - cost over all sales to the customer, in both channels. Additive.';

COMMENT ON COLUMN bi.best_customers.contribution_pct IS 'contribution in percent of net_revenue, 4 decimals. Not additive: divide the sums.';

COMMENT ON COLUMN bi.best_customers.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

CREATE TABLE public.location (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    channels text[] DEFAULT '{wholesale,retail}'::text[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT location_kind_known CHECK ((kind = ANY (ARRAY['warehouse'::text, 'store'::text, 'transit'::text, 'quarantine'::text])))
);

ALTER TABLE ONLY public.location FORCE ROW LEVEL SECURITY;

ALTER TABLE public.location OWNER TO stockwell_owner;

CREATE TABLE public.sales_sum_by_day (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    day date NOT NULL,
    location_id uuid NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    channel text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_day FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_day OWNER TO stockwell_owner;

CREATE VIEW bi.sales_by_day WITH (security_invoker='true') AS
 WITH fold AS (
         SELECT f.generation,
            f."position"
           FROM (public.sales_rollup f
             JOIN public.tenant t ON (((t.tenant_id = f.tenant_id) AND (t.time_zone = f.time_zone))))
          WHERE (f.tenant_id = bi.tenant())
        ), part AS (
         SELECT r.day,
            r.channel,
            r.location_id,
            r.country,
            r.currency,
            r.orders,
            r.lines,
            ((r.units)::numeric * 0.000001) AS units,
            ((r.returns)::numeric * 0.0001) AS returns,
            ((r.gross_revenue)::numeric * 0.0001) AS gross_revenue,
            ((r.net_revenue)::numeric * 0.0001) AS net_revenue,
            ((r.tax)::numeric * 0.0001) AS tax,
            ((r.cost)::numeric * 0.0001) AS cost
           FROM (public.sales_sum_by_day r
             JOIN fold ON ((fold.generation = r.generation)))
          WHERE (r.tenant_id = ( SELECT bi.tenant() AS tenant))
        UNION ALL
         SELECT ((f.occurred_at AT TIME ZONE t.time_zone))::date AS timezone,
            f.channel,
            f.location_id,
            f.country,
            f.currency,
            f.orders,
            1,
            f.units,
            f.returns,
            f.gross_revenue,
            f.net_revenue,
            f.tax,
            f.cost
           FROM (bi.sales_fact f
             JOIN public.tenant t ON ((t.tenant_id = f.tenant_id)))
          WHERE ((t.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (f."position" >= ( SELECT COALESCE(max(fold."position"), (0)::bigint) AS "coalesce"
                   FROM fold)) AND (f."position" <= ( SELECT '9223372036854775807'::bigint)))
        ), summed AS (
         SELECT part.day,
            part.channel,
            part.location_id,
            part.country,
            part.currency,
            sum(part.orders) AS orders,
            sum(part.lines) AS lines,
            sum(part.units) AS units,
            sum(part.returns) AS returns,
            sum(part.gross_revenue) AS gross_revenue,
            sum(part.net_revenue) AS net_revenue,
            sum(part.tax) AS tax,
            sum(part.cost) AS cost
           FROM part
          GROUP BY part.day, part.channel, part.location_id, part.country, part.currency
        )
 SELECT s.day,
    s.channel,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    s.country,
    s.currency,
    s.orders,
    s.lines,
    s.units,
    (s.net_revenue - s.returns) AS gross_sales,
    s.returns,
    s.gross_revenue,
    (s.gross_revenue - s.net_revenue) AS discount,
    s.net_revenue,
    s.tax,
    s.cost,
    (s.net_revenue - s.cost) AS gross_margin
   FROM (summed s
     LEFT JOIN public.location lo ON (((lo.tenant_id = bi.tenant()) AND (lo.id = s.location_id))));

ALTER TABLE bi.sales_by_day OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.sales_by_day.day IS 'Calendar day in the tenant''s time zone.';

COMMENT ON COLUMN bi.sales_by_day.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.sales_by_day.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.sales_by_day.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.sales_by_day.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.sales_by_day.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.sales_by_day.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.sales_by_day.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.sales_by_day.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.sales_by_day.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.sales_by_day.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.sales_by_day.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.sales_by_day.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.sales_by_day.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.sales_by_day.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.sales_by_day.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.sales_by_day.gross_margin IS 'net_revenue - cost. Additive.';

CREATE VIEW bi.margin_by_channel WITH (security_invoker='true') AS
 SELECT days.channel,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    sum(days.cost) AS cost,
    sum(days.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(days.gross_margin)) / NULLIF(sum(days.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.channel, days.currency;

ALTER TABLE bi.margin_by_channel OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_channel.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.margin_by_channel.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_channel.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_channel.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_channel.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_channel.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_channel.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_channel.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.channel_summary WITH (security_invoker='true') AS
 SELECT channel.channel,
    channel.currency,
    channel.orders,
    channel.lines,
    channel.units,
    channel.gross_sales,
    channel.returns,
    channel.gross_revenue,
    channel.discount,
    channel.net_revenue,
    channel.tax,
    channel.average_order_value,
    channel.cost,
    channel.gross_margin,
    channel.gross_margin_pct,
    channel.return_rate_pct,
    round((((100)::numeric * channel.net_revenue) / NULLIF(sum(channel.net_revenue) OVER (PARTITION BY channel.currency), (0)::numeric)), 4) AS net_revenue_share_pct
   FROM ( SELECT margin_by_channel.channel,
            margin_by_channel.currency,
            margin_by_channel.orders,
            margin_by_channel.lines,
            margin_by_channel.units,
            margin_by_channel.gross_sales,
            margin_by_channel.returns,
            margin_by_channel.gross_revenue,
            margin_by_channel.discount,
            margin_by_channel.net_revenue,
            margin_by_channel.tax,
            margin_by_channel.average_order_value,
            margin_by_channel.cost,
            margin_by_channel.gross_margin,
            margin_by_channel.gross_margin_pct,
            margin_by_channel.return_rate_pct
           FROM bi.margin_by_channel
        UNION ALL
         SELECT c.channel,
            t.currency,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            NULL::numeric,
            0,
            0,
            NULL::numeric,
            NULL::numeric
           FROM (public.tenant t
             CROSS JOIN unnest(ARRAY['retail'::text, 'wholesale'::text]) c(channel))
          WHERE ((t.tenant_id = bi.tenant()) AND (NOT (EXISTS ( SELECT
                   FROM bi.margin_by_channel m
                  WHERE (m.channel = c.channel)))))) channel;

ALTER TABLE bi.channel_summary OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.channel_summary.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.channel_summary.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.channel_summary.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.channel_summary.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.channel_summary.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.channel_summary.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.channel_summary.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.channel_summary.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.channel_summary.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.channel_summary.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.channel_summary.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.channel_summary.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.channel_summary.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.channel_summary.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.channel_summary.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.channel_summary.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

COMMENT ON COLUMN bi.channel_summary.net_revenue_share_pct IS 'net_revenue in percent of all rows of the currency, 4 decimals. Not additive.';

CREATE TABLE public.cost_to_settle (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    product_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    document_kind text NOT NULL,
    document_id uuid NOT NULL,
    line_no integer NOT NULL,
    channel text,
    quantity numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    open_quantity numeric(18,6) NOT NULL,
    open_value numeric(18,4) NOT NULL,
    variance numeric(18,4) DEFAULT 0 NOT NULL,
    settled_at timestamp with time zone,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    taken_back numeric(18,4) DEFAULT 0 NOT NULL,
    CONSTRAINT cost_to_settle_ends CHECK (((settled_at IS NULL) = (open_quantity > (0)::numeric))),
    CONSTRAINT cost_to_settle_flow CHECK (((quantity > (0)::numeric) AND (value >= (0)::numeric) AND ((open_quantity >= (0)::numeric) AND (open_quantity <= quantity)) AND ((open_value >= (0)::numeric) AND (open_value <= value)))),
    CONSTRAINT cost_to_settle_settled_is_worthless CHECK (((open_quantity > (0)::numeric) OR (open_value = (0)::numeric)))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.cost_to_settle FORCE ROW LEVEL SECURITY;

ALTER TABLE public.cost_to_settle OWNER TO stockwell_owner;

CREATE VIEW bi.costs_to_settle WITH (security_invoker='true') AS
 SELECT c.document_kind,
    c.document_id,
    c.line_no,
    c.channel,
    c.occurred_at,
    c.recorded_at,
    c.settled_at,
    (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    p.stock_uom AS uom,
    t.currency,
    c.quantity AS oversold_units,
    c.open_quantity AS open_units,
    c.value AS provisional_cost,
    c.open_value AS open_cost,
    c.variance AS cost_variance
   FROM (((public.cost_to_settle c
     JOIN public.tenant t ON ((t.tenant_id = c.tenant_id)))
     JOIN public.product p ON (((p.tenant_id = c.tenant_id) AND (p.id = c.product_id))))
     JOIN public.location lo ON (((lo.tenant_id = c.tenant_id) AND (lo.id = c.location_id))))
  WHERE (c.tenant_id = bi.tenant());

ALTER TABLE bi.costs_to_settle OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.costs_to_settle.document_kind IS 'Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.';

COMMENT ON COLUMN bi.costs_to_settle.document_id IS 'The document: a till sale, refund, invoice or credit note, or the document that caused a movement or an entry.';

COMMENT ON COLUMN bi.costs_to_settle.line_no IS 'Number of the line in its document, from 1.';

COMMENT ON COLUMN bi.costs_to_settle.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.costs_to_settle.occurred_at IS 'When it happened. Filter by this column: it is indexed.';

COMMENT ON COLUMN bi.costs_to_settle.recorded_at IS 'When it was recorded; later than occurred_at for late documents.';

COMMENT ON COLUMN bi.costs_to_settle.settled_at IS 'When the last oversold unit was received; null while some are open.';

COMMENT ON COLUMN bi.costs_to_settle.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.costs_to_settle.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.costs_to_settle.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.costs_to_settle.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.costs_to_settle.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.costs_to_settle.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.costs_to_settle.oversold_units IS 'Stock units that were issued below zero. Additive over rows of one unit.';

COMMENT ON COLUMN bi.costs_to_settle.open_units IS 'Oversold units that have not been received yet. Additive over rows of one unit.';

COMMENT ON COLUMN bi.costs_to_settle.provisional_cost IS 'Cost of the oversold units when they were issued: the last known cost. Additive.';

COMMENT ON COLUMN bi.costs_to_settle.open_cost IS 'Provisional cost of the open units. Additive.';

COMMENT ON COLUMN bi.costs_to_settle.cost_variance IS 'Cost of the units received since, less their provisional cost. Additive.';

CREATE TABLE public.application (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    customer_id uuid NOT NULL,
    amount numeric(18,4) NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT application_amount_not_negative CHECK ((amount >= (0)::numeric)),
    CONSTRAINT application_kind_known CHECK ((kind = ANY (ARRAY['apply'::text, 'unapply'::text])))
);

ALTER TABLE ONLY public.application FORCE ROW LEVEL SECURITY;

ALTER TABLE public.application OWNER TO stockwell_owner;

CREATE TABLE public.invoice (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    customer_id uuid NOT NULL,
    order_id uuid,
    location_id uuid NOT NULL,
    original_id uuid,
    currency text NOT NULL,
    country text NOT NULL,
    gross numeric(18,4) NOT NULL,
    discount numeric(18,4) NOT NULL,
    net numeric(18,4) NOT NULL,
    tax numeric(18,4) NOT NULL,
    total numeric(18,4) NOT NULL,
    open numeric(18,4) NOT NULL,
    due_on date NOT NULL,
    returned boolean DEFAULT false NOT NULL,
    reason text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    command_id uuid NOT NULL,
    customer_version integer,
    seller_version integer,
    rounding numeric(18,4) DEFAULT 0 NOT NULL,
    foreign_currency text,
    exchange_rate numeric(18,10),
    foreign_value numeric(18,4),
    foreign_tax numeric(18,4),
    foreign_open numeric(18,4),
    CONSTRAINT invoice_adds_up CHECK (((net = (gross - discount)) AND (total = ((net + tax) + rounding)))),
    CONSTRAINT invoice_exchange_rate_positive CHECK ((exchange_rate > (0)::numeric)),
    CONSTRAINT invoice_foreign_complete CHECK ((num_nonnulls(foreign_currency, exchange_rate, foreign_value, foreign_tax, foreign_open) = ANY (ARRAY[0, 5]))),
    CONSTRAINT invoice_foreign_open_range CHECK (((foreign_open >= LEAST((foreign_value + foreign_tax), (0)::numeric)) AND (foreign_open <= GREATEST((foreign_value + foreign_tax), (0)::numeric)))),
    CONSTRAINT invoice_kind_known CHECK ((kind = ANY (ARRAY['invoice'::text, 'credit_note'::text]))),
    CONSTRAINT invoice_open_range CHECK ((((total >= (0)::numeric) AND ((open >= (0)::numeric) AND (open <= total))) OR ((total < (0)::numeric) AND ((open >= total) AND (open <= (0)::numeric)))))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.invoice FORCE ROW LEVEL SECURITY;

ALTER TABLE public.invoice OWNER TO stockwell_owner;

CREATE TABLE public.journal_entry (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    document_kind text NOT NULL,
    document_id uuid NOT NULL,
    memo text,
    debit_total numeric(18,4) NOT NULL,
    credit_total numeric(18,4) NOT NULL,
    occurred_on date NOT NULL,
    posted_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT journal_entry_balances CHECK ((debit_total = credit_total)),
    CONSTRAINT journal_entry_posted_later CHECK ((posted_on >= occurred_on))
);

ALTER TABLE ONLY public.journal_entry FORCE ROW LEVEL SECURITY;

ALTER TABLE public.journal_entry OWNER TO stockwell_owner;

CREATE TABLE public.payment (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    customer_id uuid NOT NULL,
    method text NOT NULL,
    amount numeric(18,4) NOT NULL,
    unapplied numeric(18,4) NOT NULL,
    reference text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    kind text DEFAULT 'payment'::text NOT NULL,
    original_id uuid,
    reason text,
    session_id uuid,
    foreign_currency text,
    exchange_rate numeric(18,10),
    foreign_amount numeric(18,4),
    foreign_unapplied numeric(18,4),
    CONSTRAINT payment_amount_sign CHECK (
CASE kind
    WHEN 'payment'::text THEN (amount > (0)::numeric)
    WHEN 'payout'::text THEN (amount < (0)::numeric)
    ELSE (amount <> (0)::numeric)
END),
    CONSTRAINT payment_exchange_rate_positive CHECK ((exchange_rate > (0)::numeric)),
    CONSTRAINT payment_foreign_complete CHECK ((num_nonnulls(foreign_currency, exchange_rate, foreign_amount, foreign_unapplied) = ANY (ARRAY[0, 4]))),
    CONSTRAINT payment_foreign_unapplied_range CHECK (((foreign_unapplied >= (0)::numeric) AND (foreign_unapplied <= GREATEST(foreign_amount, (0)::numeric)))),
    CONSTRAINT payment_kind_known CHECK ((kind = ANY (ARRAY['payment'::text, 'reversal'::text, 'payout'::text]))),
    CONSTRAINT payment_method_known CHECK ((method = ANY (ARRAY['bank'::text, 'card'::text, 'cash'::text]))),
    CONSTRAINT payment_original_named CHECK (((kind = 'reversal'::text) = (original_id IS NOT NULL))),
    CONSTRAINT payment_session_of_cash CHECK (((method = 'cash'::text) = (session_id IS NOT NULL))),
    CONSTRAINT payment_unapplied_range CHECK (((unapplied >= (0)::numeric) AND (unapplied <= GREATEST(amount, (0)::numeric))))
);

ALTER TABLE ONLY public.payment FORCE ROW LEVEL SECURITY;

ALTER TABLE public.payment OWNER TO stockwell_owner;

CREATE VIEW bi.customer_statement WITH (security_invoker='true') AS
 SELECT (cu.number || ''::text) AS customer_number,
    (cu.name || ''::text) AS customer_name,
    e.occurred_on,
    e.document_kind,
    (d.number || ''::text) AS document_number,
    d.id AS document_id,
    d.due_on,
    l.currency,
    l.debit,
    l.credit,
    sum((l.debit - l.credit)) OVER (PARTITION BY d.customer_id ORDER BY e.occurred_on, l.entry_id, l.line_no) AS owed_after
   FROM (((( SELECT i.id,
            i.customer_id,
            i.number,
                CASE
                    WHEN (i.kind = 'invoice'::text) THEN i.due_on
                    ELSE NULL::date
                END AS due_on
           FROM public.invoice i
          WHERE (i.tenant_id = ( SELECT bi.tenant() AS tenant))
        UNION ALL
         SELECT p.id,
            p.customer_id,
            p.number,
            NULL::date
           FROM public.payment p
          WHERE (p.tenant_id = ( SELECT bi.tenant() AS tenant))
        UNION ALL
         SELECT a.id,
            a.customer_id,
            a.number,
            NULL::date
           FROM public.application a
          WHERE (a.tenant_id = ( SELECT bi.tenant() AS tenant))) d
     JOIN public.customer cu ON (((cu.tenant_id = bi.tenant()) AND (cu.id = d.customer_id))))
     JOIN public.journal_entry e ON (((e.tenant_id = bi.tenant()) AND (e.document_id = d.id))))
     JOIN public.journal_line l ON (((l.tenant_id = bi.tenant()) AND (l.entry_id = e.id) AND (l.account_code = '1100'::text))));

ALTER TABLE bi.customer_statement OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.customer_statement.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.customer_statement.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.customer_statement.occurred_on IS 'Day of the event in the tenant''s time zone.';

COMMENT ON COLUMN bi.customer_statement.document_kind IS 'Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.';

COMMENT ON COLUMN bi.customer_statement.document_number IS 'Number of the document.';

COMMENT ON COLUMN bi.customer_statement.document_id IS 'The document: a till sale, refund, invoice or credit note, or the document that caused a movement or an entry.';

COMMENT ON COLUMN bi.customer_statement.due_on IS 'Day on which an invoice is due; null in other rows.';

COMMENT ON COLUMN bi.customer_statement.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.customer_statement.debit IS 'Amount debited; on a line zero if it is a credit. Additive.';

COMMENT ON COLUMN bi.customer_statement.credit IS 'Amount credited; on a line zero if it is a debit. Additive.';

COMMENT ON COLUMN bi.customer_statement.owed_after IS 'Amount that the customer owes after the document: negative if the customer is owed. Not additive.';

CREATE TABLE public.sales_sum_by_customer_year (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    year date NOT NULL,
    customer_id uuid NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    first_order_at timestamp with time zone,
    last_order_at timestamp with time zone,
    channel text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_customer_year FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_customer_year OWNER TO stockwell_owner;

CREATE VIEW bi.customer_value WITH (security_invoker='true') AS
 WITH fold AS (
         SELECT f.generation,
            f."position"
           FROM public.sales_rollup f
          WHERE ((f.tenant_id = bi.tenant()) AND (f.generation IS NOT NULL))
        ), part AS (
         SELECT r.customer_id,
            r.channel,
            r.currency,
            r.orders,
            r.first_order_at,
            r.last_order_at,
            (((r.net_revenue - r.returns))::numeric * 0.0001) AS gross_sales,
            ((r.returns)::numeric * 0.0001) AS returns,
            (((r.gross_revenue - r.net_revenue))::numeric * 0.0001) AS discount,
            ((r.net_revenue)::numeric * 0.0001) AS net_revenue,
            ((r.cost)::numeric * 0.0001) AS cost
           FROM (public.sales_sum_by_customer_year r
             JOIN fold ON ((fold.generation = r.generation)))
          WHERE ((r.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (r.customer_id <> '00000000-0000-0000-0000-000000000000'::uuid))
        UNION ALL
         SELECT f.customer_id,
            f.channel,
            f.currency,
            f.orders,
                CASE f.orders
                    WHEN 1 THEN f.occurred_at
                    ELSE NULL::timestamp with time zone
                END AS "case",
                CASE f.orders
                    WHEN 1 THEN f.occurred_at
                    ELSE NULL::timestamp with time zone
                END AS "case",
            f.gross_sales,
            f.returns,
            f.discount,
            f.net_revenue,
            f.cost
           FROM bi.sales_fact f
          WHERE ((f.customer_id IS NOT NULL) AND (f."position" >= ( SELECT COALESCE(max(fold."position"), (0)::bigint) AS "coalesce"
                   FROM fold)) AND (f."position" <= ( SELECT '9223372036854775807'::bigint)))
        ), line AS (
         SELECT f.customer_id,
            f.currency,
            (sum(f.orders))::bigint AS orders,
            min(f.first_order_at) AS first_order_at,
            max(f.last_order_at) AS last_order_at,
            sum(f.gross_sales) AS gross_sales,
            sum(f.returns) AS returns,
            sum(f.discount) AS discount,
            sum(f.net_revenue) AS net_revenue,
            sum(f.cost) AS cost,
            COALESCE(sum(f.net_revenue) FILTER (WHERE (f.channel = 'wholesale'::text)), (0)::numeric) AS wholesale_net_revenue,
            COALESCE(sum(f.net_revenue) FILTER (WHERE (f.channel = 'retail'::text)), (0)::numeric) AS retail_net_revenue
           FROM part f
          GROUP BY f.customer_id, f.currency
        ), expected AS (
         SELECT line.customer_id,
            line.currency,
            line.orders,
            line.first_order_at,
            line.last_order_at,
            line.gross_sales,
            line.returns,
            line.discount,
            line.net_revenue,
            line.cost,
            line.wholesale_net_revenue,
            line.retail_net_revenue
           FROM line
        UNION ALL
         SELECT cu_1.id,
            t_1.currency,
            0,
            NULL::timestamp with time zone,
            NULL::timestamp with time zone,
            0,
            0,
            0,
            0,
            0,
            0,
            0
           FROM (public.customer cu_1
             JOIN public.tenant t_1 ON ((t_1.tenant_id = cu_1.tenant_id)))
          WHERE ((cu_1.tenant_id = bi.tenant()) AND (NOT (EXISTS ( SELECT
                   FROM line
                  WHERE (line.customer_id = cu_1.id)))))
        )
 SELECT (cu.number || ''::text) AS customer_number,
    (cu.name || ''::text) AS customer_name,
    cu.kind AS customer_kind,
    cu.country,
    ((l.first_order_at AT TIME ZONE t.time_zone))::date AS first_order_on,
    ((l.last_order_at AT TIME ZONE t.time_zone))::date AS last_order_on,
    l.currency,
    l.orders,
    l.gross_sales,
    l.returns,
    l.discount,
    l.net_revenue,
    l.cost,
    (l.net_revenue - l.cost) AS contribution,
    round((((100)::numeric * (l.net_revenue - l.cost)) / NULLIF(l.net_revenue, (0)::numeric)), 4) AS contribution_pct,
    round((l.gross_sales / (NULLIF(l.orders, 0))::numeric), 4) AS average_order_value,
    l.wholesale_net_revenue,
    l.retail_net_revenue
   FROM ((expected l
     JOIN public.customer cu ON (((cu.tenant_id = bi.tenant()) AND (cu.id = l.customer_id))))
     JOIN public.tenant t ON ((t.tenant_id = cu.tenant_id)));

ALTER TABLE bi.customer_value OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.customer_value.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.customer_value.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.customer_value.customer_kind IS 'Kind of the customer: wholesale or retail.';

COMMENT ON COLUMN bi.customer_value.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.customer_value.first_order_on IS 'Day of the customer''s first sales document, in the tenant''s time zone.';

COMMENT ON COLUMN bi.customer_value.last_order_on IS 'Day of the customer''s latest sales document, in the tenant''s time zone.';

COMMENT ON COLUMN bi.customer_value.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.customer_value.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.customer_value.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.customer_value.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.customer_value.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.customer_value.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.customer_value.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.customer_value.contribution IS 'net_revenue - cost over all sales to the customer, in both channels. Additive.';

COMMENT ON COLUMN bi.customer_value.contribution_pct IS 'contribution in percent of net_revenue, 4 decimals. Not additive: divide the sums.';

COMMENT ON COLUMN bi.customer_value.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.customer_value.wholesale_net_revenue IS 'net_revenue of the wholesale channel. Additive.';

COMMENT ON COLUMN bi.customer_value.retail_net_revenue IS 'net_revenue of the retail channel. Additive.';

CREATE TABLE public.customer_account (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    receivable numeric(18,4) DEFAULT 0 NOT NULL,
    ordered numeric(18,4) DEFAULT 0 NOT NULL,
    shipped numeric(18,4) DEFAULT 0 NOT NULL,
    unapplied numeric(18,4) DEFAULT 0 NOT NULL,
    CONSTRAINT customer_account_ordered_range CHECK ((ordered >= (0)::numeric)),
    CONSTRAINT customer_account_shipped_range CHECK ((shipped >= (0)::numeric)),
    CONSTRAINT customer_account_unapplied_range CHECK ((unapplied >= (0)::numeric))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.customer_account FORCE ROW LEVEL SECURITY;

ALTER TABLE public.customer_account OWNER TO stockwell_owner;

CREATE TABLE public.price_tier (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    price_list_id uuid,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.price_tier FORCE ROW LEVEL SECURITY;

ALTER TABLE public.price_tier OWNER TO stockwell_owner;

CREATE VIEW bi.customers WITH (security_invoker='true') AS
 SELECT c.tenant_id,
    c.id AS customer_id,
    (c.number || ''::text) AS customer_number,
    (c.name || ''::text) AS customer_name,
    c.kind AS customer_kind,
    c.country,
    c.currency,
    (pt.code || ''::text) AS price_tier,
    c.payment_terms,
    c.payment_days,
    c.credit_limit,
    COALESCE(ac.receivable, (0)::numeric) AS receivable,
    COALESCE(ac.unapplied, (0)::numeric) AS unapplied,
    c.status,
    (c.external_ref || ''::text) AS external_ref,
    c.created_at,
    c.updated_at
   FROM ((public.customer c
     LEFT JOIN public.price_tier pt ON (((pt.tenant_id = c.tenant_id) AND (pt.id = c.price_tier_id))))
     LEFT JOIN public.customer_account ac ON (((ac.tenant_id = c.tenant_id) AND (ac.customer_id = c.id))))
  WHERE (c.tenant_id = bi.tenant());

ALTER TABLE bi.customers OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.customers.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.customers.customer_id IS 'The customer; null for walk-in sales.';

COMMENT ON COLUMN bi.customers.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.customers.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.customers.customer_kind IS 'Kind of the customer: wholesale or retail.';

COMMENT ON COLUMN bi.customers.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.customers.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.customers.price_tier IS 'Code of the customer''s price tier.';

COMMENT ON COLUMN bi.customers.payment_terms IS 'Payment terms: prepaid, net or end_of_month.';

COMMENT ON COLUMN bi.customers.payment_days IS 'Days of the payment terms.';

COMMENT ON COLUMN bi.customers.credit_limit IS 'Highest exposure of the customer; null if there is no limit.';

COMMENT ON COLUMN bi.customers.receivable IS 'Open invoices of the customer less open credit notes. Additive.';

COMMENT ON COLUMN bi.customers.unapplied IS 'Payments of the customer that are not applied to an invoice. Additive.';

COMMENT ON COLUMN bi.customers.status IS 'Status of the record.';

COMMENT ON COLUMN bi.customers.external_ref IS 'The record''s id in the tenant''s other systems.';

COMMENT ON COLUMN bi.customers.created_at IS 'When the record was created.';

COMMENT ON COLUMN bi.customers.updated_at IS 'When the record last changed.';

CREATE VIEW bi.journal_lines WITH (security_invoker='true') AS
 SELECT l.tenant_id,
    l.entry_id,
    l.line_no,
    l.posted_on,
    e.occurred_on,
    e.recorded_at,
    (l.account_code || ''::text) AS account_code,
    (a.name || ''::text) AS account_name,
    a.kind AS account_kind,
    l.currency,
    l.debit,
    l.credit,
    (l.debit - l.credit) AS balance,
    l.channel,
    (lo.code || ''::text) AS location_code,
    (cu.number || ''::text) AS customer_number,
    e.document_kind,
    e.document_id,
    (e.memo || ''::text) AS memo,
    e.command_id
   FROM ((((public.journal_line l
     JOIN public.journal_entry e ON (((e.tenant_id = l.tenant_id) AND (e.id = l.entry_id))))
     LEFT JOIN public.account a ON (((a.tenant_id = l.tenant_id) AND (a.code = l.account_code))))
     LEFT JOIN public.location lo ON (((lo.tenant_id = l.tenant_id) AND (lo.id = l.location_id))))
     LEFT JOIN public.customer cu ON (((cu.tenant_id = l.tenant_id) AND (cu.id = l.party_id))))
  WHERE (l.tenant_id = ( SELECT bi.tenant() AS tenant));

ALTER TABLE bi.journal_lines OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.journal_lines.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.journal_lines.entry_id IS 'The journal entry.';

COMMENT ON COLUMN bi.journal_lines.line_no IS 'Number of the line in its document, from 1.';

COMMENT ON COLUMN bi.journal_lines.posted_on IS 'Day of the posting: later than occurred_on only if the period was closed.';

COMMENT ON COLUMN bi.journal_lines.occurred_on IS 'Day of the event in the tenant''s time zone.';

COMMENT ON COLUMN bi.journal_lines.recorded_at IS 'When it was recorded; later than occurred_at for late documents.';

COMMENT ON COLUMN bi.journal_lines.account_code IS 'Code of the ledger account.';

COMMENT ON COLUMN bi.journal_lines.account_name IS 'Name of the ledger account.';

COMMENT ON COLUMN bi.journal_lines.account_kind IS 'Kind of the account: asset, liability, equity, revenue or expense.';

COMMENT ON COLUMN bi.journal_lines.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.journal_lines.debit IS 'Amount debited; on a line zero if it is a credit. Additive.';

COMMENT ON COLUMN bi.journal_lines.credit IS 'Amount credited; on a line zero if it is a debit. Additive.';

COMMENT ON COLUMN bi.journal_lines.balance IS 'debit - credit: assets and expenses are positive, liabilities, equity and revenue negative. Additive.';

COMMENT ON COLUMN bi.journal_lines.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.journal_lines.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.journal_lines.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.journal_lines.document_kind IS 'Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.';

COMMENT ON COLUMN bi.journal_lines.document_id IS 'The document: a till sale, refund, invoice or credit note, or the document that caused a movement or an entry.';

COMMENT ON COLUMN bi.journal_lines.memo IS 'Remark on a manual entry.';

COMMENT ON COLUMN bi.journal_lines.command_id IS 'The command that wrote the row. The audit log has its caller.';

CREATE TABLE public.lot (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    code text NOT NULL,
    expires_on date,
    supplier_lot text,
    received_from text,
    received_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT lot_status_known CHECK ((status = ANY (ARRAY['open'::text, 'recalled'::text])))
);

ALTER TABLE ONLY public.lot FORCE ROW LEVEL SECURITY;

ALTER TABLE public.lot OWNER TO stockwell_owner;

CREATE TABLE public.reservation (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    line_no integer NOT NULL,
    location_id uuid NOT NULL,
    product_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    kind text NOT NULL,
    quantity numeric(18,6) NOT NULL,
    priority smallint DEFAULT 0 NOT NULL,
    expires_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT reservation_kind_known CHECK ((kind = ANY (ARRAY['order'::text, 'hold'::text, 'quarantine'::text, 'till_allotment'::text, 'channel_allotment'::text]))),
    CONSTRAINT reservation_quantity_positive CHECK ((quantity > (0)::numeric))
);

ALTER TABLE ONLY public.reservation FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reservation OWNER TO stockwell_owner;

CREATE TABLE public.stock_level (
    tenant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    product_id uuid NOT NULL,
    lot_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    on_hand numeric(18,6) DEFAULT 0 NOT NULL,
    reserved numeric(18,6) DEFAULT 0 NOT NULL,
    value numeric(18,4) DEFAULT 0 NOT NULL,
    last_cost numeric(18,6) DEFAULT 0 NOT NULL,
    forced boolean DEFAULT false NOT NULL,
    moved_at timestamp with time zone NOT NULL,
    next_expiry timestamp with time zone,
    counted_at timestamp with time zone,
    backordered numeric(18,6) DEFAULT 0 NOT NULL,
    allotted boolean DEFAULT false NOT NULL,
    layered boolean DEFAULT false NOT NULL,
    used_up boolean GENERATED ALWAYS AS (((lot_id <> '00000000-0000-0000-0000-000000000000'::uuid) AND (on_hand = (0)::numeric) AND (reserved = (0)::numeric) AND (backordered = (0)::numeric) AND (NOT allotted))) STORED NOT NULL,
    latest_at timestamp with time zone,
    CONSTRAINT stock_level_backordered_not_negative CHECK ((backordered >= (0)::numeric)),
    CONSTRAINT stock_level_empty_is_worthless CHECK (((on_hand <> (0)::numeric) OR (value = (0)::numeric))),
    CONSTRAINT stock_level_on_hand_not_negative CHECK (((on_hand >= (0)::numeric) OR forced)),
    CONSTRAINT stock_level_reserved_not_negative CHECK ((reserved >= (0)::numeric)),
    CONSTRAINT stock_level_reserved_within_on_hand CHECK (((reserved <= on_hand) OR forced))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.stock_level FORCE ROW LEVEL SECURITY;

ALTER TABLE public.stock_level OWNER TO stockwell_owner;

CREATE VIEW bi.stock_level WITH (security_invoker='true') AS
 SELECT l.tenant_id,
    l.location_id,
    l.product_id,
    l.lot_id,
    l.on_hand,
    l.reserved,
    l.backordered,
    l.allotted,
    l.value,
    l.last_cost,
    l.layered,
    l.moved_at,
    l.transaction,
    l.sellable,
    l.lot_code,
    l.expires_on,
        CASE
            WHEN l.sellable THEN (l.on_hand - l.reserved)
            ELSE (0)::numeric
        END AS available
   FROM ( SELECT l_1.tenant_id,
            l_1.location_id,
            l_1.product_id,
            l_1.lot_id,
            l_1.on_hand,
            (l_1.reserved -
                CASE
                    WHEN (l_1.next_expiry <= now()) THEN ( SELECT (COALESCE(sum(r.quantity), (0)::numeric) - LEAST(l_1.backordered, GREATEST(((l_1.on_hand - l_1.reserved) + COALESCE(sum(r.quantity), (0)::numeric)), (0)::numeric)))
                       FROM public.reservation r
                      WHERE ((r.tenant_id = l_1.tenant_id) AND (r.location_id = l_1.location_id) AND (r.product_id = l_1.product_id) AND (r.lot_id = l_1.lot_id) AND (r.expires_at <= now())))
                    ELSE (0)::numeric
                END) AS reserved,
            (l_1.backordered -
                CASE
                    WHEN ((l_1.next_expiry <= now()) AND (l_1.backordered > (0)::numeric)) THEN ( SELECT LEAST(l_1.backordered, GREATEST(((l_1.on_hand - l_1.reserved) + COALESCE(sum(r.quantity), (0)::numeric)), (0)::numeric)) AS "least"
                       FROM public.reservation r
                      WHERE ((r.tenant_id = l_1.tenant_id) AND (r.location_id = l_1.location_id) AND (r.product_id = l_1.product_id) AND (r.lot_id = l_1.lot_id) AND (r.expires_at <= now())))
                    ELSE (0)::numeric
                END) AS backordered,
            l_1.allotted,
            l_1.value,
            l_1.last_cost,
            l_1.layered,
            l_1.moved_at,
            (
                CASE
                    WHEN (age(t.xmin) < age(l_1.xmin)) THEN t.xmin
                    ELSE l_1.xmin
                END)::text AS transaction,
            COALESCE(((t.status = 'open'::text) AND (COALESCE(t.expires_on, 'infinity'::date) >= ( SELECT ((now() AT TIME ZONE n.time_zone))::date AS timezone
                   FROM public.tenant n
                  WHERE (n.tenant_id = bi.tenant())))), true) AS sellable,
            (t.code || ''::text) AS lot_code,
            t.expires_on
           FROM (public.stock_level l_1
             LEFT JOIN public.lot t ON (((t.tenant_id = l_1.tenant_id) AND (t.id = l_1.lot_id))))
          WHERE (l_1.tenant_id = bi.tenant())) l;

ALTER TABLE bi.stock_level OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.stock_level.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.stock_level.location_id IS 'The stock location.';

COMMENT ON COLUMN bi.stock_level.product_id IS 'The product.';

COMMENT ON COLUMN bi.stock_level.lot_id IS 'The lot; the nil UUID if the product is not tracked.';

COMMENT ON COLUMN bi.stock_level.on_hand IS 'Stock units on hand in the location, including reserved units. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_level.reserved IS 'Stock units on hand that are reserved. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_level.backordered IS 'Stock units that confirmed orders wait for. Incoming stock is allocated to them first. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_level.allotted IS 'Whether a part of reserved may be a till or channel allotment, which that till or channel can sell.';

COMMENT ON COLUMN bi.stock_level.value IS 'Cost of the stock: of the units on hand, or of a movement (negative if out). Additive.';

COMMENT ON COLUMN bi.stock_level.last_cost IS 'Last known cost of one unit, in the tenant''s currency.';

COMMENT ON COLUMN bi.stock_level.layered IS 'Whether the level has cost layers (FIFO); otherwise its cost is a moving average.';

COMMENT ON COLUMN bi.stock_level.moved_at IS 'When the level last changed.';

COMMENT ON COLUMN bi.stock_level.transaction IS 'Number of the last database transaction that wrote the level or its lot. Not additive.';

COMMENT ON COLUMN bi.stock_level.sellable IS 'Whether the lot may be sold today: it is not recalled and has not expired. True without a lot.';

COMMENT ON COLUMN bi.stock_level.lot_code IS 'Code of the lot, or the serial number; null if the product is not tracked.';

COMMENT ON COLUMN bi.stock_level.expires_on IS 'Last day on which the lot may be sold; null if it does not expire.';

COMMENT ON COLUMN bi.stock_level.available IS 'on_hand - reserved: stock that may still be sold. Expired and recalled lots count as zero. Additive over rows of one unit.';

CREATE VIEW bi.lot_expiry WITH (security_invoker='true') AS
 WITH lying AS (
         SELECT s.tenant_id,
            s.product_id,
            s.location_id,
            s.lot_code,
            (lt.supplier_lot || ''::text) AS supplier_lot,
            s.expires_on,
            t.currency,
            ((s.expires_on - ((now() AT TIME ZONE t.time_zone))::date))::bigint AS days_left,
            s.on_hand,
            s.reserved,
            s.value,
                CASE
                    WHEN (lt.status = 'recalled'::text) THEN 'recalled'::text
                    WHEN (s.expires_on < ((now() AT TIME ZONE t.time_zone))::date) THEN 'expired'::text
                    WHEN ((lo_1.kind = 'quarantine'::text) OR (s.on_hand <= ( SELECT COALESCE(sum(r.quantity), (0)::numeric) AS "coalesce"
                       FROM public.reservation r
                      WHERE ((r.tenant_id = s.tenant_id) AND (r.location_id = s.location_id) AND (r.product_id = s.product_id) AND (r.lot_id = s.lot_id) AND (r.kind = 'quarantine'::text))))) THEN 'quarantined'::text
                    WHEN (lo_1.kind = 'transit'::text) THEN 'in_transit'::text
                    ELSE 'sellable'::text
                END AS lot_status
           FROM (((bi.stock_level s
             JOIN public.tenant t ON ((t.tenant_id = s.tenant_id)))
             JOIN public.lot lt ON (((lt.tenant_id = s.tenant_id) AND (lt.id = s.lot_id))))
             JOIN public.location lo_1 ON (((lo_1.tenant_id = s.tenant_id) AND (lo_1.id = s.location_id))))
          WHERE ((s.tenant_id = bi.tenant()) AND (s.on_hand > (0)::numeric) AND (s.expires_on IS NOT NULL))
        )
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    p.stock_uom AS uom,
    l.lot_code,
    l.supplier_lot,
    l.lot_status,
    l.expires_on,
    l.currency,
    l.days_left,
    l.on_hand,
    l.reserved,
        CASE
            WHEN (l.lot_status = ANY (ARRAY['recalled'::text, 'expired'::text])) THEN (0)::numeric
            ELSE (l.on_hand - l.reserved)
        END AS available,
    l.value
   FROM (((lying l
     JOIN public.product p ON (((p.tenant_id = l.tenant_id) AND (p.id = l.product_id))))
     JOIN public.location lo ON (((lo.tenant_id = l.tenant_id) AND (lo.id = l.location_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))));

ALTER TABLE bi.lot_expiry OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.lot_expiry.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.lot_expiry.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.lot_expiry.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.lot_expiry.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.lot_expiry.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.lot_expiry.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.lot_expiry.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.lot_expiry.lot_code IS 'Code of the lot, or the serial number; null if the product is not tracked.';

COMMENT ON COLUMN bi.lot_expiry.supplier_lot IS 'The supplier''s own code for the lot; null if it is not known.';

COMMENT ON COLUMN bi.lot_expiry.lot_status IS 'Whether the lot may be sold from the location, or why not: recalled, expired, quarantined, in_transit or sellable.';

COMMENT ON COLUMN bi.lot_expiry.expires_on IS 'Last day on which the lot may be sold; null if it does not expire.';

COMMENT ON COLUMN bi.lot_expiry.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.lot_expiry.days_left IS 'Days from today to expires_on: 0 on the last day, negative after it. Not additive.';

COMMENT ON COLUMN bi.lot_expiry.on_hand IS 'Stock units on hand in the location, including reserved units. Additive over rows of one unit.';

COMMENT ON COLUMN bi.lot_expiry.reserved IS 'Stock units on hand that are reserved. Additive over rows of one unit.';

COMMENT ON COLUMN bi.lot_expiry.available IS 'on_hand - reserved: stock that may still be sold. Expired and recalled lots count as zero. Additive over rows of one unit.';

COMMENT ON COLUMN bi.lot_expiry.value IS 'Cost of the stock: of the units on hand, or of a movement (negative if out). Additive.';

CREATE TABLE public.reorder_setting (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    reorder_point numeric(18,6),
    reorder_quantity numeric(18,6),
    CONSTRAINT reorder_setting_range CHECK (((reorder_point >= (0)::numeric) AND (reorder_quantity > (0)::numeric)))
);

ALTER TABLE ONLY public.reorder_setting FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reorder_setting OWNER TO stockwell_owner;

CREATE VIEW bi.low_stock WITH (security_invoker='true') AS
 WITH known AS MATERIALIZED (
         SELECT s_1.tenant_id,
            s_1.product_id,
            s_1.location_id,
            sum(s_1.on_hand) AS on_hand,
            sum(s_1.reserved) AS reserved,
            sum(s_1.available) AS available
           FROM (bi.stock_level s_1
             JOIN public.location lo_1 ON (((lo_1.tenant_id = s_1.tenant_id) AND (lo_1.id = s_1.location_id) AND (lo_1.channels <> '{}'::text[]))))
          WHERE (s_1.tenant_id = bi.tenant())
          GROUP BY s_1.tenant_id, s_1.product_id, s_1.location_id
        ), wanted AS MATERIALIZED (
         SELECT s_1.tenant_id,
            s_1.product_id,
            s_1.location_id,
            0 AS on_hand,
            0 AS reserved,
            0 AS available
           FROM (public.reorder_setting s_1
             JOIN public.location lo_1 ON (((lo_1.tenant_id = s_1.tenant_id) AND (lo_1.id = s_1.location_id) AND (lo_1.channels <> '{}'::text[]))))
          WHERE ((s_1.tenant_id = bi.tenant()) AND (NOT (EXISTS ( SELECT
                   FROM known
                  WHERE ((known.product_id = s_1.product_id) AND (known.location_id = s_1.location_id))))))
        ), place AS (
         SELECT known.tenant_id,
            known.product_id,
            known.location_id,
            known.on_hand,
            known.reserved,
            known.available
           FROM known
        UNION ALL
         SELECT wanted.tenant_id,
            wanted.product_id,
            wanted.location_id,
            wanted.on_hand,
            wanted.reserved,
            wanted.available
           FROM wanted
        UNION ALL
         SELECT p_1.tenant_id,
            p_1.id,
            NULL::uuid,
            0,
            0,
            0
           FROM public.product p_1
          WHERE ((p_1.tenant_id = bi.tenant()) AND (NOT (EXISTS ( SELECT
                   FROM known
                  WHERE (known.product_id = p_1.id)))) AND (NOT (EXISTS ( SELECT
                   FROM wanted
                  WHERE (wanted.product_id = p_1.id)))))
        )
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    p.stock_uom AS uom,
    t.currency,
    s.on_hand,
    s.reserved,
    s.available,
    COALESCE(r.reorder_point, (0)::numeric) AS reorder_point,
    COALESCE(r.reorder_quantity, (0)::numeric) AS reorder_quantity,
    (COALESCE(r.reorder_point, (0)::numeric) - s.available) AS shortage
   FROM (((((place s
     JOIN public.tenant t ON ((t.tenant_id = s.tenant_id)))
     JOIN public.product p ON (((p.tenant_id = s.tenant_id) AND (p.id = s.product_id))))
     LEFT JOIN public.location lo ON (((lo.tenant_id = s.tenant_id) AND (lo.id = s.location_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))))
     LEFT JOIN LATERAL ( SELECT rs.reorder_point,
            rs.reorder_quantity
           FROM public.reorder_setting rs
          WHERE ((rs.tenant_id = s.tenant_id) AND (rs.product_id = s.product_id) AND (rs.location_id = ANY (ARRAY[s.location_id, '00000000-0000-0000-0000-000000000000'::uuid])))
          ORDER BY rs.location_id DESC
         LIMIT 1) r ON (true))
  WHERE ((p.status = 'active'::text) AND (p.kind = 'stocked'::text) AND (s.available <= COALESCE(r.reorder_point, (0)::numeric)));

ALTER TABLE bi.low_stock OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.low_stock.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.low_stock.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.low_stock.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.low_stock.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.low_stock.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.low_stock.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.low_stock.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.low_stock.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.low_stock.on_hand IS 'Stock units on hand in the location, including reserved units. Additive over rows of one unit.';

COMMENT ON COLUMN bi.low_stock.reserved IS 'Stock units on hand that are reserved. Additive over rows of one unit.';

COMMENT ON COLUMN bi.low_stock.available IS 'on_hand - reserved: stock that may still be sold. Expired and recalled lots count as zero. Additive over rows of one unit.';

COMMENT ON COLUMN bi.low_stock.reorder_point IS 'Stock units at or below which the product is low. Additive over rows of one unit.';

COMMENT ON COLUMN bi.low_stock.reorder_quantity IS 'Stock units to order when the product is low; zero if nothing is set. Additive over rows of one unit.';

COMMENT ON COLUMN bi.low_stock.shortage IS 'reorder_point - available: units short of the reorder point. Additive over rows of one unit.';

CREATE VIEW bi.margin_lines WITH (security_invoker='true') AS
 SELECT f.tenant_id,
    f.document_id,
    f.line_no,
    f.document_kind,
    f.occurred_at,
    f.recorded_at,
    ((f.occurred_at AT TIME ZONE t.time_zone))::date AS day,
    (date_trunc('month'::text, (f.occurred_at AT TIME ZONE t.time_zone)))::date AS month,
    f.channel,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    (cu.number || ''::text) AS customer_number,
    (cu.name || ''::text) AS customer_name,
    f.country,
    f.currency,
    f.orders,
    f.units,
    f.gross_sales,
    f.returns,
    f.gross_revenue,
    f.discount,
    f.net_revenue,
    f.tax,
    f.cost,
    f.gross_margin,
    (EXTRACT(hour FROM (f.occurred_at AT TIME ZONE t.time_zone)))::integer AS hour_of_day,
    (EXTRACT(isodow FROM (f.occurred_at AT TIME ZONE t.time_zone)))::integer AS weekday,
    f.price_source,
    f.discount_band,
    p.kind AS product_kind
   FROM (((((bi.sales_fact f
     JOIN public.tenant t ON ((t.tenant_id = f.tenant_id)))
     LEFT JOIN public.location lo ON (((lo.tenant_id = f.tenant_id) AND (lo.id = f.location_id))))
     LEFT JOIN public.product p ON (((p.tenant_id = f.tenant_id) AND (p.id = f.product_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = f.tenant_id) AND (ca.id = f.category_id))))
     LEFT JOIN public.customer cu ON (((cu.tenant_id = f.tenant_id) AND (cu.id = f.customer_id))))
  WHERE (t.tenant_id = ( SELECT bi.tenant() AS tenant));

ALTER TABLE bi.margin_lines OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_lines.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.margin_lines.document_id IS 'The document: a till sale, refund, invoice or credit note, or the document that caused a movement or an entry.';

COMMENT ON COLUMN bi.margin_lines.line_no IS 'Number of the line in its document, from 1.';

COMMENT ON COLUMN bi.margin_lines.document_kind IS 'Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.';

COMMENT ON COLUMN bi.margin_lines.occurred_at IS 'When it happened. Filter by this column: it is indexed.';

COMMENT ON COLUMN bi.margin_lines.recorded_at IS 'When it was recorded; later than occurred_at for late documents.';

COMMENT ON COLUMN bi.margin_lines.day IS 'Calendar day in the tenant''s time zone.';

COMMENT ON COLUMN bi.margin_lines.month IS 'First day of the calendar month in the tenant''s time zone.';

COMMENT ON COLUMN bi.margin_lines.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.margin_lines.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.margin_lines.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.margin_lines.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.margin_lines.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.margin_lines.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.margin_lines.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.margin_lines.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.margin_lines.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.margin_lines.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.margin_lines.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_lines.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_lines.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_lines.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_lines.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_lines.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_lines.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_lines.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_lines.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_lines.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_lines.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_lines.hour_of_day IS 'Hour of the day in the tenant''s time zone, 0 to 23.';

COMMENT ON COLUMN bi.margin_lines.weekday IS 'Day of the week in the tenant''s time zone: 1 is Monday, 7 is Sunday.';

COMMENT ON COLUMN bi.margin_lines.price_source IS 'Source of the price: customer_list, tier_list, channel_list, list_price or override. New values may appear.';

COMMENT ON COLUMN bi.margin_lines.discount_band IS 'Discount in percent of the value before it: none, to_5_pct, to_10_pct, to_20_pct, to_30_pct, to_50_pct or over_50_pct. A band includes its upper end.';

COMMENT ON COLUMN bi.margin_lines.product_kind IS 'Kind of the product: stocked, service or bundle.';

CREATE VIEW bi.margin_by_category WITH (security_invoker='true') AS
 SELECT margin_lines.category_code,
    margin_lines.category_name,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    sum(margin_lines.cost) AS cost,
    sum(margin_lines.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(margin_lines.gross_margin)) / NULLIF(sum(margin_lines.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.category_code, margin_lines.category_name, margin_lines.currency;

ALTER TABLE bi.margin_by_category OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_category.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.margin_by_category.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.margin_by_category.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_category.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_category.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_category.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_category.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_category.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_category.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_category.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_category.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_category.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_category.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_category.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_category.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_category.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_category.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_country WITH (security_invoker='true') AS
 SELECT days.country,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    sum(days.cost) AS cost,
    sum(days.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(days.gross_margin)) / NULLIF(sum(days.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.country, days.currency;

ALTER TABLE bi.margin_by_country OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_country.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.margin_by_country.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_country.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_country.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_country.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_country.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_country.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_country.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_country.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_country.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_country.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_country.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_country.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_country.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_country.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_country.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_customer WITH (security_invoker='true') AS
 SELECT margin_lines.customer_number,
    margin_lines.customer_name,
    margin_lines.currency,
    sum(margin_lines.orders) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(sum(margin_lines.orders), 0))::numeric), 4) AS average_order_value,
    sum(margin_lines.cost) AS cost,
    sum(margin_lines.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(margin_lines.gross_margin)) / NULLIF(sum(margin_lines.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.customer_number, margin_lines.customer_name, margin_lines.currency;

ALTER TABLE bi.margin_by_customer OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_customer.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.margin_by_customer.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.margin_by_customer.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_customer.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_customer.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_customer.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_customer.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_customer.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_customer.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_day WITH (security_invoker='true') AS
 SELECT days.day,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    sum(days.cost) AS cost,
    sum(days.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(days.gross_margin)) / NULLIF(sum(days.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.day, days.currency;

ALTER TABLE bi.margin_by_day OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_day.day IS 'Calendar day in the tenant''s time zone.';

COMMENT ON COLUMN bi.margin_by_day.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_day.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_day.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_day.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_day.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_day.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_day.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_day.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_day.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_day.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_day.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_day.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_day.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_day.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_day.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_discount_band WITH (security_invoker='true') AS
 SELECT margin_lines.discount_band,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    sum(margin_lines.cost) AS cost,
    sum(margin_lines.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(margin_lines.gross_margin)) / NULLIF(sum(margin_lines.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.discount_band, margin_lines.currency;

ALTER TABLE bi.margin_by_discount_band OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_discount_band.discount_band IS 'Discount in percent of the value before it: none, to_5_pct, to_10_pct, to_20_pct, to_30_pct, to_50_pct or over_50_pct. A band includes its upper end.';

COMMENT ON COLUMN bi.margin_by_discount_band.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_discount_band.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_discount_band.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_discount_band.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_discount_band.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_discount_band.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_discount_band.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_hour_of_day WITH (security_invoker='true') AS
 SELECT margin_lines.hour_of_day,
    margin_lines.currency,
    sum(margin_lines.orders) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(sum(margin_lines.orders), 0))::numeric), 4) AS average_order_value,
    sum(margin_lines.cost) AS cost,
    sum(margin_lines.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(margin_lines.gross_margin)) / NULLIF(sum(margin_lines.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.hour_of_day, margin_lines.currency;

ALTER TABLE bi.margin_by_hour_of_day OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_hour_of_day.hour_of_day IS 'Hour of the day in the tenant''s time zone, 0 to 23.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_hour_of_day.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_location WITH (security_invoker='true') AS
 SELECT days.location_code,
    days.location_name,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    sum(days.cost) AS cost,
    sum(days.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(days.gross_margin)) / NULLIF(sum(days.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.location_code, days.location_name, days.currency;

ALTER TABLE bi.margin_by_location OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_location.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.margin_by_location.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.margin_by_location.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_location.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_location.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_location.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_location.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_location.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_location.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_location.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_location.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_location.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_location.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_location.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_location.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_location.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_location.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_month WITH (security_invoker='true') AS
 SELECT days.month,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    sum(days.cost) AS cost,
    sum(days.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(days.gross_margin)) / NULLIF(sum(days.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.month, days.currency;

ALTER TABLE bi.margin_by_month OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_month.month IS 'First day of the calendar month in the tenant''s time zone.';

COMMENT ON COLUMN bi.margin_by_month.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_month.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_month.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_month.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_month.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_month.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_month.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_month.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_month.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_month.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_month.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_month.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_month.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_month.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_month.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_month_channel WITH (security_invoker='true') AS
 SELECT days.month,
    days.channel,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    sum(days.cost) AS cost,
    sum(days.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(days.gross_margin)) / NULLIF(sum(days.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.month, days.channel, days.currency;

ALTER TABLE bi.margin_by_month_channel OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_month_channel.month IS 'First day of the calendar month in the tenant''s time zone.';

COMMENT ON COLUMN bi.margin_by_month_channel.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.margin_by_month_channel.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_month_channel.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_month_channel.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_month_channel.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_month_channel.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_month_channel.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_month_channel.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_price_source WITH (security_invoker='true') AS
 SELECT margin_lines.price_source,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    sum(margin_lines.cost) AS cost,
    sum(margin_lines.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(margin_lines.gross_margin)) / NULLIF(sum(margin_lines.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.price_source, margin_lines.currency;

ALTER TABLE bi.margin_by_price_source OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_price_source.price_source IS 'Source of the price: customer_list, tier_list, channel_list, list_price or override. New values may appear.';

COMMENT ON COLUMN bi.margin_by_price_source.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_price_source.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_price_source.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_price_source.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_price_source.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_price_source.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_price_source.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_product WITH (security_invoker='true') AS
 SELECT margin_lines.sku,
    margin_lines.product_name,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    sum(margin_lines.cost) AS cost,
    sum(margin_lines.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(margin_lines.gross_margin)) / NULLIF(sum(margin_lines.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.sku, margin_lines.product_name, margin_lines.currency;

ALTER TABLE bi.margin_by_product OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_product.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.margin_by_product.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.margin_by_product.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_product.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_product.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_product.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_product.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_product.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_product.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_product.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_product.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_product.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_product.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_product.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_product.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_product.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_product.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_product_kind WITH (security_invoker='true') AS
 SELECT margin_lines.product_kind,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    sum(margin_lines.cost) AS cost,
    sum(margin_lines.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(margin_lines.gross_margin)) / NULLIF(sum(margin_lines.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.product_kind, margin_lines.currency;

ALTER TABLE bi.margin_by_product_kind OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_product_kind.product_kind IS 'Kind of the product: stocked, service or bundle.';

COMMENT ON COLUMN bi.margin_by_product_kind.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_product_kind.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_product_kind.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_product_kind.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_product_kind.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_product_kind.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_product_kind.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.margin_by_weekday WITH (security_invoker='true') AS
 SELECT days.weekday,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    sum(days.cost) AS cost,
    sum(days.gross_margin) AS gross_margin,
    round((((100)::numeric * sum(days.gross_margin)) / NULLIF(sum(days.net_revenue), (0)::numeric)), 4) AS gross_margin_pct,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.weekday, days.currency;

ALTER TABLE bi.margin_by_weekday OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.margin_by_weekday.weekday IS 'Day of the week in the tenant''s time zone: 1 is Monday, 7 is Sunday.';

COMMENT ON COLUMN bi.margin_by_weekday.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.margin_by_weekday.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.margin_by_weekday.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.margin_by_weekday.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_weekday.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.margin_by_weekday.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.margin_by_weekday.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE TABLE public.bill (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    supplier_id uuid NOT NULL,
    supplier_number text,
    dated date NOT NULL,
    due_on date NOT NULL,
    value numeric(18,4) NOT NULL,
    tax numeric(18,4) NOT NULL,
    total numeric(18,4) NOT NULL,
    open numeric(18,4) NOT NULL,
    reference text,
    original_id uuid,
    reversed_by uuid,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    command_id uuid NOT NULL,
    foreign_currency text,
    exchange_rate numeric(18,10),
    foreign_value numeric(18,4),
    foreign_tax numeric(18,4),
    foreign_open numeric(18,4),
    discounts jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT bill_adds_up CHECK ((total = (value + tax))),
    CONSTRAINT bill_exchange_rate_positive CHECK ((exchange_rate > (0)::numeric)),
    CONSTRAINT bill_foreign_complete CHECK ((num_nonnulls(foreign_currency, exchange_rate, foreign_value, foreign_tax, foreign_open) = ANY (ARRAY[0, 5]))),
    CONSTRAINT bill_foreign_open_range CHECK (((foreign_open >= (0)::numeric) AND (foreign_open <= GREATEST((foreign_value + foreign_tax), (0)::numeric)))),
    CONSTRAINT bill_kind_known CHECK ((kind = ANY (ARRAY['bill'::text, 'credit'::text, 'reversal'::text]))),
    CONSTRAINT bill_open_range CHECK (((open >= (0)::numeric) AND (open <= GREATEST(total, (0)::numeric)))),
    CONSTRAINT bill_original CHECK (((kind = 'bill'::text) = (original_id IS NULL)))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.bill FORCE ROW LEVEL SECURITY;

ALTER TABLE public.bill OWNER TO stockwell_owner;

CREATE TABLE public.supplier (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    name_key text GENERATED ALWAYS AS (lower(name)) STORED NOT NULL COLLATE pg_catalog."C",
    email text,
    tax_number text,
    currency text NOT NULL,
    payment_days integer DEFAULT 30 NOT NULL,
    lead_time_days integer,
    over_receipt_percent numeric(9,6) DEFAULT 0 NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    external_ref text,
    addresses jsonb DEFAULT '[]'::jsonb NOT NULL,
    contacts jsonb DEFAULT '[]'::jsonb NOT NULL,
    notes text DEFAULT ''::text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    discounts jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT supplier_days_range CHECK (((payment_days >= 0) AND (payment_days <= 365))),
    CONSTRAINT supplier_lead_time_range CHECK (((lead_time_days >= 0) AND (lead_time_days <= 730))),
    CONSTRAINT supplier_over_receipt_range CHECK (((over_receipt_percent >= (0)::numeric) AND (over_receipt_percent <= (100)::numeric))),
    CONSTRAINT supplier_status_known CHECK ((status = ANY (ARRAY['active'::text, 'archived'::text])))
);

ALTER TABLE ONLY public.supplier FORCE ROW LEVEL SECURITY;

ALTER TABLE public.supplier OWNER TO stockwell_owner;

CREATE VIEW bi.payable_ageing WITH (security_invoker='true') AS
 SELECT (su.code || ''::text) AS supplier_code,
    (su.name || ''::text) AS supplier_name,
    COALESCE(b.foreign_currency, t.currency) AS bill_currency,
    t.currency,
    COALESCE(sum(b.open) FILTER (WHERE (b.due_on >= d.day)), (0)::numeric) AS not_due,
    COALESCE(sum(b.open) FILTER (WHERE (((d.day - b.due_on) >= 1) AND ((d.day - b.due_on) <= 30))), (0)::numeric) AS due_1_to_30_days,
    COALESCE(sum(b.open) FILTER (WHERE (((d.day - b.due_on) >= 31) AND ((d.day - b.due_on) <= 60))), (0)::numeric) AS due_31_to_60_days,
    COALESCE(sum(b.open) FILTER (WHERE (((d.day - b.due_on) >= 61) AND ((d.day - b.due_on) <= 90))), (0)::numeric) AS due_61_to_90_days,
    COALESCE(sum(b.open) FILTER (WHERE ((d.day - b.due_on) > 90)), (0)::numeric) AS due_over_90_days,
    sum(b.open) AS payable,
    sum(COALESCE(b.foreign_open, b.open)) AS foreign_payable
   FROM (((public.bill b
     JOIN public.tenant t ON ((t.tenant_id = b.tenant_id)))
     JOIN public.supplier su ON (((su.tenant_id = b.tenant_id) AND (su.id = b.supplier_id))))
     CROSS JOIN LATERAL ( SELECT ((now() AT TIME ZONE t.time_zone))::date AS day) d)
  WHERE ((b.tenant_id = bi.tenant()) AND ((b.open <> (0)::numeric) OR (b.foreign_open <> (0)::numeric)))
  GROUP BY su.code, su.name, b.foreign_currency, t.currency;

ALTER TABLE bi.payable_ageing OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.payable_ageing.supplier_code IS 'Code of the supplier.';

COMMENT ON COLUMN bi.payable_ageing.supplier_name IS 'Name of the supplier.';

COMMENT ON COLUMN bi.payable_ageing.bill_currency IS 'ISO 4217 code of the currency of the bills, in which foreign_payable is.';

COMMENT ON COLUMN bi.payable_ageing.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.payable_ageing.not_due IS 'Open amount that is not due yet, with what is due today. Additive.';

COMMENT ON COLUMN bi.payable_ageing.due_1_to_30_days IS 'Open amount, due 1 to 30 days ago. Additive.';

COMMENT ON COLUMN bi.payable_ageing.due_31_to_60_days IS 'Open amount, due 31 to 60 days ago. Additive.';

COMMENT ON COLUMN bi.payable_ageing.due_61_to_90_days IS 'Open amount, due 61 to 90 days ago. Additive.';

COMMENT ON COLUMN bi.payable_ageing.due_over_90_days IS 'Open amount, due more than 90 days ago. Additive.';

COMMENT ON COLUMN bi.payable_ageing.payable IS 'Open bills, which is the sum of the bands: the balance of the supplier in the ledger, over all currencies of its bills. Additive.';

COMMENT ON COLUMN bi.payable_ageing.foreign_payable IS 'Open bills in bill_currency. Not additive.';

CREATE VIEW bi.products WITH (security_invoker='true') AS
 SELECT p.tenant_id,
    p.id AS product_id,
    (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    p.kind AS product_kind,
    p.status,
    p.stock_uom AS uom,
    t.currency,
    p.list_price,
    (p.external_ref || ''::text) AS external_ref,
    p.created_at,
    p.updated_at
   FROM ((public.product p
     JOIN public.tenant t ON ((t.tenant_id = p.tenant_id)))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))))
  WHERE (p.tenant_id = bi.tenant());

ALTER TABLE bi.products OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.products.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.products.product_id IS 'The product.';

COMMENT ON COLUMN bi.products.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.products.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.products.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.products.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.products.product_kind IS 'Kind of the product: stocked, service or bundle.';

COMMENT ON COLUMN bi.products.status IS 'Status of the record.';

COMMENT ON COLUMN bi.products.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.products.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.products.list_price IS 'List price per stock unit; null if there is none, which differs from a price of zero.';

COMMENT ON COLUMN bi.products.external_ref IS 'The record''s id in the tenant''s other systems.';

COMMENT ON COLUMN bi.products.created_at IS 'When the record was created.';

COMMENT ON COLUMN bi.products.updated_at IS 'When the record last changed.';

CREATE VIEW bi.profit_and_loss WITH (security_invoker='true') AS
 SELECT l.month,
    l.channel,
    l.section,
    l.account_code,
    l.account_name,
    l.currency,
    COALESCE((- sum(l.balance) FILTER (WHERE (l.section = 'revenue'::text))), (0)::numeric) AS revenue,
    COALESCE(sum(l.balance) FILTER (WHERE (l.section = 'cost'::text)), (0)::numeric) AS cost,
    COALESCE((- sum(l.balance) FILTER (WHERE (l.section = ANY (ARRAY['revenue'::text, 'cost'::text])))), (0)::numeric) AS gross_margin,
    COALESCE(sum(l.balance) FILTER (WHERE (l.section = 'expense'::text)), (0)::numeric) AS expense,
    (- sum(l.balance)) AS result
   FROM ( SELECT (date_trunc('month'::text, (d.posted_on)::timestamp without time zone))::date AS month,
            d.channel,
                CASE
                    WHEN (d.account_kind = 'revenue'::text) THEN 'revenue'::text
                    WHEN (d.account_code = ANY (ARRAY['5000'::text, '5010'::text])) THEN 'cost'::text
                    WHEN (d.account_code IN ( SELECT a.code
                       FROM public.account a
                      WHERE ((a.tenant_id = bi.tenant()) AND (a.purpose = 'cost_of_goods'::text)))) THEN 'cost'::text
                    ELSE 'expense'::text
                END AS section,
            d.account_code,
            d.account_name,
            d.currency,
            d.balance
           FROM bi.ledger_by_day d
          WHERE (d.account_kind = ANY (ARRAY['revenue'::text, 'expense'::text]))) l
  GROUP BY l.month, l.channel, l.section, l.account_code, l.account_name, l.currency;

ALTER TABLE bi.profit_and_loss OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.profit_and_loss.month IS 'First day of the calendar month in the tenant''s time zone.';

COMMENT ON COLUMN bi.profit_and_loss.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.profit_and_loss.section IS 'Section of the statement: revenue, cost or expense; assets, liabilities or equity.';

COMMENT ON COLUMN bi.profit_and_loss.account_code IS 'Code of the ledger account.';

COMMENT ON COLUMN bi.profit_and_loss.account_name IS 'Name of the ledger account.';

COMMENT ON COLUMN bi.profit_and_loss.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.profit_and_loss.revenue IS 'Credits less debits of the accounts of revenue: sales less returns and discounts. Additive.';

COMMENT ON COLUMN bi.profit_and_loss.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.profit_and_loss.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.profit_and_loss.expense IS 'Debits less credits of the accounts of expense other than cost of sales. Additive.';

COMMENT ON COLUMN bi.profit_and_loss.result IS 'gross_margin - expense: the profit; negative is a loss. Additive.';

CREATE VIEW bi.receivable_ageing WITH (security_invoker='true') AS
 SELECT (cu.number || ''::text) AS customer_number,
    (cu.name || ''::text) AS customer_name,
    COALESCE(i.foreign_currency, t.currency) AS document_currency,
    t.currency,
    COALESCE(sum(i.receivable) FILTER (WHERE (i.due_on >= d.day)), (0)::numeric) AS not_due,
    COALESCE(sum(i.receivable) FILTER (WHERE (((d.day - i.due_on) >= 1) AND ((d.day - i.due_on) <= 30))), (0)::numeric) AS due_1_to_30_days,
    COALESCE(sum(i.receivable) FILTER (WHERE (((d.day - i.due_on) >= 31) AND ((d.day - i.due_on) <= 60))), (0)::numeric) AS due_31_to_60_days,
    COALESCE(sum(i.receivable) FILTER (WHERE (((d.day - i.due_on) >= 61) AND ((d.day - i.due_on) <= 90))), (0)::numeric) AS due_61_to_90_days,
    COALESCE(sum(i.receivable) FILTER (WHERE ((d.day - i.due_on) > 90)), (0)::numeric) AS due_over_90_days,
    sum(i.receivable) AS receivable,
    sum(i.unapplied) AS unapplied,
    sum((i.receivable - i.unapplied)) AS owed,
    sum(
        CASE
            WHEN (i.foreign_currency IS NULL) THEN i.receivable
            ELSE i.foreign_receivable
        END) AS foreign_receivable,
    sum(
        CASE
            WHEN (i.foreign_currency IS NULL) THEN i.unapplied
            ELSE i.foreign_unapplied
        END) AS foreign_unapplied
   FROM (((( SELECT invoice.tenant_id,
            invoice.customer_id,
            invoice.due_on,
            invoice.foreign_currency,
            invoice.open AS receivable,
            0 AS unapplied,
            invoice.foreign_open AS foreign_receivable,
            0 AS foreign_unapplied
           FROM public.invoice
          WHERE ((invoice.tenant_id = bi.tenant()) AND ((invoice.open <> (0)::numeric) OR (invoice.foreign_open <> (0)::numeric)))
        UNION ALL
         SELECT customer_account.tenant_id,
            customer_account.customer_id,
            NULL::date,
            NULL::text,
            0,
            customer_account.unapplied,
            NULL::numeric,
            NULL::integer
           FROM public.customer_account
          WHERE ((customer_account.tenant_id = bi.tenant()) AND (customer_account.unapplied <> (0)::numeric))
        UNION ALL
         SELECT p.tenant_id,
            p.customer_id,
            NULL::date,
            v.foreign_currency,
            0,
            v.unapplied,
            0,
            v.foreign_unapplied
           FROM (public.payment p
             CROSS JOIN LATERAL ( VALUES (NULL::text,(- p.unapplied),NULL::numeric), (p.foreign_currency,p.unapplied,p.foreign_unapplied)) v(foreign_currency, unapplied, foreign_unapplied))
          WHERE ((p.tenant_id = bi.tenant()) AND (p.foreign_unapplied <> (0)::numeric))) i
     JOIN public.tenant t ON ((t.tenant_id = i.tenant_id)))
     JOIN public.customer cu ON (((cu.tenant_id = i.tenant_id) AND (cu.id = i.customer_id))))
     CROSS JOIN LATERAL ( SELECT ((now() AT TIME ZONE t.time_zone))::date AS day) d)
  GROUP BY cu.number, cu.name, i.foreign_currency, t.currency
 HAVING (bool_or((i.due_on IS NOT NULL)) OR (sum(i.unapplied) <> (0)::numeric) OR (sum(i.foreign_unapplied) <> (0)::numeric));

ALTER TABLE bi.receivable_ageing OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.receivable_ageing.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.receivable_ageing.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.receivable_ageing.document_currency IS 'ISO 4217 code of the currency of the documents, in which foreign_receivable and foreign_unapplied are.';

COMMENT ON COLUMN bi.receivable_ageing.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.receivable_ageing.not_due IS 'Open amount that is not due yet, with what is due today. Additive.';

COMMENT ON COLUMN bi.receivable_ageing.due_1_to_30_days IS 'Open amount, due 1 to 30 days ago. Additive.';

COMMENT ON COLUMN bi.receivable_ageing.due_31_to_60_days IS 'Open amount, due 31 to 60 days ago. Additive.';

COMMENT ON COLUMN bi.receivable_ageing.due_61_to_90_days IS 'Open amount, due 61 to 90 days ago. Additive.';

COMMENT ON COLUMN bi.receivable_ageing.due_over_90_days IS 'Open amount, due more than 90 days ago. Additive.';

COMMENT ON COLUMN bi.receivable_ageing.receivable IS 'Open invoices of the customer less open credit notes. Additive.';

COMMENT ON COLUMN bi.receivable_ageing.unapplied IS 'Payments of the customer that are not applied to an invoice. Additive.';

COMMENT ON COLUMN bi.receivable_ageing.owed IS 'receivable - unapplied: the balance of the customer in the ledger, over all currencies of its documents. Additive.';

COMMENT ON COLUMN bi.receivable_ageing.foreign_receivable IS 'Open invoices less open credit notes in document_currency. Not additive.';

COMMENT ON COLUMN bi.receivable_ageing.foreign_unapplied IS 'Payments that are not applied to an invoice, in document_currency. Not additive.';

CREATE TABLE public.reconcile_run (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    window_from timestamp with time zone NOT NULL,
    through timestamp with time zone NOT NULL,
    reference text NOT NULL,
    summary jsonb NOT NULL,
    first_fix jsonb NOT NULL,
    exceptions jsonb NOT NULL,
    flow_map jsonb NOT NULL,
    health jsonb NOT NULL,
    duration_ms integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    input_changed_at timestamp with time zone,
    CONSTRAINT reconcile_run_forward CHECK ((window_from < through))
);

ALTER TABLE ONLY public.reconcile_run FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_run OWNER TO stockwell_owner;

CREATE VIEW bi.reconciliation_exceptions WITH (security_invoker='true') AS
 SELECT r.recorded_at AS run_at,
    (e.rank)::integer AS exception_rank,
    (e.one ->> 'class'::text) AS exception_class,
    (e.one ->> 'type'::text) AS event_type,
    (e.one #>> '{edge,from}'::text[]) AS edge_from,
    (e.one #>> '{edge,to}'::text[]) AS edge_to,
    (e.one #>> '{scope,place}'::text[]) AS scope_place,
    (e.one #>> '{scope,sku}'::text[]) AS scope_sku,
    (e.one #>> '{scope,category}'::text[]) AS scope_category,
    (e.one #>> '{scope,actor}'::text[]) AS scope_actor,
    ((e.one ->> 'episodes'::text))::integer AS episodes,
    ((e.one ->> 'weeks'::text))::integer AS weeks_with_episodes,
    ((e.one ->> 'units'::text))::numeric AS difference_units,
    ((e.one ->> 'minutes_per_week'::text))::numeric AS minutes_per_week,
    ((e.one ->> 'value_per_week'::text))::numeric AS value_per_week,
    ((e.one ->> 'benefit'::text))::numeric AS benefit_per_week,
    ((e.one ->> 'effort_days'::text))::numeric AS effort_days,
    ((e.one ->> 'confidence'::text))::numeric AS confidence,
    ((e.one ->> 'eligible'::text))::boolean AS eligible,
    (e.one ->> 'why_not'::text) AS why_not
   FROM (( SELECT reconcile_run.exceptions,
            reconcile_run.recorded_at
           FROM public.reconcile_run
          WHERE (reconcile_run.tenant_id = bi.tenant())
          ORDER BY reconcile_run.id DESC
         LIMIT 1) r
     CROSS JOIN LATERAL jsonb_array_elements(r.exceptions) WITH ORDINALITY e(one, rank));

ALTER TABLE bi.reconciliation_exceptions OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.reconciliation_exceptions.run_at IS 'When the run of the reconciliation was made. The view has the latest run.';

COMMENT ON COLUMN bi.reconciliation_exceptions.exception_rank IS 'Place of the group: 1 is the best fix. Not additive.';

COMMENT ON COLUMN bi.reconciliation_exceptions.exception_class IS 'Cause of the group, such as missed_return. New values may appear.';

COMMENT ON COLUMN bi.reconciliation_exceptions.event_type IS 'Type of the events, if it is one.';

COMMENT ON COLUMN bi.reconciliation_exceptions.edge_from IS 'Code of the system where the events began.';

COMMENT ON COLUMN bi.reconciliation_exceptions.edge_to IS 'Code of the system that lost, doubled or misread them.';

COMMENT ON COLUMN bi.reconciliation_exceptions.scope_place IS 'Place of the group; null if it is everywhere.';

COMMENT ON COLUMN bi.reconciliation_exceptions.scope_sku IS 'Item of the group; null if it is every item.';

COMMENT ON COLUMN bi.reconciliation_exceptions.scope_category IS 'Category of the group; null if it is every category.';

COMMENT ON COLUMN bi.reconciliation_exceptions.scope_actor IS 'Person or program of the group; null if it is each.';

COMMENT ON COLUMN bi.reconciliation_exceptions.episodes IS 'Episodes of the group. Additive.';

COMMENT ON COLUMN bi.reconciliation_exceptions.weeks_with_episodes IS 'Weeks in which an episode began. Not additive.';

COMMENT ON COLUMN bi.reconciliation_exceptions.difference_units IS 'Sum of the sizes of the differences, in units of the reference. Additive over items of one unit.';

COMMENT ON COLUMN bi.reconciliation_exceptions.minutes_per_week IS 'Minutes of manual work per week. Additive.';

COMMENT ON COLUMN bi.reconciliation_exceptions.value_per_week IS 'Cost of the manual work per week, in the currency of the settings of the reconciliation. Additive.';

COMMENT ON COLUMN bi.reconciliation_exceptions.benefit_per_week IS 'Benefit per week of removing the cause, in the same currency. Additive.';

COMMENT ON COLUMN bi.reconciliation_exceptions.effort_days IS 'Days of work of the fix. Additive.';

COMMENT ON COLUMN bi.reconciliation_exceptions.confidence IS 'Mean confidence of the episodes, from 0 to 1. Not additive.';

COMMENT ON COLUMN bi.reconciliation_exceptions.eligible IS 'Whether the group recurs enough to be a fix.';

COMMENT ON COLUMN bi.reconciliation_exceptions.why_not IS 'Reason why the group is no fix; null if it is one.';

CREATE VIEW bi.reconciliation_health WITH (security_invoker='true') AS
 SELECT r.recorded_at AS run_at,
    ((w.one ->> 'from'::text))::timestamp with time zone AS week_from,
    ((w.one ->> 'until'::text))::timestamp with time zone AS week_until,
    ((w.one ->> 'movements'::text))::bigint AS compared_movements,
    ((w.one ->> 'exceptions'::text))::bigint AS exceptions,
    ((w.one ->> 'exceptions_per_1000'::text))::numeric AS exceptions_per_1000,
    ((w.one ->> 'manual_minutes'::text))::numeric AS manual_minutes,
    ((w.one ->> 'explained_share'::text))::numeric AS explained_share,
    ((w.one ->> 'median_days_open'::text))::numeric AS median_days_open,
    ((w.one ->> 'open_dual_owners'::text))::integer AS open_dual_owners
   FROM (( SELECT reconcile_run.health,
            reconcile_run.recorded_at
           FROM public.reconcile_run
          WHERE (reconcile_run.tenant_id = bi.tenant())
          ORDER BY reconcile_run.id DESC
         LIMIT 1) r
     CROSS JOIN LATERAL jsonb_array_elements((r.health -> 'weeks'::text)) w(one));

ALTER TABLE bi.reconciliation_health OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.reconciliation_health.run_at IS 'When the run of the reconciliation was made. The view has the latest run.';

COMMENT ON COLUMN bi.reconciliation_health.week_from IS 'First instant of the week.';

COMMENT ON COLUMN bi.reconciliation_health.week_until IS 'First instant after the week.';

COMMENT ON COLUMN bi.reconciliation_health.compared_movements IS 'Events of all systems in the week. Additive.';

COMMENT ON COLUMN bi.reconciliation_health.exceptions IS 'Episodes that began or grew in the week. Additive.';

COMMENT ON COLUMN bi.reconciliation_health.exceptions_per_1000 IS 'Exceptions per 1,000 compared movements; null without movements. Not additive: divide the sums.';

COMMENT ON COLUMN bi.reconciliation_health.manual_minutes IS 'Minutes of manual work in the week. Additive.';

COMMENT ON COLUMN bi.reconciliation_health.explained_share IS 'Share of the differences that have a cause, from 0 to 1. Not additive.';

COMMENT ON COLUMN bi.reconciliation_health.median_days_open IS 'Median of the days that open episodes had been open at the end of the week. Not additive.';

COMMENT ON COLUMN bi.reconciliation_health.open_dual_owners IS 'Processes that two systems began at one place in the week. Not additive.';

CREATE VIEW bi.revenue_by_category WITH (security_invoker='true') AS
 SELECT margin_lines.category_code,
    margin_lines.category_name,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.category_code, margin_lines.category_name, margin_lines.currency;

ALTER TABLE bi.revenue_by_category OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_category.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.revenue_by_category.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.revenue_by_category.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_category.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_category.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_category.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_category.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_category.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_category.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_category.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_category.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_category.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_category.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_category.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_channel WITH (security_invoker='true') AS
 SELECT days.channel,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.channel, days.currency;

ALTER TABLE bi.revenue_by_channel OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_channel.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.revenue_by_channel.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_channel.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_channel.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_channel.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_channel.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_channel.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_channel.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_channel.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_channel.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_channel.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_channel.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_channel.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_country WITH (security_invoker='true') AS
 SELECT days.country,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.country, days.currency;

ALTER TABLE bi.revenue_by_country OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_country.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.revenue_by_country.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_country.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_country.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_country.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_country.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_country.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_country.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_country.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_country.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_country.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_country.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_country.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_customer WITH (security_invoker='true') AS
 SELECT margin_lines.customer_number,
    margin_lines.customer_name,
    margin_lines.currency,
    sum(margin_lines.orders) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(sum(margin_lines.orders), 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.customer_number, margin_lines.customer_name, margin_lines.currency;

ALTER TABLE bi.revenue_by_customer OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_customer.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.revenue_by_customer.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.revenue_by_customer.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_customer.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_customer.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_customer.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_customer.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_customer.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_customer.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_customer.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_customer.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_customer.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_customer.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_customer.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_day WITH (security_invoker='true') AS
 SELECT days.day,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.day, days.currency;

ALTER TABLE bi.revenue_by_day OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_day.day IS 'Calendar day in the tenant''s time zone.';

COMMENT ON COLUMN bi.revenue_by_day.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_day.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_day.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_day.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_day.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_day.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_day.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_day.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_day.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_day.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_day.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_day.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_discount_band WITH (security_invoker='true') AS
 SELECT margin_lines.discount_band,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.discount_band, margin_lines.currency;

ALTER TABLE bi.revenue_by_discount_band OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_discount_band.discount_band IS 'Discount in percent of the value before it: none, to_5_pct, to_10_pct, to_20_pct, to_30_pct, to_50_pct or over_50_pct. A band includes its upper end.';

COMMENT ON COLUMN bi.revenue_by_discount_band.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_discount_band.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_discount_band.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_discount_band.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_discount_band.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_discount_band.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_discount_band.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_discount_band.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_discount_band.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_discount_band.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_discount_band.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_discount_band.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_hour_of_day WITH (security_invoker='true') AS
 SELECT margin_lines.hour_of_day,
    margin_lines.currency,
    sum(margin_lines.orders) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(sum(margin_lines.orders), 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.hour_of_day, margin_lines.currency;

ALTER TABLE bi.revenue_by_hour_of_day OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_hour_of_day.hour_of_day IS 'Hour of the day in the tenant''s time zone, 0 to 23.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_hour_of_day.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_location WITH (security_invoker='true') AS
 SELECT days.location_code,
    days.location_name,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.location_code, days.location_name, days.currency;

ALTER TABLE bi.revenue_by_location OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_location.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.revenue_by_location.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.revenue_by_location.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_location.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_location.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_location.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_location.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_location.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_location.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_location.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_location.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_location.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_location.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_location.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_month WITH (security_invoker='true') AS
 SELECT days.month,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.month, days.currency;

ALTER TABLE bi.revenue_by_month OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_month.month IS 'First day of the calendar month in the tenant''s time zone.';

COMMENT ON COLUMN bi.revenue_by_month.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_month.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_month.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_month.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_month.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_month.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_month.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_month.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_month.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_month.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_month.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_month.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_month_channel WITH (security_invoker='true') AS
 SELECT days.month,
    days.channel,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.month, days.channel, days.currency;

ALTER TABLE bi.revenue_by_month_channel OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_month_channel.month IS 'First day of the calendar month in the tenant''s time zone.';

COMMENT ON COLUMN bi.revenue_by_month_channel.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.revenue_by_month_channel.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_month_channel.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_month_channel.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_month_channel.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_month_channel.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_month_channel.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_month_channel.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_month_channel.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_month_channel.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_month_channel.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_month_channel.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_month_channel.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_price_source WITH (security_invoker='true') AS
 SELECT margin_lines.price_source,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.price_source, margin_lines.currency;

ALTER TABLE bi.revenue_by_price_source OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_price_source.price_source IS 'Source of the price: customer_list, tier_list, channel_list, list_price or override. New values may appear.';

COMMENT ON COLUMN bi.revenue_by_price_source.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_price_source.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_price_source.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_price_source.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_price_source.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_price_source.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_price_source.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_price_source.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_price_source.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_price_source.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_price_source.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_price_source.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_product WITH (security_invoker='true') AS
 SELECT margin_lines.sku,
    margin_lines.product_name,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.sku, margin_lines.product_name, margin_lines.currency;

ALTER TABLE bi.revenue_by_product OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_product.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.revenue_by_product.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.revenue_by_product.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_product.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_product.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_product.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_product.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_product.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_product.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_product.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_product.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_product.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_product.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_product.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_product_kind WITH (security_invoker='true') AS
 SELECT margin_lines.product_kind,
    margin_lines.currency,
    count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))) AS orders,
    count(*) AS lines,
    sum(margin_lines.units) AS units,
    sum(margin_lines.gross_sales) AS gross_sales,
    sum(margin_lines.returns) AS returns,
    sum(margin_lines.gross_revenue) AS gross_revenue,
    sum(margin_lines.discount) AS discount,
    sum(margin_lines.net_revenue) AS net_revenue,
    sum(margin_lines.tax) AS tax,
    round((sum(margin_lines.gross_sales) / (NULLIF(count(DISTINCT ROW(margin_lines.document_id, margin_lines.document_kind)) FILTER (WHERE (margin_lines.document_kind = ANY (ARRAY['sale'::text, 'invoice'::text]))), 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(margin_lines.returns)) / NULLIF(sum(margin_lines.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM bi.margin_lines
  GROUP BY margin_lines.product_kind, margin_lines.currency;

ALTER TABLE bi.revenue_by_product_kind OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_product_kind.product_kind IS 'Kind of the product: stocked, service or bundle.';

COMMENT ON COLUMN bi.revenue_by_product_kind.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_product_kind.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_product_kind.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_product_kind.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_product_kind.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_product_kind.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_product_kind.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_product_kind.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_product_kind.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_product_kind.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_product_kind.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_product_kind.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_by_weekday WITH (security_invoker='true') AS
 SELECT days.weekday,
    days.currency,
    (sum(days.orders))::bigint AS orders,
    (sum(days.lines))::bigint AS lines,
    sum(days.units) AS units,
    sum(days.gross_sales) AS gross_sales,
    sum(days.returns) AS returns,
    sum(days.gross_revenue) AS gross_revenue,
    sum(days.discount) AS discount,
    sum(days.net_revenue) AS net_revenue,
    sum(days.tax) AS tax,
    round((sum(days.gross_sales) / (NULLIF((sum(days.orders))::bigint, 0))::numeric), 4) AS average_order_value,
    round(((('-100'::integer)::numeric * sum(days.returns)) / NULLIF(sum(days.gross_sales), (0)::numeric)), 4) AS return_rate_pct
   FROM ( SELECT sales_by_day.day,
            sales_by_day.channel,
            sales_by_day.location_code,
            sales_by_day.location_name,
            sales_by_day.country,
            sales_by_day.currency,
            sales_by_day.orders,
            sales_by_day.lines,
            sales_by_day.units,
            sales_by_day.gross_sales,
            sales_by_day.returns,
            sales_by_day.gross_revenue,
            sales_by_day.discount,
            sales_by_day.net_revenue,
            sales_by_day.tax,
            sales_by_day.cost,
            sales_by_day.gross_margin,
            (date_trunc('month'::text, (sales_by_day.day)::timestamp without time zone))::date AS month,
            (EXTRACT(isodow FROM sales_by_day.day))::integer AS weekday
           FROM bi.sales_by_day) days
  GROUP BY days.weekday, days.currency;

ALTER TABLE bi.revenue_by_weekday OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_by_weekday.weekday IS 'Day of the week in the tenant''s time zone: 1 is Monday, 7 is Sunday.';

COMMENT ON COLUMN bi.revenue_by_weekday.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_by_weekday.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_by_weekday.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.revenue_by_weekday.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_by_weekday.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_weekday.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_weekday.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_weekday.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_weekday.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_by_weekday.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_by_weekday.average_order_value IS 'gross_sales / orders, 4 decimals; null without orders. Not additive: divide the sums.';

COMMENT ON COLUMN bi.revenue_by_weekday.return_rate_pct IS '-returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.';

CREATE VIEW bi.revenue_lines WITH (security_invoker='true') AS
 SELECT margin_lines.tenant_id,
    margin_lines.document_id,
    margin_lines.line_no,
    margin_lines.document_kind,
    margin_lines.occurred_at,
    margin_lines.recorded_at,
    margin_lines.day,
    margin_lines.month,
    margin_lines.channel,
    margin_lines.location_code,
    margin_lines.location_name,
    margin_lines.sku,
    margin_lines.product_name,
    margin_lines.category_code,
    margin_lines.category_name,
    margin_lines.customer_number,
    margin_lines.customer_name,
    margin_lines.country,
    margin_lines.currency,
    margin_lines.orders,
    margin_lines.units,
    margin_lines.gross_sales,
    margin_lines.returns,
    margin_lines.gross_revenue,
    margin_lines.discount,
    margin_lines.net_revenue,
    margin_lines.tax,
    margin_lines.hour_of_day,
    margin_lines.weekday,
    margin_lines.price_source,
    margin_lines.discount_band,
    margin_lines.product_kind
   FROM bi.margin_lines;

ALTER TABLE bi.revenue_lines OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.revenue_lines.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.revenue_lines.document_id IS 'The document: a till sale, refund, invoice or credit note, or the document that caused a movement or an entry.';

COMMENT ON COLUMN bi.revenue_lines.line_no IS 'Number of the line in its document, from 1.';

COMMENT ON COLUMN bi.revenue_lines.document_kind IS 'Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.';

COMMENT ON COLUMN bi.revenue_lines.occurred_at IS 'When it happened. Filter by this column: it is indexed.';

COMMENT ON COLUMN bi.revenue_lines.recorded_at IS 'When it was recorded; later than occurred_at for late documents.';

COMMENT ON COLUMN bi.revenue_lines.day IS 'Calendar day in the tenant''s time zone.';

COMMENT ON COLUMN bi.revenue_lines.month IS 'First day of the calendar month in the tenant''s time zone.';

COMMENT ON COLUMN bi.revenue_lines.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.revenue_lines.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.revenue_lines.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.revenue_lines.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.revenue_lines.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.revenue_lines.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.revenue_lines.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.revenue_lines.customer_number IS 'Number of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.revenue_lines.customer_name IS 'Name of the customer; null for walk-in sales.';

COMMENT ON COLUMN bi.revenue_lines.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.revenue_lines.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.revenue_lines.orders IS 'Number of sales documents: till sales and invoices, not refunds or credit notes. On a line: 1 on the first line of one. Additive, except over products and categories, which share orders.';

COMMENT ON COLUMN bi.revenue_lines.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.revenue_lines.gross_sales IS 'Net value of the lines sold, before returns: after discounts, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_lines.returns IS 'Net value of the lines returned: negative, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_lines.gross_revenue IS 'Sales less returns before the discounts given at the sale, without tax. Additive.';

COMMENT ON COLUMN bi.revenue_lines.discount IS 'Discounts given at the sale: positive lowers revenue; on returns negative. Additive.';

COMMENT ON COLUMN bi.revenue_lines.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.revenue_lines.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.revenue_lines.hour_of_day IS 'Hour of the day in the tenant''s time zone, 0 to 23.';

COMMENT ON COLUMN bi.revenue_lines.weekday IS 'Day of the week in the tenant''s time zone: 1 is Monday, 7 is Sunday.';

COMMENT ON COLUMN bi.revenue_lines.price_source IS 'Source of the price: customer_list, tier_list, channel_list, list_price or override. New values may appear.';

COMMENT ON COLUMN bi.revenue_lines.discount_band IS 'Discount in percent of the value before it: none, to_5_pct, to_10_pct, to_20_pct, to_30_pct, to_50_pct or over_50_pct. A band includes its upper end.';

COMMENT ON COLUMN bi.revenue_lines.product_kind IS 'Kind of the product: stocked, service or bundle.';

CREATE TABLE public.reason_code (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    account_code text NOT NULL
);

ALTER TABLE ONLY public.reason_code FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reason_code OWNER TO stockwell_owner;

CREATE TABLE public.stock_movement (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    quantity numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    unit_cost numeric(18,6) NOT NULL,
    document_kind text NOT NULL,
    document_id uuid NOT NULL,
    line_no integer NOT NULL,
    channel text,
    reason text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    entry_mode text NOT NULL,
    source_system text,
    command_id uuid NOT NULL,
    CONSTRAINT stock_movement_kind_known CHECK ((kind = ANY ('{receipt,sale,return,transfer_out,transfer_in,adjustment,count,supplier_return,opening,settlement,revaluation}'::text[])))
);

ALTER TABLE ONLY public.stock_movement FORCE ROW LEVEL SECURITY;

ALTER TABLE public.stock_movement OWNER TO stockwell_owner;

CREATE VIEW bi.shrinkage WITH (security_invoker='true') AS
 SELECT (m.reason || ''::text) AS reason,
    (rc.name || ''::text) AS reason_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    t.currency,
    count(*) AS lines,
    COALESCE((- sum(m.quantity) FILTER (WHERE (m.quantity < (0)::numeric))), (0)::numeric) AS lost_units,
    COALESCE((- sum(m.value) FILTER (WHERE (m.quantity < (0)::numeric))), (0)::numeric) AS lost_value,
    COALESCE(sum(m.quantity) FILTER (WHERE (m.quantity > (0)::numeric)), (0)::numeric) AS found_units,
    COALESCE(sum(m.value) FILTER (WHERE (m.quantity > (0)::numeric)), (0)::numeric) AS found_value,
    (- sum(m.value)) AS shrinkage_value
   FROM (((public.stock_movement m
     JOIN public.tenant t ON ((t.tenant_id = m.tenant_id)))
     LEFT JOIN public.reason_code rc ON (((rc.tenant_id = m.tenant_id) AND (rc.code = m.reason))))
     LEFT JOIN public.location lo ON (((lo.tenant_id = m.tenant_id) AND (lo.id = m.location_id))))
  WHERE ((m.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (m.kind = ANY (ARRAY['adjustment'::text, 'count'::text])))
  GROUP BY m.reason, rc.name, lo.code, lo.name, t.currency;

ALTER TABLE bi.shrinkage OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.shrinkage.reason IS 'Reason code of an adjustment.';

COMMENT ON COLUMN bi.shrinkage.reason_name IS 'Name of the reason; null if none was given.';

COMMENT ON COLUMN bi.shrinkage.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.shrinkage.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.shrinkage.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.shrinkage.lines IS 'Number of document lines. Additive.';

COMMENT ON COLUMN bi.shrinkage.lost_units IS 'Stock units lost: positive. Additive over rows of one unit.';

COMMENT ON COLUMN bi.shrinkage.lost_value IS 'Cost of the units lost: positive. Additive.';

COMMENT ON COLUMN bi.shrinkage.found_units IS 'Stock units found: positive. Additive over rows of one unit.';

COMMENT ON COLUMN bi.shrinkage.found_value IS 'Cost of the units found: positive. Additive.';

COMMENT ON COLUMN bi.shrinkage.shrinkage_value IS 'lost_value - found_value: positive is a loss. Additive.';

CREATE VIEW bi.slow_stock WITH (security_invoker='true') AS
 WITH since AS (
         SELECT tenant.tenant_id,
            tenant.currency,
            tenant.time_zone AS zone,
            public.day_begin(((((now() AT TIME ZONE tenant.time_zone))::date - 90))::timestamp without time zone, tenant.time_zone) AS at
           FROM public.tenant
          WHERE (tenant.tenant_id = bi.tenant())
        ), moved AS MATERIALIZED (
         SELECT s.location_id,
            s.product_id,
            min(s.occurred_at) AS first_moved_at,
            min(s.occurred_at) FILTER (WHERE (s.document_kind = 'transfer'::text)) AS first_transfer_at,
            max(s.occurred_at) FILTER (WHERE (s.kind = 'sale'::text)) AS last_sold_at,
            COALESCE((- sum(s.quantity) FILTER (WHERE ((s.kind = ANY (ARRAY['sale'::text, 'return'::text])) AND (s.occurred_at >= ( SELECT since_1.at
                   FROM since since_1))))), (0)::numeric) AS units_sold
           FROM public.stock_movement s
          WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant))
          GROUP BY s.location_id, s.product_id
        ), product_moved AS MATERIALIZED (
         SELECT moved.product_id,
            min(moved.first_moved_at) AS first_moved_at,
            max(moved.last_sold_at) AS last_sold_at,
            sum(moved.units_sold) AS units_sold
           FROM moved
          GROUP BY moved.product_id
        ), past AS (
         SELECT m_1.location_id,
            m_1.product_id,
            m_1.units_sold,
                CASE
                    WHEN n.is_new THEN p_1.first_moved_at
                    ELSE m_1.first_moved_at
                END AS first_moved_at,
                CASE
                    WHEN n.is_new THEN p_1.last_sold_at
                    ELSE m_1.last_sold_at
                END AS last_sold_at,
                CASE
                    WHEN n.is_new THEN p_1.units_sold
                    ELSE m_1.units_sold
                END AS units_sold_of_past
           FROM (((moved m_1
             JOIN product_moved p_1 ON ((p_1.product_id = m_1.product_id)))
             CROSS JOIN since since_1)
             CROSS JOIN LATERAL ( SELECT ((m_1.first_moved_at >= since_1.at) AND (NOT (m_1.first_transfer_at IS DISTINCT FROM m_1.first_moved_at))) AS is_new) n)
        ), lying AS (
         SELECT s.location_id,
            s.product_id,
            sum(s.on_hand) AS on_hand,
            sum(s.value) AS value
           FROM public.stock_level s
          WHERE (s.tenant_id = bi.tenant())
          GROUP BY s.location_id, s.product_id
         HAVING (sum(s.on_hand) > (0)::numeric)
        )
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    p.stock_uom AS uom,
    ((m.first_moved_at AT TIME ZONE since.zone))::date AS first_moved_on,
    ((m.last_sold_at AT TIME ZONE since.zone))::date AS last_sold_on,
    since.currency,
    l.on_hand,
    l.value,
    m.units_sold,
    round(((l.on_hand * (90)::numeric) / NULLIF(GREATEST(m.units_sold, (0)::numeric), (0)::numeric)), 1) AS cover_days
   FROM (((((lying l
     JOIN past m ON (((m.location_id = l.location_id) AND (m.product_id = l.product_id))))
     JOIN since ON ((m.first_moved_at < since.at)))
     JOIN public.product p ON (((p.tenant_id = since.tenant_id) AND (p.id = l.product_id))))
     JOIN public.location lo ON (((lo.tenant_id = since.tenant_id) AND (lo.id = l.location_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))))
  WHERE (m.units_sold_of_past < l.on_hand);

ALTER TABLE bi.slow_stock OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.slow_stock.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.slow_stock.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.slow_stock.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.slow_stock.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.slow_stock.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.slow_stock.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.slow_stock.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.slow_stock.first_moved_on IS 'Day on which the product first came to the location, in the tenant''s time zone.';

COMMENT ON COLUMN bi.slow_stock.last_sold_on IS 'Day of the last sale from the location, in the tenant''s time zone; null if it was never sold.';

COMMENT ON COLUMN bi.slow_stock.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.slow_stock.on_hand IS 'Stock units on hand in the location, including reserved units. Additive over rows of one unit.';

COMMENT ON COLUMN bi.slow_stock.value IS 'Cost of the stock: of the units on hand, or of a movement (negative if out). Additive.';

COMMENT ON COLUMN bi.slow_stock.units_sold IS 'Stock units sold from the location in the last days, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.slow_stock.cover_days IS 'Days until the stock on hand is sold at that pace, 1 decimal; null if nothing was sold. Not additive.';

CREATE TABLE public.cost_layer (
    tenant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    product_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    quantity numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    document_kind text NOT NULL,
    document_id uuid NOT NULL,
    line_no integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT cost_layer_quantity_positive CHECK ((quantity > (0)::numeric)),
    CONSTRAINT cost_layer_value_not_negative CHECK ((value >= (0)::numeric))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.cost_layer FORCE ROW LEVEL SECURITY;

ALTER TABLE public.cost_layer OWNER TO stockwell_owner;

CREATE TABLE public.layer_use (
    tenant_id uuid NOT NULL,
    movement_id uuid NOT NULL,
    layer_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    document_kind text NOT NULL,
    document_id uuid NOT NULL,
    line_no integer NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT layer_use_quantity_positive CHECK ((quantity > (0)::numeric)),
    CONSTRAINT layer_use_value_not_negative CHECK ((value >= (0)::numeric))
);

ALTER TABLE ONLY public.layer_use FORCE ROW LEVEL SECURITY;

ALTER TABLE public.layer_use OWNER TO stockwell_owner;

CREATE TABLE public.transfer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    from_location_id uuid NOT NULL,
    to_location_id uuid NOT NULL,
    status text NOT NULL,
    expected_on date,
    reference text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT transfer_goes_elsewhere CHECK ((from_location_id <> to_location_id)),
    CONSTRAINT transfer_status_known CHECK ((status = ANY (ARRAY['in_transit'::text, 'received'::text, 'cancelled'::text])))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.transfer FORCE ROW LEVEL SECURITY;

ALTER TABLE public.transfer OWNER TO stockwell_owner;

CREATE TABLE public.transfer_line (
    tenant_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    line_no integer NOT NULL,
    product_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    received numeric(18,6) DEFAULT 0 NOT NULL,
    missing numeric(18,6) DEFAULT 0 NOT NULL,
    value numeric(18,4) NOT NULL,
    open_value numeric(18,4) NOT NULL,
    lot_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    returned numeric(18,6) DEFAULT 0 NOT NULL,
    CONSTRAINT transfer_line_flow CHECK (((quantity > (0)::numeric) AND (received >= (0)::numeric) AND (missing >= (0)::numeric) AND (returned >= (0)::numeric) AND (((received + missing) + returned) <= quantity))),
    CONSTRAINT transfer_line_value_range CHECK (((open_value >= (0)::numeric) AND (open_value <= value)))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.transfer_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.transfer_line OWNER TO stockwell_owner;

CREATE VIEW bi.stock_ageing WITH (security_invoker='true') AS
 WITH RECURSIVE received AS MATERIALIZED (
         SELECT s.id,
            s.location_id,
            s.product_id,
            s.lot_id,
            s.quantity,
            s.occurred_at,
            s.document_kind,
            s.document_id,
            s.line_no,
            sum(s.quantity) OVER (PARTITION BY s.location_id, s.product_id, s.lot_id ORDER BY s.occurred_at, s.id) AS high,
            sum(s.quantity) OVER (PARTITION BY s.location_id, s.product_id, s.lot_id) AS total,
            sum(s.quantity) OVER (PARTITION BY s.document_id, s.line_no, s.lot_id, (lo_1.kind = 'transit'::text) ORDER BY s.id) AS passed
           FROM (public.stock_movement s
             JOIN public.location lo_1 ON (((lo_1.tenant_id = bi.tenant()) AND (lo_1.id = s.location_id))))
          WHERE ((s.tenant_id = bi.tenant()) AND (s.quantity > (0)::numeric))
        ), sent AS MATERIALIZED (
         SELECT s.location_id,
            s.product_id,
            s.lot_id,
            s.document_kind,
            s.document_id,
            s.line_no,
            s.quantity,
            s.high
           FROM (( SELECT s_1.location_id,
                    s_1.product_id,
                    s_1.lot_id,
                    s_1.document_kind,
                    s_1.document_id,
                    s_1.line_no,
                    s_1.quantity,
                    (- sum(s_1.quantity) OVER (PARTITION BY s_1.location_id, s_1.product_id, s_1.lot_id ORDER BY s_1.occurred_at, s_1.id)) AS high
                   FROM public.stock_movement s_1
                  WHERE ((s_1.tenant_id = bi.tenant()) AND (s_1.quantity < (0)::numeric) AND (s_1.product_id IN ( SELECT stock_movement.product_id
                           FROM public.stock_movement
                          WHERE ((stock_movement.tenant_id = bi.tenant()) AND (stock_movement.document_kind = 'transfer'::text)))))) s
             JOIN public.transfer t ON (((t.tenant_id = bi.tenant()) AND (t.id = s.document_id) AND (t.from_location_id = s.location_id))))
          WHERE (s.document_kind = 'transfer'::text)
        ), money AS MATERIALIZED (
         SELECT public.currency_decimals(tenant.currency) AS decimals
           FROM public.tenant
          WHERE (tenant.tenant_id = bi.tenant())
        ), dispatched AS (
         SELECT l.transfer_id,
            l.line_no,
            l.product_id,
            l.lot_id,
            l.quantity,
            ((l.received + l.missing) + l.returned) AS gone,
            l.open_value,
            u.quantity AS units,
            u.value,
            u.received_at,
            (u.document_kind = 'earlier_stock'::text) AS earlier,
            sum(u.quantity) OVER (PARTITION BY l.transfer_id, l.line_no ORDER BY u.received_at, u.layer_id) AS high,
            sum(u.quantity) OVER (PARTITION BY l.transfer_id, l.line_no) AS known
           FROM (((public.transfer t
             JOIN public.transfer_line l ON (((l.tenant_id = bi.tenant()) AND (l.transfer_id = t.id))))
             JOIN public.stock_movement m ON (((m.tenant_id = bi.tenant()) AND (m.document_kind = 'transfer'::text) AND (m.document_id = t.id) AND (m.line_no = l.line_no) AND (m.location_id = t.from_location_id))))
             JOIN public.layer_use u ON (((u.tenant_id = bi.tenant()) AND (u.movement_id = m.id))))
          WHERE ((t.tenant_id = bi.tenant()) AND (t.status = 'in_transit'::text))
        ), carried AS (
         SELECT d.transfer_id,
            d.line_no,
            d.product_id,
            d.lot_id,
            d.quantity,
            d.gone,
            d.open_value,
            d.units,
            d.value,
            d.received_at,
            d.earlier,
            d.high,
            d.known,
            d.left_units,
            d.left_value,
            sum(d.left_value) OVER (PARTITION BY d.transfer_id, d.line_no) AS left_of_line
           FROM ( SELECT d_1.transfer_id,
                    d_1.line_no,
                    d_1.product_id,
                    d_1.lot_id,
                    d_1.quantity,
                    d_1.gone,
                    d_1.open_value,
                    d_1.units,
                    d_1.value,
                    d_1.received_at,
                    d_1.earlier,
                    d_1.high,
                    d_1.known,
                    (d_1.high - GREATEST((d_1.high - d_1.units), d_1.gone)) AS left_units,
                    (round(d_1.value, y.decimals) - round(((d_1.value * GREATEST(((d_1.gone - d_1.high) + d_1.units), (0)::numeric)) / d_1.units), y.decimals)) AS left_value
                   FROM (dispatched d_1
                     CROSS JOIN money y)
                  WHERE ((d_1.known = d_1.quantity) AND (d_1.high > d_1.gone))) d
        ), layer AS MATERIALIZED (
         SELECT s.location_id,
            s.product_id,
            s.lot_id,
            s.quantity,
            s.value,
            s.received_at,
            s.earlier
           FROM ( SELECT cost_layer.tenant_id,
                    cost_layer.location_id,
                    cost_layer.product_id,
                    cost_layer.lot_id,
                    cost_layer.quantity,
                    cost_layer.value,
                    cost_layer.received_at,
                    (cost_layer.document_kind = 'earlier_stock'::text) AS earlier
                   FROM public.cost_layer
                UNION ALL
                 SELECT lo_1.tenant_id,
                    lo_1.id,
                    c.product_id,
                    c.lot_id,
                    c.left_units,
                    c.left_value,
                    c.received_at,
                    c.earlier
                   FROM ((carried c
                     JOIN public.location lo_1 ON (((lo_1.tenant_id = bi.tenant()) AND (lo_1.kind = 'transit'::text))))
                     JOIN public.stock_level v ON (((v.tenant_id = bi.tenant()) AND (v.location_id = lo_1.id) AND (v.product_id = c.product_id) AND (v.lot_id = c.lot_id) AND (v.on_hand > (0)::numeric))))
                  WHERE (c.left_of_line = c.open_value)) s
          WHERE (s.tenant_id = bi.tenant())
        ), unlayered AS MATERIALIZED (
         SELECT s.location_id,
            s.product_id,
            s.lot_id,
            COALESCE(sum(y.quantity), (0)::numeric) AS newer,
            (s.on_hand - COALESCE(sum(y.quantity), (0)::numeric)) AS units,
            (s.value - COALESCE(sum(y.value), (0)::numeric)) AS value
           FROM (public.stock_level s
             LEFT JOIN layer y ON (((y.location_id = s.location_id) AND (y.product_id = s.product_id) AND (y.lot_id = s.lot_id) AND (NOT y.earlier))))
          WHERE ((s.tenant_id = bi.tenant()) AND (s.on_hand > (0)::numeric))
          GROUP BY s.location_id, s.product_id, s.lot_id, s.on_hand, s.value
        ), came AS MATERIALIZED (
         SELECT row_number() OVER () AS no,
            l.location_id,
            l.product_id,
            l.lot_id,
            r_1.id AS receipt_id,
            r_1.occurred_at,
            (GREATEST((r_1.high - r_1.quantity), ((r_1.total - l.newer) - l.units)) - (r_1.high - r_1.quantity)) AS low,
            (LEAST(r_1.high, (r_1.total - l.newer)) - (r_1.high - r_1.quantity)) AS high
           FROM (unlayered l
             JOIN received r_1 ON (((r_1.location_id = l.location_id) AND (r_1.product_id = l.product_id) AND (r_1.lot_id = l.lot_id) AND (r_1.high > ((r_1.total - l.newer) - l.units)) AND ((r_1.high - r_1.quantity) < (r_1.total - l.newer)))))
          WHERE (l.units > (0)::numeric)
        ), origin AS (
         SELECT c.no,
            0 AS transfers,
            r_1.document_kind,
            r_1.document_id,
            r_1.line_no,
            r_1.product_id,
            r_1.lot_id,
            r_1.occurred_at,
            (r_1.passed - r_1.quantity) AS before,
            c.low,
            c.high
           FROM (came c
             JOIN received r_1 ON ((r_1.id = c.receipt_id)))
        UNION ALL
         SELECT o.no,
            (o.transfers + 1),
            r_1.document_kind,
            r_1.document_id,
            r_1.line_no,
            r_1.product_id,
            r_1.lot_id,
            r_1.occurred_at,
            (r_1.passed - r_1.quantity),
            (GREATEST((r_1.high - r_1.quantity), (((s.high + s.quantity) + o.before) + o.low)) - (r_1.high - r_1.quantity)),
            (LEAST(r_1.high, (((s.high + s.quantity) + o.before) + o.high)) - (r_1.high - r_1.quantity))
           FROM ((origin o
             JOIN sent s ON (((s.document_id = o.document_id) AND (s.line_no = o.line_no) AND (s.product_id = o.product_id) AND (s.lot_id = o.lot_id))))
             JOIN received r_1 ON (((r_1.location_id = s.location_id) AND (r_1.product_id = s.product_id) AND (r_1.lot_id = s.lot_id) AND (r_1.high > (((s.high + s.quantity) + o.before) + o.low)) AND ((r_1.high - r_1.quantity) < (((s.high + s.quantity) + o.before) + o.high)))))
          WHERE ((o.document_kind = 'transfer'::text) AND (o.transfers < 20))
        ), found AS MATERIALIZED (
         SELECT origin.no,
            (origin.high - origin.low) AS units,
            origin.occurred_at AS came_at
           FROM origin
          WHERE (origin.document_kind <> 'transfer'::text)
        ), dated AS (
         SELECT c.location_id,
            c.product_id,
            c.lot_id,
            f.units,
            f.came_at
           FROM (found f
             JOIN came c ON ((c.no = f.no)))
        UNION ALL
         SELECT c.location_id,
            c.product_id,
            c.lot_id,
            ((c.high - c.low) - COALESCE(f.units, (0)::numeric)),
            c.occurred_at
           FROM (came c
             LEFT JOIN ( SELECT found.no,
                    sum(found.units) AS units
                   FROM found
                  GROUP BY found.no) f ON ((f.no = c.no)))
          WHERE ((c.high - c.low) > COALESCE(f.units, (0)::numeric))
        ), part AS (
         SELECT layer.location_id,
            layer.product_id,
            layer.quantity AS units,
            layer.value,
            layer.received_at AS came_at
           FROM layer
          WHERE (NOT layer.earlier)
        UNION ALL
         SELECT d.location_id,
            d.product_id,
            d.units,
            (
                CASE
                    WHEN (d.younger = l.units) THEN l.value
                    ELSE round(((l.value * d.younger) / l.units), y.decimals)
                END - round(((l.value * (d.younger - d.units)) / l.units), y.decimals)),
            d.came_at
           FROM ((( SELECT dated.location_id,
                    dated.product_id,
                    dated.lot_id,
                    dated.units,
                    dated.came_at,
                    sum(dated.units) OVER (PARTITION BY dated.location_id, dated.product_id, dated.lot_id ORDER BY dated.came_at DESC ROWS UNBOUNDED PRECEDING) AS younger
                   FROM dated) d
             JOIN unlayered l ON (((l.location_id = d.location_id) AND (l.product_id = d.product_id) AND (l.lot_id = d.lot_id))))
             CROSS JOIN money y)
        ), rest AS (
         SELECT t.tenant_id,
            part.location_id,
            part.product_id,
            t.currency,
            part.units,
            part.value,
            ((part.came_at AT TIME ZONE t.time_zone))::date AS came_on,
            (((now() AT TIME ZONE t.time_zone))::date - ((part.came_at AT TIME ZONE t.time_zone))::date) AS days
           FROM (part
             JOIN public.tenant t ON ((t.tenant_id = bi.tenant())))
        )
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    p.stock_uom AS uom,
    min(r.came_on) AS oldest_on,
    r.currency,
    sum(r.units) AS on_hand,
    sum(r.value) AS value,
    COALESCE(sum(r.units) FILTER (WHERE (r.days <= 30)), (0)::numeric) AS units_to_30_days,
    COALESCE(sum(r.units) FILTER (WHERE ((r.days >= 31) AND (r.days <= 60))), (0)::numeric) AS units_to_60_days,
    COALESCE(sum(r.units) FILTER (WHERE ((r.days >= 61) AND (r.days <= 90))), (0)::numeric) AS units_to_90_days,
    COALESCE(sum(r.units) FILTER (WHERE ((r.days >= 91) AND (r.days <= 180))), (0)::numeric) AS units_to_180_days,
    COALESCE(sum(r.units) FILTER (WHERE ((r.days >= 181) AND (r.days <= 365))), (0)::numeric) AS units_to_365_days,
    COALESCE(sum(r.units) FILTER (WHERE (r.days > 365)), (0)::numeric) AS units_over_365_days,
    COALESCE(sum(r.value) FILTER (WHERE (r.days <= 30)), (0)::numeric) AS value_to_30_days,
    COALESCE(sum(r.value) FILTER (WHERE ((r.days >= 31) AND (r.days <= 60))), (0)::numeric) AS value_to_60_days,
    COALESCE(sum(r.value) FILTER (WHERE ((r.days >= 61) AND (r.days <= 90))), (0)::numeric) AS value_to_90_days,
    COALESCE(sum(r.value) FILTER (WHERE ((r.days >= 91) AND (r.days <= 180))), (0)::numeric) AS value_to_180_days,
    COALESCE(sum(r.value) FILTER (WHERE ((r.days >= 181) AND (r.days <= 365))), (0)::numeric) AS value_to_365_days,
    COALESCE(sum(r.value) FILTER (WHERE (r.days > 365)), (0)::numeric) AS value_over_365_days
   FROM (((rest r
     JOIN public.product p ON (((p.tenant_id = r.tenant_id) AND (p.id = r.product_id))))
     JOIN public.location lo ON (((lo.tenant_id = r.tenant_id) AND (lo.id = r.location_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))))
  GROUP BY p.sku, p.name, ca.code, ca.name, lo.code, lo.name, p.stock_uom, r.currency;

ALTER TABLE bi.stock_ageing OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.stock_ageing.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.stock_ageing.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.stock_ageing.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.stock_ageing.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.stock_ageing.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.stock_ageing.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.stock_ageing.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.stock_ageing.oldest_on IS 'Day on which the oldest units on hand came in, in the tenant''s time zone.';

COMMENT ON COLUMN bi.stock_ageing.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.stock_ageing.on_hand IS 'Stock units on hand in the location, including reserved units. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_ageing.value IS 'Cost of the stock: of the units on hand, or of a movement (negative if out). Additive.';

COMMENT ON COLUMN bi.stock_ageing.units_to_30_days IS 'Units on hand that came in 0 to 30 days ago. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_ageing.units_to_60_days IS 'Units on hand that came in 31 to 60 days ago. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_ageing.units_to_90_days IS 'Units on hand that came in 61 to 90 days ago. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_ageing.units_to_180_days IS 'Units on hand that came in 91 to 180 days ago. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_ageing.units_to_365_days IS 'Units on hand that came in 181 to 365 days ago. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_ageing.units_over_365_days IS 'Units on hand that came in more than 365 days ago. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_ageing.value_to_30_days IS 'Value of the units that came in 0 to 30 days ago. Additive.';

COMMENT ON COLUMN bi.stock_ageing.value_to_60_days IS 'Value of the units that came in 31 to 60 days ago. Additive.';

COMMENT ON COLUMN bi.stock_ageing.value_to_90_days IS 'Value of the units that came in 61 to 90 days ago. Additive.';

COMMENT ON COLUMN bi.stock_ageing.value_to_180_days IS 'Value of the units that came in 91 to 180 days ago. Additive.';

COMMENT ON COLUMN bi.stock_ageing.value_to_365_days IS 'Value of the units that came in 181 to 365 days ago. Additive.';

COMMENT ON COLUMN bi.stock_ageing.value_over_365_days IS 'Value of the units that came in more than 365 days ago. Additive.';

CREATE VIEW bi.stock_movements WITH (security_invoker='true') AS
 SELECT m.tenant_id,
    m.id AS movement_id,
    m.occurred_at,
    m.recorded_at,
    ((m.occurred_at AT TIME ZONE t.time_zone))::date AS day,
    m.kind AS movement_kind,
    (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    m.channel,
    (m.reason || ''::text) AS reason,
    p.stock_uom AS uom,
    t.currency,
    m.quantity,
    m.value,
    m.unit_cost,
    m.document_kind,
    m.document_id,
    m.line_no,
    m.entry_mode,
    (m.source_system || ''::text) AS source_system,
    m.command_id
   FROM (((public.stock_movement m
     JOIN public.tenant t ON ((t.tenant_id = m.tenant_id)))
     LEFT JOIN public.product p ON (((p.tenant_id = m.tenant_id) AND (p.id = m.product_id))))
     LEFT JOIN public.location lo ON (((lo.tenant_id = m.tenant_id) AND (lo.id = m.location_id))))
  WHERE (m.tenant_id = ( SELECT bi.tenant() AS tenant));

ALTER TABLE bi.stock_movements OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.stock_movements.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.stock_movements.movement_id IS 'The stock movement.';

COMMENT ON COLUMN bi.stock_movements.occurred_at IS 'When it happened. Filter by this column: it is indexed.';

COMMENT ON COLUMN bi.stock_movements.recorded_at IS 'When it was recorded; later than occurred_at for late documents.';

COMMENT ON COLUMN bi.stock_movements.day IS 'Calendar day in the tenant''s time zone.';

COMMENT ON COLUMN bi.stock_movements.movement_kind IS 'Kind of the movement: receipt, sale, return, adjustment, opening and others.';

COMMENT ON COLUMN bi.stock_movements.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.stock_movements.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.stock_movements.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.stock_movements.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.stock_movements.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.stock_movements.reason IS 'Reason code of an adjustment.';

COMMENT ON COLUMN bi.stock_movements.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.stock_movements.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.stock_movements.quantity IS 'Stock units moved: positive in, negative out. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_movements.value IS 'Cost of the stock: of the units on hand, or of a movement (negative if out). Additive.';

COMMENT ON COLUMN bi.stock_movements.unit_cost IS 'Cost per stock unit, 6 decimals. Not additive.';

COMMENT ON COLUMN bi.stock_movements.document_kind IS 'Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.';

COMMENT ON COLUMN bi.stock_movements.document_id IS 'The document: a till sale, refund, invoice or credit note, or the document that caused a movement or an entry.';

COMMENT ON COLUMN bi.stock_movements.line_no IS 'Number of the line in its document, from 1.';

COMMENT ON COLUMN bi.stock_movements.entry_mode IS 'How the movement was entered: by request, in a batch, or from the command line.';

COMMENT ON COLUMN bi.stock_movements.source_system IS 'The system that reported the movement; null if it was this one.';

COMMENT ON COLUMN bi.stock_movements.command_id IS 'The command that wrote the row. The audit log has its caller.';

CREATE VIEW bi.stock_positions WITH (security_invoker='true') AS
 WITH known AS MATERIALIZED (
         SELECT s_1.tenant_id,
            s_1.product_id,
            s_1.location_id,
            sum(s_1.on_hand) AS on_hand,
            sum(s_1.reserved) AS reserved,
            sum(s_1.available) AS available,
            sum(s_1.value) AS value
           FROM bi.stock_level s_1
          WHERE (s_1.tenant_id = bi.tenant())
          GROUP BY s_1.tenant_id, s_1.product_id, s_1.location_id
        ), level AS (
         SELECT known.tenant_id,
            known.product_id,
            known.location_id,
            known.on_hand,
            known.reserved,
            known.available,
            known.value
           FROM known
        UNION ALL
         SELECT p_1.tenant_id,
            p_1.id,
            NULL::uuid,
            0,
            0,
            0,
            0
           FROM public.product p_1
          WHERE ((p_1.tenant_id = bi.tenant()) AND (p_1.kind = 'stocked'::text) AND (p_1.status = 'active'::text) AND (NOT (EXISTS ( SELECT
                   FROM known
                  WHERE (known.product_id = p_1.id)))))
        )
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    p.stock_uom AS uom,
    t.currency,
    s.on_hand,
    s.reserved,
    s.available,
    s.value,
    round((s.value / NULLIF(s.on_hand, (0)::numeric)), 6) AS unit_cost
   FROM ((((level s
     JOIN public.tenant t ON ((t.tenant_id = s.tenant_id)))
     JOIN public.product p ON (((p.tenant_id = s.tenant_id) AND (p.id = s.product_id))))
     LEFT JOIN public.location lo ON (((lo.tenant_id = s.tenant_id) AND (lo.id = s.location_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))));

ALTER TABLE bi.stock_positions OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.stock_positions.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.stock_positions.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.stock_positions.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.stock_positions.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.stock_positions.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.stock_positions.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.stock_positions.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.stock_positions.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.stock_positions.on_hand IS 'Stock units on hand in the location, including reserved units. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_positions.reserved IS 'Stock units on hand that are reserved. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_positions.available IS 'on_hand - reserved: stock that may still be sold. Expired and recalled lots count as zero. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_positions.value IS 'Cost of the stock: of the units on hand, or of a movement (negative if out). Additive.';

COMMENT ON COLUMN bi.stock_positions.unit_cost IS 'Cost per stock unit, 6 decimals. Not additive.';

CREATE VIEW bi.stock_turnover WITH (security_invoker='true') AS
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    p.stock_uom AS uom,
    t.currency,
    n.on_hand,
    n.value,
    n.average_value,
    n.units_sold,
    n.cost,
    round((((n.cost * (365)::numeric) / (90)::numeric) / NULLIF(GREATEST(n.average_value, (0)::numeric), (0)::numeric)), 4) AS turnover,
    round(((n.on_hand * (90)::numeric) / NULLIF(GREATEST(n.units_sold, (0)::numeric), (0)::numeric)), 1) AS cover_days
   FROM ((((( SELECT part.product_id,
            part.location_id,
            sum(part.on_hand) AS on_hand,
            sum(part.value) AS value,
            sum(part.units_sold) AS units_sold,
            sum(part.cost) AS cost,
            round((sum(part.value) - (sum(part.change) / (2)::numeric)), 4) AS average_value
           FROM ( SELECT stock_level.product_id,
                    stock_level.location_id,
                    stock_level.on_hand,
                    stock_level.value,
                    0 AS change,
                    0 AS units_sold,
                    0 AS cost
                   FROM public.stock_level
                  WHERE (stock_level.tenant_id = bi.tenant())
                UNION ALL
                 SELECT stock_movement.product_id,
                    stock_movement.location_id,
                    0,
                    0,
                    stock_movement.value,
                        CASE
                            WHEN (stock_movement.kind = ANY (ARRAY['sale'::text, 'return'::text])) THEN (- stock_movement.quantity)
                            ELSE (0)::numeric
                        END AS "case",
                        CASE
                            WHEN (stock_movement.kind = ANY (ARRAY['sale'::text, 'return'::text])) THEN (- stock_movement.value)
                            ELSE (0)::numeric
                        END AS "case"
                   FROM public.stock_movement
                  WHERE ((stock_movement.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (stock_movement.occurred_at >= ( SELECT public.day_begin(((((now() AT TIME ZONE tenant.time_zone))::date - 90))::timestamp without time zone, tenant.time_zone) AS day_begin
                           FROM public.tenant
                          WHERE (tenant.tenant_id = bi.tenant()))))) part
          GROUP BY part.product_id, part.location_id) n
     JOIN public.tenant t ON ((t.tenant_id = bi.tenant())))
     JOIN public.product p ON (((p.tenant_id = t.tenant_id) AND (p.id = n.product_id))))
     JOIN public.location lo ON (((lo.tenant_id = t.tenant_id) AND (lo.id = n.location_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))))
  WHERE ((n.on_hand <> (0)::numeric) OR (n.value <> (0)::numeric) OR (n.units_sold <> (0)::numeric));

ALTER TABLE bi.stock_turnover OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.stock_turnover.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.stock_turnover.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.stock_turnover.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.stock_turnover.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.stock_turnover.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.stock_turnover.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.stock_turnover.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.stock_turnover.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.stock_turnover.on_hand IS 'Stock units on hand in the location, including reserved units. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_turnover.value IS 'Cost of the stock: of the units on hand, or of a movement (negative if out). Additive.';

COMMENT ON COLUMN bi.stock_turnover.average_value IS 'Mean of the value 90 days ago and now. Additive.';

COMMENT ON COLUMN bi.stock_turnover.units_sold IS 'Stock units sold from the location in the last days, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_turnover.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.stock_turnover.turnover IS 'cost of a year at the pace of the last 90 days / average_value, 4 decimals. Not additive: divide the sums.';

COMMENT ON COLUMN bi.stock_turnover.cover_days IS 'Days until the stock on hand is sold at that pace, 1 decimal; null if nothing was sold. Not additive.';

CREATE VIEW bi.stock_valuation WITH (security_invoker='true') AS
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    (lo.code || ''::text) AS location_code,
    (lo.name || ''::text) AS location_name,
    p.stock_uom AS uom,
    t.currency,
    sum(s.on_hand) AS on_hand,
    sum(s.value) AS value,
    round((sum(s.value) / NULLIF(sum(s.on_hand), (0)::numeric)), 6) AS unit_cost
   FROM ((((public.stock_level s
     JOIN public.tenant t ON ((t.tenant_id = s.tenant_id)))
     JOIN public.product p ON (((p.tenant_id = s.tenant_id) AND (p.id = s.product_id))))
     JOIN public.location lo ON (((lo.tenant_id = s.tenant_id) AND (lo.id = s.location_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))))
  WHERE (s.tenant_id = bi.tenant())
  GROUP BY p.sku, p.name, ca.code, ca.name, lo.code, lo.name, p.stock_uom, t.currency
 HAVING ((sum(s.on_hand) <> (0)::numeric) OR (sum(s.value) <> (0)::numeric));

ALTER TABLE bi.stock_valuation OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.stock_valuation.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.stock_valuation.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.stock_valuation.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.stock_valuation.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.stock_valuation.location_code IS 'Code of the stock location.';

COMMENT ON COLUMN bi.stock_valuation.location_name IS 'Name of the stock location.';

COMMENT ON COLUMN bi.stock_valuation.uom IS 'UN/ECE Recommendation 20 code of the unit that quantities are in.';

COMMENT ON COLUMN bi.stock_valuation.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.stock_valuation.on_hand IS 'Stock units on hand in the location, including reserved units. Additive over rows of one unit.';

COMMENT ON COLUMN bi.stock_valuation.value IS 'Cost of the stock: of the units on hand, or of a movement (negative if out). Additive.';

COMMENT ON COLUMN bi.stock_valuation.unit_cost IS 'Cost per stock unit, 6 decimals. Not additive.';

CREATE TABLE public.sales_line_tax (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    document_kind text NOT NULL,
    line_no integer NOT NULL,
    tax_no integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    rate numeric(9,6),
    amount_per_unit numeric(18,6),
    base numeric(18,4) NOT NULL,
    base_quantity numeric(18,6) NOT NULL,
    amount numeric(18,4) NOT NULL,
    account_code text,
    CONSTRAINT sales_line_tax_rate_or_amount CHECK (((rate IS NULL) <> (amount_per_unit IS NULL)))
);

ALTER TABLE ONLY public.sales_line_tax FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_line_tax OWNER TO stockwell_owner;

CREATE VIEW bi.tax_lines WITH (security_invoker='true') AS
 SELECT l.tenant_id,
    l.document_id,
    l.line_no,
    l.document_kind,
    l.occurred_at,
    l.recorded_at,
    ((l.occurred_at AT TIME ZONE t.time_zone))::date AS day,
    l.channel,
    l.country,
    l.currency,
    (x.code || ''::text) AS tax_code,
    (x.name || ''::text) AS tax_name,
        CASE
            WHEN (x.code IS NULL) THEN l.tax_rate
            ELSE x.rate
        END AS tax_rate,
    x.amount_per_unit,
    COALESCE(x.base, l.net) AS tax_base,
    COALESCE(x.base_quantity, (0)::numeric) AS base_quantity,
    COALESCE(x.amount, l.tax) AS tax,
    COALESCE(x.account_code, '2200'::text) AS account_code
   FROM ((public.sales_line l
     JOIN public.tenant t ON ((t.tenant_id = l.tenant_id)))
     LEFT JOIN public.sales_line_tax x ON (((x.tenant_id = l.tenant_id) AND (x.document_id = l.document_id) AND (x.document_kind = l.document_kind) AND (x.line_no = l.line_no))))
  WHERE (l.tenant_id = ( SELECT bi.tenant() AS tenant));

ALTER TABLE bi.tax_lines OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.tax_lines.tenant_id IS 'The tenant; always your own.';

COMMENT ON COLUMN bi.tax_lines.document_id IS 'The document: a till sale, refund, invoice or credit note, or the document that caused a movement or an entry.';

COMMENT ON COLUMN bi.tax_lines.line_no IS 'Number of the line in its document, from 1.';

COMMENT ON COLUMN bi.tax_lines.document_kind IS 'Kind of the document: sale and refund at a till; invoice and credit_note in wholesale; others for stock and ledger.';

COMMENT ON COLUMN bi.tax_lines.occurred_at IS 'When it happened. Filter by this column: it is indexed.';

COMMENT ON COLUMN bi.tax_lines.recorded_at IS 'When it was recorded; later than occurred_at for late documents.';

COMMENT ON COLUMN bi.tax_lines.day IS 'Calendar day in the tenant''s time zone.';

COMMENT ON COLUMN bi.tax_lines.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.tax_lines.country IS 'ISO 3166-1 alpha-2 code of the country of sale, or of the customer.';

COMMENT ON COLUMN bi.tax_lines.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.tax_lines.tax_code IS 'Code of one of several taxes of a line; null if the line has one tax.';

COMMENT ON COLUMN bi.tax_lines.tax_name IS 'Name of the tax at the time; null if the line has one tax.';

COMMENT ON COLUMN bi.tax_lines.tax_rate IS 'Percent of tax_base; null for a tax per unit. Not additive.';

COMMENT ON COLUMN bi.tax_lines.amount_per_unit IS 'Amount of a tax per unit for each stock unit; null for a tax in percent. Not additive.';

COMMENT ON COLUMN bi.tax_lines.tax_base IS 'Amount that the rate is of: the net, and for a tax on a tax those before it. Zero for a tax per unit. Additive over one tax.';

COMMENT ON COLUMN bi.tax_lines.base_quantity IS 'Stock units that a tax per unit is on; zero for a tax in percent. Additive over one tax.';

COMMENT ON COLUMN bi.tax_lines.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

COMMENT ON COLUMN bi.tax_lines.account_code IS 'Code of the ledger account.';

CREATE VIEW bi.tax_summary WITH (security_invoker='true') AS
 SELECT (date_trunc('month'::text, (l.day)::timestamp without time zone))::date AS month,
    l.tax_code,
    l.tax_name,
    l.tax_rate,
    l.amount_per_unit,
    l.account_code,
    l.currency,
    sum(l.tax_base) AS tax_base,
    sum(l.tax) AS tax
   FROM bi.tax_lines l
  GROUP BY ((date_trunc('month'::text, (l.day)::timestamp without time zone))::date), l.tax_code, l.tax_name, l.tax_rate, l.amount_per_unit, l.account_code, l.currency;

ALTER TABLE bi.tax_summary OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.tax_summary.month IS 'First day of the calendar month in the tenant''s time zone.';

COMMENT ON COLUMN bi.tax_summary.tax_code IS 'Code of one of several taxes of a line; null if the line has one tax.';

COMMENT ON COLUMN bi.tax_summary.tax_name IS 'Name of the tax at the time; null if the line has one tax.';

COMMENT ON COLUMN bi.tax_summary.tax_rate IS 'Percent of tax_base; null for a tax per unit. Not additive.';

COMMENT ON COLUMN bi.tax_summary.amount_per_unit IS 'Amount of a tax per unit for each stock unit; null for a tax in percent. Not additive.';

COMMENT ON COLUMN bi.tax_summary.account_code IS 'Code of the ledger account.';

COMMENT ON COLUMN bi.tax_summary.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.tax_summary.tax_base IS 'Amount that the rate is of: the net, and for a tax on a tax those before it. Zero for a tax per unit. Additive over one tax.';

COMMENT ON COLUMN bi.tax_summary.tax IS 'Output tax on net_revenue, which does not include it. Returns are negative. Additive.';

CREATE TABLE public.cash_move (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    kind text NOT NULL,
    amount numeric(18,4) NOT NULL,
    reason text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    document_kind text,
    document_id uuid,
    CONSTRAINT cash_move_kind_known CHECK ((kind = ANY (ARRAY['opening_float'::text, 'paid_in'::text, 'paid_out'::text, 'over_short'::text, 'banked'::text])))
);

ALTER TABLE ONLY public.cash_move FORCE ROW LEVEL SECURITY;

ALTER TABLE public.cash_move OWNER TO stockwell_owner;

CREATE TABLE public.shipment (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    order_id uuid NOT NULL,
    location_id uuid NOT NULL,
    invoice_id uuid,
    cost numeric(18,4) NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    undone_at timestamp with time zone,
    carrier text,
    tracking_number text,
    tracking_url text,
    version integer DEFAULT 1 NOT NULL,
    updated_at timestamp with time zone,
    CONSTRAINT shipment_undone_is_not_invoiced CHECK (((undone_at IS NULL) OR (invoice_id IS NULL)))
);

ALTER TABLE ONLY public.shipment FORCE ROW LEVEL SECURITY;

ALTER TABLE public.shipment OWNER TO stockwell_owner;

CREATE TABLE public.supplier_payment (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    supplier_id uuid NOT NULL,
    amount numeric(18,4) NOT NULL,
    original_id uuid,
    reason text,
    reference text,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    foreign_currency text,
    exchange_rate numeric(18,10),
    foreign_amount numeric(18,4),
    discount numeric(18,4) DEFAULT 0 NOT NULL,
    advance numeric(18,4) DEFAULT 0 NOT NULL,
    unapplied numeric(18,4) DEFAULT 0 NOT NULL,
    advance_id uuid,
    foreign_discount numeric(18,4) DEFAULT 0 NOT NULL,
    foreign_advance numeric(18,4) DEFAULT 0 NOT NULL,
    foreign_unapplied numeric(18,4) DEFAULT 0 NOT NULL,
    difference numeric(18,4) DEFAULT 0 NOT NULL,
    CONSTRAINT supplier_payment_difference_of_application CHECK (((difference = (0)::numeric) OR (advance_id IS NOT NULL))),
    CONSTRAINT supplier_payment_discount_sign CHECK (((discount * amount) >= (0)::numeric)),
    CONSTRAINT supplier_payment_exchange_rate_positive CHECK ((exchange_rate > (0)::numeric)),
    CONSTRAINT supplier_payment_foreign_advance_complete CHECK (((foreign_currency IS NULL) OR ((advance = (0)::numeric) = (foreign_advance = (0)::numeric)))),
    CONSTRAINT supplier_payment_foreign_advance_currency CHECK (((foreign_currency IS NOT NULL) OR ((foreign_discount = (0)::numeric) AND (foreign_advance = (0)::numeric) AND (foreign_unapplied = (0)::numeric) AND (difference = (0)::numeric)))),
    CONSTRAINT supplier_payment_foreign_complete CHECK ((num_nonnulls(foreign_currency, exchange_rate, foreign_amount) = ANY (ARRAY[0, 3]))),
    CONSTRAINT supplier_payment_foreign_unapplied_range CHECK (((foreign_unapplied >= (0)::numeric) AND (foreign_unapplied <= GREATEST(foreign_advance, (0)::numeric)))),
    CONSTRAINT supplier_payment_kind_known CHECK ((kind = ANY (ARRAY['payment'::text, 'reversal'::text, 'application'::text]))),
    CONSTRAINT supplier_payment_original CHECK (((kind = 'reversal'::text) = (original_id IS NOT NULL))),
    CONSTRAINT supplier_payment_sign CHECK (
CASE
    WHEN (advance_id IS NOT NULL) THEN (amount = (0)::numeric)
    WHEN (kind = 'payment'::text) THEN (amount > (0)::numeric)
    ELSE (amount < (0)::numeric)
END),
    CONSTRAINT supplier_payment_unapplied_range CHECK (((unapplied >= (0)::numeric) AND (unapplied <= GREATEST(advance, (0)::numeric))))
);

ALTER TABLE ONLY public.supplier_payment FORCE ROW LEVEL SECURITY;

ALTER TABLE public.supplier_payment OWNER TO stockwell_owner;

CREATE TABLE public.tender (
    tenant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    line_no integer NOT NULL,
    kind text NOT NULL,
    amount numeric(18,4) NOT NULL,
    tendered numeric(18,4),
    change numeric(18,4),
    reference text,
    CONSTRAINT tender_kind_known CHECK ((kind = ANY (ARRAY['cash'::text, 'card'::text, 'voucher'::text])))
);

ALTER TABLE ONLY public.tender FORCE ROW LEVEL SECURITY;

ALTER TABLE public.tender OWNER TO stockwell_owner;

CREATE TABLE public.voucher (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    status text NOT NULL,
    customer_id uuid,
    method text,
    issued numeric(18,4) NOT NULL,
    redeemed numeric(18,4) NOT NULL,
    balance numeric(18,4) NOT NULL,
    expires_on date,
    forced boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT voucher_adds_up CHECK ((balance = (issued - redeemed))),
    CONSTRAINT voucher_method_known CHECK ((method = ANY (ARRAY['bank'::text, 'card'::text, 'cash'::text]))),
    CONSTRAINT voucher_not_overdrawn CHECK (((balance >= (0)::numeric) OR forced)),
    CONSTRAINT voucher_status_known CHECK ((status = ANY (ARRAY['open'::text, 'closed'::text])))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.voucher FORCE ROW LEVEL SECURITY;

ALTER TABLE public.voucher OWNER TO stockwell_owner;

CREATE TABLE public.voucher_move (
    tenant_id uuid NOT NULL,
    voucher_id uuid NOT NULL,
    document_id uuid NOT NULL,
    document_kind text NOT NULL,
    amount numeric(18,4) NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid,
    CONSTRAINT voucher_move_amount_not_zero CHECK ((amount <> (0)::numeric))
);

ALTER TABLE ONLY public.voucher_move FORCE ROW LEVEL SECURITY;

ALTER TABLE public.voucher_move OWNER TO stockwell_owner;

CREATE VIEW bi.tie_out WITH (security_invoker='true') AS
 WITH control(name, codes, href, subledger) AS (
         SELECT 'cash'::text AS "?column?",
            ARRAY['1000'::text] AS "array",
            '/v1/pos/sessions'::text AS "?column?",
            (( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM public.tender s
                  WHERE ((s.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (s.kind = 'cash'::text))) + ( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM public.cash_move s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant)))) AS "?column?"
        UNION ALL
         SELECT 'bank'::text,
            ARRAY['1010'::text] AS "array",
            '/v1/payments?method=bank'::text,
            (((( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM public.payment s
                  WHERE ((s.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (s.method = 'bank'::text))) + ( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM (public.voucher v
                     JOIN public.voucher_move s ON (((s.tenant_id = v.tenant_id) AND (s.voucher_id = v.id) AND (s.document_id = v.id))))
                  WHERE ((v.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (v.method = 'bank'::text)))) - ( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM public.cash_move s
                  WHERE ((s.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (s.kind <> 'over_short'::text) AND (s.document_id IS NULL)))) - ( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM public.supplier_payment s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant))))
        UNION ALL
         SELECT 'card_clearing'::text,
            ARRAY['1020'::text] AS "array",
            '/v1/payments?method=card'::text,
            ((( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM public.tender s
                  WHERE ((s.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (s.kind = 'card'::text))) + ( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM public.payment s
                  WHERE ((s.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (s.method = 'card'::text)))) + ( SELECT COALESCE(sum(s.amount), (0)::numeric) AS "coalesce"
                   FROM (public.voucher v
                     JOIN public.voucher_move s ON (((s.tenant_id = v.tenant_id) AND (s.voucher_id = v.id) AND (s.document_id = v.id))))
                  WHERE ((v.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (v.method = 'card'::text))))
        UNION ALL
         SELECT 'receivable'::text,
            ARRAY['1100'::text] AS "array",
            '/v1/reports/receivable_ageing'::text,
            (( SELECT COALESCE(sum(s.open), (0)::numeric) AS "coalesce"
                   FROM public.invoice s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant))) - ( SELECT COALESCE(sum(s.unapplied), (0)::numeric) AS "coalesce"
                   FROM public.payment s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant))))
        UNION ALL
         SELECT 'supplier_advances'::text,
            ARRAY['1150'::text] AS "array",
            '/v1/supplier-payments?unapplied=true'::text,
            ( SELECT COALESCE(sum(s.unapplied), (0)::numeric) AS "coalesce"
                   FROM public.supplier_payment s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant))) AS "coalesce"
        UNION ALL
         SELECT 'inventory'::text,
            ARRAY['1200'::text, '1210'::text] AS "array",
            '/v1/reports/stock_position'::text,
            ( SELECT COALESCE(sum(s.value), (0)::numeric) AS "coalesce"
                   FROM public.stock_level s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant))) AS "coalesce"
        UNION ALL
         SELECT 'shipped_not_invoiced'::text,
            ARRAY['1300'::text] AS "array",
            '/v1/orders?status=partially_shipped,shipped'::text,
            ( SELECT COALESCE(sum(s.cost), (0)::numeric) AS "coalesce"
                   FROM public.shipment s
                  WHERE ((s.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (s.invoice_id IS NULL) AND (s.undone_at IS NULL))) AS "coalesce"
        UNION ALL
         SELECT 'payable'::text,
            ARRAY['2000'::text] AS "array",
            '/v1/reports/payable_ageing'::text,
            ( SELECT (- COALESCE(sum(s.open), (0)::numeric))
                   FROM public.bill s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant)))
        UNION ALL
         SELECT 'output_tax'::text,
            ARRAY( SELECT '2200'::text
                UNION
                 SELECT s.account_code
                   FROM public.sales_line_tax s
                  WHERE ((s.tenant_id = ( SELECT bi.tenant() AS tenant)) AND (s.account_code IS NOT NULL))
          ORDER BY 1) AS "array",
            '/v1/reports/tax_summary'::text,
            ( SELECT (- COALESCE(sum(s.tax), (0)::numeric))
                   FROM public.sales_line s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant)))
        UNION ALL
         SELECT 'vouchers'::text,
            ARRAY['2300'::text] AS "array",
            '/v1/vouchers'::text,
            ( SELECT (- COALESCE(sum(s.balance), (0)::numeric))
                   FROM public.voucher s
                  WHERE (s.tenant_id = ( SELECT bi.tenant() AS tenant)))
        ), balance AS (
         SELECT d_1.account_code,
            sum(d_1.balance) AS amount
           FROM bi.ledger_by_day d_1
          GROUP BY d_1.account_code
        ), hand AS (
         SELECT j.account_code,
            sum(j.balance) AS amount
           FROM bi.journal_lines j
          WHERE (j.document_kind = ANY (ARRAY['manual'::text, 'opening_balances'::text]))
          GROUP BY j.account_code
        ), tied AS (
         SELECT c.name AS control,
            array_to_string(c.codes, ','::text) AS account_codes,
            c.href,
            t.currency,
            COALESCE(( SELECT sum(b.amount) AS sum
                   FROM balance b
                  WHERE (b.account_code = ANY (c.codes))), (0)::numeric) AS ledger,
            COALESCE(( SELECT sum(h.amount) AS sum
                   FROM hand h
                  WHERE (h.account_code = ANY (c.codes))), (0)::numeric) AS by_hand,
            c.subledger
           FROM (control c
             JOIN public.tenant t ON ((t.tenant_id = bi.tenant())))
        )
 SELECT d.control,
    d.account_codes,
    d.href,
    d.currency,
    d.ledger,
    d.by_hand,
    d.subledger,
    ((d.ledger - d.by_hand) - d.subledger) AS difference
   FROM tied d;

ALTER TABLE bi.tie_out OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.tie_out.control IS 'Name of the control: cash, bank, card_clearing, receivable, supplier_advances, inventory, shipped_not_invoiced, payable, output_tax or vouchers. New values may appear.';

COMMENT ON COLUMN bi.tie_out.account_codes IS 'Codes of the accounts of the control, separated by commas.';

COMMENT ON COLUMN bi.tie_out.href IS 'Path of the list or report of the API that shows the sub-ledger.';

COMMENT ON COLUMN bi.tie_out.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.tie_out.ledger IS 'Debits less credits of the accounts. Additive.';

COMMENT ON COLUMN bi.tie_out.by_hand IS 'Part of the balance that entries by hand left, for which there is no document. Additive.';

COMMENT ON COLUMN bi.tie_out.subledger IS 'Sum of the documents: debits less credits. Additive.';

COMMENT ON COLUMN bi.tie_out.difference IS 'ledger - by_hand - subledger: always zero. Additive.';

CREATE VIEW bi.trial_balance WITH (security_invoker='true') AS
 SELECT (a.code || ''::text) AS account_code,
    (a.name || ''::text) AS account_name,
    a.kind AS account_kind,
    t.currency,
    (0)::numeric AS opening,
    COALESCE(sum(l.debit), (0)::numeric) AS debit,
    COALESCE(sum(l.credit), (0)::numeric) AS credit,
    COALESCE(sum(l.balance), (0)::numeric) AS closing
   FROM ((public.account a
     JOIN public.tenant t ON ((t.tenant_id = a.tenant_id)))
     LEFT JOIN bi.ledger_by_day l ON ((l.account_code = a.code)))
  WHERE ((a.tenant_id = bi.tenant()) AND ((a.dropped_at IS NULL) OR (l.account_code IS NOT NULL)))
  GROUP BY a.code, a.name, a.kind, t.currency;

ALTER TABLE bi.trial_balance OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.trial_balance.account_code IS 'Code of the ledger account.';

COMMENT ON COLUMN bi.trial_balance.account_name IS 'Name of the ledger account.';

COMMENT ON COLUMN bi.trial_balance.account_kind IS 'Kind of the account: asset, liability, equity, revenue or expense.';

COMMENT ON COLUMN bi.trial_balance.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.trial_balance.opening IS 'Debits less credits before the period, which has no beginning here: zero. Additive.';

COMMENT ON COLUMN bi.trial_balance.debit IS 'Amount debited; on a line zero if it is a credit. Additive.';

COMMENT ON COLUMN bi.trial_balance.credit IS 'Amount credited; on a line zero if it is a debit. Additive.';

COMMENT ON COLUMN bi.trial_balance.closing IS 'Debits less credits up to now. Additive: over all accounts it is zero.';

CREATE VIEW bi.weak_margins WITH (security_invoker='true') AS
 SELECT (p.sku || ''::text) AS sku,
    (p.name || ''::text) AS product_name,
    (ca.code || ''::text) AS category_code,
    (ca.name || ''::text) AS category_name,
    l.channel,
    l.currency,
    l.units,
    l.net_revenue,
    l.cost,
    (l.net_revenue - l.cost) AS gross_margin,
    round((((100)::numeric * (l.net_revenue - l.cost)) / NULLIF(l.net_revenue, (0)::numeric)), 4) AS gross_margin_pct,
    l.below_cost_lines,
    l.below_cost_units,
    l.below_cost_loss
   FROM ((( SELECT f.product_id,
            f.channel,
            f.currency,
            sum(f.units) AS units,
            sum(f.net_revenue) AS net_revenue,
            sum(f.cost) AS cost,
            count(*) FILTER (WHERE ((f.units > (0)::numeric) AND (f.gross_margin < (0)::numeric))) AS below_cost_lines,
            COALESCE(sum(f.units) FILTER (WHERE ((f.units > (0)::numeric) AND (f.gross_margin < (0)::numeric))), (0)::numeric) AS below_cost_units,
            COALESCE((- sum(f.gross_margin) FILTER (WHERE ((f.units > (0)::numeric) AND (f.gross_margin < (0)::numeric)))), (0)::numeric) AS below_cost_loss
           FROM bi.sales_fact f
          GROUP BY f.product_id, f.channel, f.currency) l
     JOIN public.product p ON (((p.tenant_id = bi.tenant()) AND (p.id = l.product_id))))
     LEFT JOIN public.category ca ON (((ca.tenant_id = p.tenant_id) AND (ca.id = p.category_id))))
  WHERE ((l.below_cost_lines > 0) OR ((l.net_revenue > (0)::numeric) AND (((100)::numeric * (l.net_revenue - l.cost)) < ((10)::numeric * l.net_revenue))));

ALTER TABLE bi.weak_margins OWNER TO stockwell_owner;

COMMENT ON COLUMN bi.weak_margins.sku IS 'SKU of the product, case-sensitive.';

COMMENT ON COLUMN bi.weak_margins.product_name IS 'Name of the product.';

COMMENT ON COLUMN bi.weak_margins.category_code IS 'Code of the category; null if there is none.';

COMMENT ON COLUMN bi.weak_margins.category_name IS 'Name of the category; null if there is none.';

COMMENT ON COLUMN bi.weak_margins.channel IS 'Sales channel: wholesale or retail. New values may appear.';

COMMENT ON COLUMN bi.weak_margins.currency IS 'ISO 4217 code of the currency of every amount in the row. Never add amounts in different currencies.';

COMMENT ON COLUMN bi.weak_margins.units IS 'Stock units sold, less units returned. Additive over rows of one unit.';

COMMENT ON COLUMN bi.weak_margins.net_revenue IS 'gross_revenue - discount, which equals gross_sales + returns; without tax. Additive.';

COMMENT ON COLUMN bi.weak_margins.cost IS 'Cost of sales, less the cost of returns. Additive.';

COMMENT ON COLUMN bi.weak_margins.gross_margin IS 'net_revenue - cost. Additive.';

COMMENT ON COLUMN bi.weak_margins.gross_margin_pct IS 'gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.';

COMMENT ON COLUMN bi.weak_margins.below_cost_lines IS 'Number of lines that were sold for less than they cost. Additive.';

COMMENT ON COLUMN bi.weak_margins.below_cost_units IS 'Stock units of the lines sold below cost. Additive over rows of one unit.';

COMMENT ON COLUMN bi.weak_margins.below_cost_loss IS 'Cost of the lines sold below cost, less their net value: positive. Additive.';

CREATE TABLE public.access_refusal (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    minute timestamp with time zone NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    network text NOT NULL,
    code text NOT NULL,
    times integer NOT NULL,
    CONSTRAINT access_refusal_times_sign CHECK ((times > 0))
);

ALTER TABLE ONLY public.access_refusal FORCE ROW LEVEL SECURITY;

ALTER TABLE public.access_refusal OWNER TO stockwell_owner;

CREATE TABLE public.account_mapping (
    tenant_id uuid NOT NULL,
    rules jsonb NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.account_mapping FORCE ROW LEVEL SECURITY;

ALTER TABLE public.account_mapping OWNER TO stockwell_owner;

CREATE TABLE public.api_key (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    mode text NOT NULL,
    prefix text NOT NULL,
    last4 text NOT NULL,
    hash bytea NOT NULL,
    scopes text[] NOT NULL,
    ip_allowlist text[] DEFAULT '{}'::text[] NOT NULL,
    created_by uuid,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    rotated_to uuid,
    last_used_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    parent_id uuid,
    user_id uuid,
    locations uuid[],
    channels text[],
    amount_max numeric(18,4),
    origins text[] DEFAULT '{}'::text[] NOT NULL,
    discount_max numeric(9,6),
    CONSTRAINT api_key_amount_max_sign CHECK ((amount_max >= (0)::numeric)),
    CONSTRAINT api_key_channels_known CHECK ((channels <@ ARRAY['wholesale'::text, 'retail'::text])),
    CONSTRAINT api_key_discount_max_range CHECK (((discount_max >= (0)::numeric) AND (discount_max <= (100)::numeric))),
    CONSTRAINT api_key_hash_length CHECK ((octet_length(hash) = 32)),
    CONSTRAINT api_key_kind_known CHECK ((kind = ANY (ARRAY['sk'::text, 'pk'::text]))),
    CONSTRAINT api_key_mode_known CHECK ((mode = ANY (ARRAY['live'::text, 'test'::text]))),
    CONSTRAINT api_key_one_maker CHECK (((parent_id IS NULL) OR (user_id IS NULL)))
);

ALTER TABLE ONLY public.api_key FORCE ROW LEVEL SECURITY;

ALTER TABLE public.api_key OWNER TO stockwell_owner;

CREATE TABLE public.app_user (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    password_hash text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    former_email text,
    logins_ended_at timestamp with time zone,
    second_factor bytea,
    second_factor_since timestamp with time zone,
    second_factor_step bigint,
    recovery_codes bytea[],
    custom_role_id uuid,
    scopes text[],
    CONSTRAINT app_user_custom_role_scopes CHECK (((custom_role_id IS NULL) = (scopes IS NULL))),
    CONSTRAINT app_user_email_lower CHECK ((email = lower(email))),
    CONSTRAINT app_user_role_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'manager'::text, 'cashier'::text, 'buyer'::text, 'accountant'::text, 'analyst'::text]))),
    CONSTRAINT app_user_status_known CHECK ((status = ANY (ARRAY['active'::text, 'disabled'::text])))
);

ALTER TABLE ONLY public.app_user FORCE ROW LEVEL SECURITY;

ALTER TABLE public.app_user OWNER TO stockwell_owner;

CREATE TABLE public.application_line (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    line_no integer NOT NULL,
    payment_id uuid,
    credit_note_id uuid,
    invoice_id uuid,
    amount numeric(18,4) NOT NULL,
    foreign_amount numeric(18,4),
    difference numeric(18,4) DEFAULT 0 NOT NULL,
    CONSTRAINT application_line_moves CHECK (((amount <> (0)::numeric) OR (COALESCE(foreign_amount, (0)::numeric) <> (0)::numeric))),
    CONSTRAINT application_line_one_credit CHECK (((payment_id IS NULL) <> (credit_note_id IS NULL)))
);

ALTER TABLE ONLY public.application_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.application_line OWNER TO stockwell_owner;

CREATE TABLE public.attachment (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    record_kind text NOT NULL,
    record_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    filename text NOT NULL,
    title text,
    "position" integer NOT NULL,
    content_type text NOT NULL,
    width integer,
    height integer,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.attachment FORCE ROW LEVEL SECURITY;

ALTER TABLE public.attachment OWNER TO stockwell_owner;

CREATE TABLE public.attachment_content (
    tenant_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    size_bytes integer NOT NULL,
    bytes bytea,
    store text,
    CONSTRAINT attachment_content_in_one_place CHECK (((bytes IS NULL) = (store IS NOT NULL))),
    CONSTRAINT attachment_content_size_known CHECK ((size_bytes = octet_length(bytes)))
);
ALTER TABLE ONLY public.attachment_content ALTER COLUMN bytes SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.attachment_content FORCE ROW LEVEL SECURITY;

ALTER TABLE public.attachment_content OWNER TO stockwell_owner;

CREATE TABLE public.attachment_orphan (
    tenant_id uuid NOT NULL,
    store text NOT NULL,
    sha256 bytea NOT NULL,
    since timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.attachment_orphan FORCE ROW LEVEL SECURITY;

ALTER TABLE public.attachment_orphan OWNER TO stockwell_owner;

CREATE TABLE public.attachment_usage (
    tenant_id uuid NOT NULL,
    stored_bytes bigint NOT NULL,
    quota_bytes bigint
);

ALTER TABLE ONLY public.attachment_usage FORCE ROW LEVEL SECURITY;

ALTER TABLE public.attachment_usage OWNER TO stockwell_owner;

CREATE TABLE public.bank_line (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    account text NOT NULL,
    reference text NOT NULL,
    booked_on date NOT NULL,
    amount numeric(18,4) NOT NULL,
    counterparty text NOT NULL,
    text text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    transactions integer DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY public.bank_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.bank_line OWNER TO stockwell_owner;

CREATE TABLE public.bank_match (
    tenant_id uuid NOT NULL,
    bank_line_id uuid NOT NULL,
    place integer NOT NULL,
    payment_id uuid,
    supplier_payment_id uuid,
    matched_at timestamp with time zone NOT NULL,
    CONSTRAINT bank_match_one_payment CHECK (((payment_id IS NULL) <> (supplier_payment_id IS NULL)))
);

ALTER TABLE ONLY public.bank_match FORCE ROW LEVEL SECURITY;

ALTER TABLE public.bank_match OWNER TO stockwell_owner;

CREATE TABLE public.barcode (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    product_id uuid NOT NULL,
    uom text NOT NULL,
    gtin text COLLATE pg_catalog."C",
    since timestamp with time zone,
    CONSTRAINT barcode_code_length CHECK (((length(code) >= 1) AND (length(code) <= 64)))
);

ALTER TABLE ONLY public.barcode FORCE ROW LEVEL SECURITY;

ALTER TABLE public.barcode OWNER TO stockwell_owner;

CREATE TABLE public.bi_login (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    role_name text NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    rotated_to uuid,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT bi_login_role_form CHECK ((role_name ~ '^bi_[a-z2-7]{26}$'::text))
);

ALTER TABLE ONLY public.bi_login FORCE ROW LEVEL SECURITY;

ALTER TABLE public.bi_login OWNER TO stockwell_owner;

CREATE TABLE public.bill_line (
    tenant_id uuid NOT NULL,
    bill_id uuid NOT NULL,
    line_no integer NOT NULL,
    original_id uuid NOT NULL,
    original_line_no integer,
    purchase_order_id uuid,
    order_line_no integer,
    receipt_id uuid,
    receipt_line_no integer,
    product_id uuid,
    location_id uuid,
    account_code text,
    description text,
    uom text,
    entered numeric(18,6) NOT NULL,
    unit_cost numeric(18,6) NOT NULL,
    quantity numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    tax numeric(18,4) NOT NULL,
    reasons text[] DEFAULT '{}'::text[] NOT NULL,
    foreign_unit_cost numeric(18,6),
    foreign_value numeric(18,4),
    foreign_tax numeric(18,4),
    CONSTRAINT bill_line_cost_range CHECK ((unit_cost >= (0)::numeric)),
    CONSTRAINT bill_line_foreign_complete CHECK ((num_nonnulls(foreign_unit_cost, foreign_value, foreign_tax) = ANY (ARRAY[0, 3]))),
    CONSTRAINT bill_line_goods CHECK (((account_code IS NULL) = ((product_id IS NOT NULL) AND (location_id IS NOT NULL)))),
    CONSTRAINT bill_line_order_complete CHECK (((purchase_order_id IS NULL) = (order_line_no IS NULL))),
    CONSTRAINT bill_line_receipt_complete CHECK (((receipt_id IS NULL) = (receipt_line_no IS NULL))),
    CONSTRAINT bill_line_subject CHECK ((num_nonnulls(purchase_order_id, receipt_id, account_code) = 1))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.bill_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.bill_line OWNER TO stockwell_owner;

CREATE TABLE public.bill_match (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    document_kind text NOT NULL,
    bill_id uuid NOT NULL,
    line_no integer NOT NULL,
    stock_document_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    received_value numeric(18,4) NOT NULL,
    billed_value numeric(18,4) NOT NULL,
    held numeric(18,4) NOT NULL,
    gone numeric(18,4) NOT NULL,
    CONSTRAINT bill_match_adds_up CHECK (((billed_value - received_value) = (held + gone)))
);

ALTER TABLE ONLY public.bill_match FORCE ROW LEVEL SECURITY;

ALTER TABLE public.bill_match OWNER TO stockwell_owner;

CREATE TABLE public.bundle_component (
    tenant_id uuid NOT NULL,
    bundle_id uuid NOT NULL,
    line_no integer NOT NULL,
    component_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    CONSTRAINT bundle_component_quantity_positive CHECK ((quantity > (0)::numeric))
);

ALTER TABLE ONLY public.bundle_component FORCE ROW LEVEL SECURITY;

ALTER TABLE public.bundle_component OWNER TO stockwell_owner;

CREATE TABLE public.channel_price_list (
    tenant_id uuid NOT NULL,
    channel text NOT NULL,
    location_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    price_list_id uuid NOT NULL,
    CONSTRAINT channel_price_list_channel_known CHECK ((channel = ANY (ARRAY['wholesale'::text, 'retail'::text])))
);

ALTER TABLE ONLY public.channel_price_list FORCE ROW LEVEL SECURITY;

ALTER TABLE public.channel_price_list OWNER TO stockwell_owner;

CREATE TABLE public.command (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    idempotency_key text,
    fingerprint bytea,
    status smallint NOT NULL,
    document_id uuid,
    response text,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT command_actor_known CHECK ((actor_kind = ANY (ARRAY['api_key'::text, 'user'::text, 'customer'::text, 'operator'::text, 'worker'::text]))),
    CONSTRAINT command_fingerprint_length CHECK ((octet_length(fingerprint) = 32)),
    CONSTRAINT command_key_length CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 255)))
);

ALTER TABLE ONLY public.command FORCE ROW LEVEL SECURITY;

ALTER TABLE public.command OWNER TO stockwell_owner;

CREATE TABLE public.count_setting (
    tenant_id uuid NOT NULL,
    tolerance_percent numeric(9,6),
    tolerance_value numeric(18,4),
    approval_value numeric(18,4),
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT count_setting_range CHECK ((((tolerance_percent >= (0)::numeric) AND (tolerance_percent <= (100)::numeric)) AND (tolerance_value >= (0)::numeric) AND (approval_value >= (0)::numeric)))
);

ALTER TABLE ONLY public.count_setting FORCE ROW LEVEL SECURITY;

ALTER TABLE public.count_setting OWNER TO stockwell_owner;

CREATE TABLE public.custom_role (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    base text NOT NULL,
    scopes text[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.custom_role FORCE ROW LEVEL SECURITY;

ALTER TABLE public.custom_role OWNER TO stockwell_owner;

CREATE TABLE public.customer_session (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    hash bytea NOT NULL,
    origins text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);

ALTER TABLE ONLY public.customer_session FORCE ROW LEVEL SECURITY;

ALTER TABLE public.customer_session OWNER TO stockwell_owner;

CREATE TABLE public.event (
    tenant_id uuid NOT NULL,
    "position" bigint DEFAULT (public.event_base() + GREATEST(((pg_current_xact_id())::text)::bigint, (((pg_snapshot_xmax(pg_current_snapshot()))::text)::bigint - 1))) NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    command_id uuid NOT NULL,
    document_kind text NOT NULL,
    document_id uuid NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    written bigint DEFAULT ((pg_current_wal_insert_lsn() - '0/0'::pg_lsn))::bigint NOT NULL
);

ALTER TABLE ONLY public.event FORCE ROW LEVEL SECURITY;

ALTER TABLE public.event OWNER TO stockwell_owner;

CREATE TABLE public.event_cursor (
    tenant_id uuid NOT NULL,
    consumer text NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    written bigint DEFAULT 0 NOT NULL,
    event_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    leased_by uuid,
    lease_until timestamp with time zone,
    CONSTRAINT event_cursor_consumer_length CHECK (((length(consumer) >= 1) AND (length(consumer) <= 100))),
    CONSTRAINT event_cursor_lease_ends CHECK (((leased_by IS NULL) = (lease_until IS NULL)))
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.event_cursor FORCE ROW LEVEL SECURITY;

ALTER TABLE public.event_cursor OWNER TO stockwell_owner;

CREATE TABLE public.exchange_rate (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    currency text NOT NULL,
    valid_from date NOT NULL,
    rate numeric(18,10) NOT NULL,
    source text,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT exchange_rate_positive CHECK ((rate > (0)::numeric))
);

ALTER TABLE ONLY public.exchange_rate FORCE ROW LEVEL SECURITY;

ALTER TABLE public.exchange_rate OWNER TO stockwell_owner;

CREATE TABLE public.expected_receipt (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    location_id uuid NOT NULL,
    expected_on date NOT NULL,
    reference text,
    status text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT expected_receipt_status_known CHECK ((status = ANY (ARRAY['open'::text, 'received'::text, 'cancelled'::text])))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.expected_receipt FORCE ROW LEVEL SECURITY;

ALTER TABLE public.expected_receipt OWNER TO stockwell_owner;

CREATE TABLE public.expected_receipt_line (
    tenant_id uuid NOT NULL,
    expected_receipt_id uuid NOT NULL,
    line_no integer NOT NULL,
    product_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    received numeric(18,6) DEFAULT 0 NOT NULL,
    CONSTRAINT expected_receipt_line_quantity_positive CHECK (((quantity > (0)::numeric) AND (received >= (0)::numeric)))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.expected_receipt_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.expected_receipt_line OWNER TO stockwell_owner;

CREATE TABLE public.failed_attempt (
    tenant_id uuid NOT NULL,
    key bytea NOT NULL,
    failures integer NOT NULL,
    ends_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.failed_attempt FORCE ROW LEVEL SECURITY;

ALTER TABLE public.failed_attempt OWNER TO stockwell_owner;

CREATE TABLE public.foreign_line (
    tenant_id uuid NOT NULL,
    document_kind text NOT NULL,
    document_id uuid NOT NULL,
    line_no integer NOT NULL,
    decimals integer NOT NULL,
    unit_price numeric(18,6) NOT NULL,
    gross numeric(18,4) NOT NULL,
    net numeric(18,4) NOT NULL,
    tax numeric(18,4) NOT NULL
);

ALTER TABLE ONLY public.foreign_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.foreign_line OWNER TO stockwell_owner;

CREATE TABLE public.former_barcode (
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    product_id uuid NOT NULL,
    uom text NOT NULL,
    since timestamp with time zone,
    replaced_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.former_barcode FORCE ROW LEVEL SECURITY;

ALTER TABLE public.former_barcode OWNER TO stockwell_owner;

CREATE TABLE public.former_sku (
    tenant_id uuid NOT NULL,
    sku text NOT NULL,
    product_id uuid NOT NULL,
    replaced_at timestamp with time zone NOT NULL,
    since timestamp with time zone
);

ALTER TABLE ONLY public.former_sku FORCE ROW LEVEL SECURITY;

ALTER TABLE public.former_sku OWNER TO stockwell_owner;

CREATE TABLE public.former_unit (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    uom text NOT NULL,
    factor numeric(18,6) NOT NULL,
    factor_denominator smallint NOT NULL,
    list_price numeric(18,6),
    replaced_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.former_unit FORCE ROW LEVEL SECURITY;

ALTER TABLE public.former_unit OWNER TO stockwell_owner;

CREATE TABLE public.hold (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    reference text,
    location_id uuid NOT NULL,
    customer_id uuid,
    note text,
    status text NOT NULL,
    expires_at timestamp with time zone,
    placed_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    command_id uuid NOT NULL,
    register_id uuid,
    channel text,
    CONSTRAINT hold_channel_known CHECK ((channel = ANY (ARRAY['wholesale'::text, 'retail'::text]))),
    CONSTRAINT hold_ends CHECK (((kind <> 'quarantine'::text) = (expires_at IS NOT NULL))),
    CONSTRAINT hold_is_for_a_channel CHECK (((kind = 'channel_allotment'::text) = (channel IS NOT NULL))),
    CONSTRAINT hold_is_for_a_till CHECK (((kind = 'till_allotment'::text) = (register_id IS NOT NULL))),
    CONSTRAINT hold_kind_known CHECK ((kind = ANY (ARRAY['hold'::text, 'quarantine'::text, 'till_allotment'::text, 'channel_allotment'::text]))),
    CONSTRAINT hold_status_known CHECK ((status = ANY (ARRAY['open'::text, 'released'::text, 'replaced'::text, 'used'::text])))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.hold FORCE ROW LEVEL SECURITY;

ALTER TABLE public.hold OWNER TO stockwell_owner;

CREATE TABLE public.hold_line (
    tenant_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    line_no integer NOT NULL,
    product_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    lot_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    CONSTRAINT hold_line_quantity_positive CHECK ((quantity > (0)::numeric))
);

ALTER TABLE ONLY public.hold_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.hold_line OWNER TO stockwell_owner;

CREATE TABLE public.hold_reference (
    tenant_id uuid NOT NULL,
    reference text NOT NULL,
    placed_at timestamp with time zone NOT NULL
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.hold_reference FORCE ROW LEVEL SECURITY;

ALTER TABLE public.hold_reference OWNER TO stockwell_owner;

CREATE TABLE public.identity_provider (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    client_secret bytea NOT NULL,
    redirect_url text NOT NULL,
    email_domains text[] NOT NULL,
    role text,
    asks_second_factor boolean NOT NULL,
    admits_owners boolean NOT NULL,
    enabled boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.identity_provider FORCE ROW LEVEL SECURITY;

ALTER TABLE public.identity_provider OWNER TO stockwell_owner;

CREATE TABLE public.invitation (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    hash bytea NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    revoked_at timestamp with time zone,
    user_id uuid,
    custom_role_id uuid
);

ALTER TABLE ONLY public.invitation FORCE ROW LEVEL SECURITY;

ALTER TABLE public.invitation OWNER TO stockwell_owner;

CREATE TABLE public.job (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    rows_done bigint NOT NULL,
    rows_total bigint,
    http_status smallint,
    response text,
    CONSTRAINT job_finished CHECK ((((finished_at IS NULL) = (http_status IS NULL)) AND ((finished_at IS NULL) = (response IS NULL)))),
    CONSTRAINT job_rows_sign CHECK (((rows_done >= 0) AND (rows_total >= 0)))
);

ALTER TABLE ONLY public.job FORCE ROW LEVEL SECURITY;

ALTER TABLE public.job OWNER TO stockwell_owner;

CREATE TABLE public.landed_cost (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    spread_by text NOT NULL,
    reference text,
    reason text,
    value numeric(18,4) NOT NULL,
    charges jsonb NOT NULL,
    original_id uuid,
    reversed_by_id uuid,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT landed_cost_spread_by_known CHECK ((spread_by = ANY (ARRAY['value'::text, 'quantity'::text, 'weight'::text, 'volume'::text]))),
    CONSTRAINT landed_cost_value_sign CHECK ((((original_id IS NULL) = (value > (0)::numeric)) AND (value <> (0)::numeric)))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.landed_cost FORCE ROW LEVEL SECURITY;

ALTER TABLE public.landed_cost OWNER TO stockwell_owner;

CREATE TABLE public.landed_cost_line (
    tenant_id uuid NOT NULL,
    landed_cost_id uuid NOT NULL,
    line_no integer NOT NULL,
    stock_document_id uuid NOT NULL,
    receipt_line_no integer NOT NULL,
    product_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    location_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    basis numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    held numeric(18,6) NOT NULL,
    held_value numeric(18,4) NOT NULL,
    CONSTRAINT landed_cost_line_held_range CHECK ((((held >= (0)::numeric) AND (held <= quantity)) AND (basis >= (0)::numeric))),
    CONSTRAINT landed_cost_line_share_range CHECK (((abs(held_value) <= abs(value)) AND ((held_value * value) >= (0)::numeric)))
);

ALTER TABLE ONLY public.landed_cost_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.landed_cost_line OWNER TO stockwell_owner;

CREATE TABLE public.lot_recall (
    tenant_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    reason text NOT NULL,
    recalled_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL
);

ALTER TABLE ONLY public.lot_recall FORCE ROW LEVEL SECURITY;

ALTER TABLE public.lot_recall OWNER TO stockwell_owner;

CREATE TABLE public.movement_pack (
    tenant_id uuid NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    part integer NOT NULL,
    movements bytea NOT NULL,
    CONSTRAINT movement_pack_whole CHECK (((length(movements) > 0) AND ((length(movements) % 17) = 0)))
);

ALTER TABLE ONLY public.movement_pack FORCE ROW LEVEL SECURITY;

ALTER TABLE public.movement_pack OWNER TO stockwell_owner;

CREATE TABLE public.movement_quarter (
    tenant_id uuid NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    known_until timestamp with time zone NOT NULL,
    movements bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT movement_quarter_forward CHECK (((begins_at < known_until) AND (movements > 0) AND (first_at <= last_at)))
);

ALTER TABLE ONLY public.movement_quarter FORCE ROW LEVEL SECURITY;

ALTER TABLE public.movement_quarter OWNER TO stockwell_owner;

CREATE TABLE public.number_series (
    tenant_id uuid NOT NULL,
    series text NOT NULL,
    next bigint DEFAULT 1 NOT NULL,
    CONSTRAINT number_series_next_positive CHECK ((next > 0))
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.number_series FORCE ROW LEVEL SECURITY;

ALTER TABLE public.number_series OWNER TO stockwell_owner;

CREATE TABLE public.password_link (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    hash bytea NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);

ALTER TABLE ONLY public.password_link FORCE ROW LEVEL SECURITY;

ALTER TABLE public.password_link OWNER TO stockwell_owner;

CREATE TABLE public.payment_allocation (
    tenant_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    amount numeric(18,4) NOT NULL,
    foreign_amount numeric(18,4),
    difference numeric(18,4) DEFAULT 0 NOT NULL,
    CONSTRAINT payment_allocation_moves CHECK (((amount >= (0)::numeric) AND ((amount > (0)::numeric) OR (COALESCE(foreign_amount, (0)::numeric) > (0)::numeric))))
);

ALTER TABLE ONLY public.payment_allocation FORCE ROW LEVEL SECURITY;

ALTER TABLE public.payment_allocation OWNER TO stockwell_owner;

CREATE TABLE public.payment_intent (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    provider_id uuid NOT NULL,
    register_id uuid NOT NULL,
    currency text NOT NULL,
    amount numeric(18,4) NOT NULL,
    status text NOT NULL,
    authorised_amount numeric(18,4),
    authorised_at timestamp with time zone,
    captured_amount numeric(18,4),
    card_brand text,
    card_last_four text,
    authorisation_code text,
    terminal_id text,
    expires_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    original_id uuid,
    CONSTRAINT payment_intent_amount_positive CHECK (((amount > (0)::numeric) AND (COALESCE(authorised_amount, (1)::numeric) > (0)::numeric) AND (COALESCE(captured_amount, (1)::numeric) > (0)::numeric))),
    CONSTRAINT payment_intent_status_known CHECK ((status = ANY (ARRAY['created'::text, 'authorised'::text, 'cancelled'::text, 'failed'::text, 'expired'::text, 'captured'::text])))
);

ALTER TABLE ONLY public.payment_intent FORCE ROW LEVEL SECURITY;

ALTER TABLE public.payment_intent OWNER TO stockwell_owner;

CREATE TABLE public.payment_provider (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    secret bytea NOT NULL,
    previous_secret bytea,
    previous_until timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.payment_provider FORCE ROW LEVEL SECURITY;

ALTER TABLE public.payment_provider OWNER TO stockwell_owner;

CREATE TABLE public.payment_provider_event (
    tenant_id uuid NOT NULL,
    provider_id uuid NOT NULL,
    event_id text NOT NULL,
    received_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.payment_provider_event FORCE ROW LEVEL SECURITY;

ALTER TABLE public.payment_provider_event OWNER TO stockwell_owner;

CREATE TABLE public.peg (
    tenant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    line_no integer NOT NULL,
    peg_no integer NOT NULL,
    expected_receipt_id uuid,
    transfer_id uuid,
    supply_line_no integer NOT NULL,
    quantity numeric(18,6) NOT NULL,
    expected_on date NOT NULL,
    purchase_order_id uuid,
    CONSTRAINT peg_one_supply CHECK ((num_nonnulls(expected_receipt_id, transfer_id, purchase_order_id) = 1)),
    CONSTRAINT peg_quantity_positive CHECK ((quantity > (0)::numeric))
);

ALTER TABLE ONLY public.peg FORCE ROW LEVEL SECURITY;

ALTER TABLE public.peg OWNER TO stockwell_owner;

CREATE TABLE public.period_close (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    month date NOT NULL,
    kind text NOT NULL,
    items jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT period_close_kind_known CHECK ((kind = ANY (ARRAY['closed'::text, 'reopened'::text]))),
    CONSTRAINT period_close_month_begins CHECK ((EXTRACT(day FROM month) = (1)::numeric))
);

ALTER TABLE ONLY public.period_close FORCE ROW LEVEL SECURITY;

ALTER TABLE public.period_close OWNER TO stockwell_owner;

CREATE TABLE public.period_lock (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    locked_through date,
    reason text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL
);

ALTER TABLE ONLY public.period_lock FORCE ROW LEVEL SECURITY;

ALTER TABLE public.period_lock OWNER TO stockwell_owner;

CREATE TABLE public.pos_sale (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    register_id uuid NOT NULL,
    session_id uuid NOT NULL,
    location_id uuid NOT NULL,
    customer_id uuid,
    original_id uuid,
    currency text NOT NULL,
    country text NOT NULL,
    gross numeric(18,4) NOT NULL,
    discount numeric(18,4) NOT NULL,
    net numeric(18,4) NOT NULL,
    tax numeric(18,4) NOT NULL,
    rounding numeric(18,4) DEFAULT 0 NOT NULL,
    total numeric(18,4) NOT NULL,
    cost numeric(18,4) NOT NULL,
    returned boolean DEFAULT false NOT NULL,
    business_date date NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    customer_version integer,
    seller_version integer,
    CONSTRAINT pos_sale_adds_up CHECK (((net = (gross - discount)) AND (total = ((net + tax) + rounding)))),
    CONSTRAINT pos_sale_kind_known CHECK ((kind = ANY (ARRAY['sale'::text, 'refund'::text])))
);

ALTER TABLE ONLY public.pos_sale FORCE ROW LEVEL SECURITY;

ALTER TABLE public.pos_sale OWNER TO stockwell_owner;

CREATE TABLE public.pos_session (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    register_id uuid NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    opening_float numeric(18,4) NOT NULL,
    counted numeric(18,4),
    expected numeric(18,4),
    difference numeric(18,4),
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT pos_session_closed_whole CHECK ((((status = 'open'::text) = (closed_at IS NULL)) AND ((closed_at IS NULL) = (counted IS NULL)) AND ((counted IS NULL) = (expected IS NULL)) AND ((expected IS NULL) = (difference IS NULL)))),
    CONSTRAINT pos_session_float_range CHECK ((opening_float >= (0)::numeric)),
    CONSTRAINT pos_session_status_known CHECK ((status = ANY (ARRAY['open'::text, 'closed'::text])))
);

ALTER TABLE ONLY public.pos_session FORCE ROW LEVEL SECURITY;

ALTER TABLE public.pos_session OWNER TO stockwell_owner;

CREATE TABLE public.price_list (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    includes_tax boolean
);

ALTER TABLE ONLY public.price_list FORCE ROW LEVEL SECURITY;

ALTER TABLE public.price_list OWNER TO stockwell_owner;

CREATE TABLE public.price_rule (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    price_list_id uuid NOT NULL,
    scope text NOT NULL,
    product_id uuid,
    category_id uuid,
    method text NOT NULL,
    value numeric(18,6) NOT NULL,
    min_quantity numeric(18,6) DEFAULT 0 NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT price_rule_method_known CHECK ((method = ANY (ARRAY['fixed'::text, 'percent_off'::text, 'amount_off'::text]))),
    CONSTRAINT price_rule_min_quantity_range CHECK ((min_quantity >= (0)::numeric)),
    CONSTRAINT price_rule_scope_known CHECK ((((scope = 'product'::text) AND (product_id IS NOT NULL) AND (category_id IS NULL)) OR ((scope = 'category'::text) AND (category_id IS NOT NULL) AND (product_id IS NULL)) OR ((scope = 'all'::text) AND (product_id IS NULL) AND (category_id IS NULL)))),
    CONSTRAINT price_rule_validity CHECK (((valid_from IS NULL) OR (valid_until IS NULL) OR (valid_from < valid_until))),
    CONSTRAINT price_rule_value_range CHECK (((value >= (0)::numeric) AND ((method <> 'percent_off'::text) OR (value <= (100)::numeric))))
);

ALTER TABLE ONLY public.price_rule FORCE ROW LEVEL SECURITY;

ALTER TABLE public.price_rule OWNER TO stockwell_owner;

CREATE TABLE public.product_group (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    options jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.product_group FORCE ROW LEVEL SECURITY;

ALTER TABLE public.product_group OWNER TO stockwell_owner;

CREATE TABLE public.product_unit (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    uom text NOT NULL,
    factor numeric(18,6) NOT NULL,
    list_price numeric(18,6),
    factor_denominator smallint DEFAULT 1 NOT NULL,
    CONSTRAINT product_unit_denominator_range CHECK (((factor_denominator >= 1) AND (factor_denominator <= 10000))),
    CONSTRAINT product_unit_factor_positive CHECK ((factor > (0)::numeric)),
    CONSTRAINT product_unit_list_price_range CHECK ((list_price >= (0)::numeric))
);

ALTER TABLE ONLY public.product_unit FORCE ROW LEVEL SECURITY;

ALTER TABLE public.product_unit OWNER TO stockwell_owner;

CREATE TABLE public.provider_account (
    tenant_id uuid NOT NULL,
    provider_id uuid NOT NULL,
    subject_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.provider_account FORCE ROW LEVEL SECURITY;

ALTER TABLE public.provider_account OWNER TO stockwell_owner;

CREATE TABLE public.provider_login (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    state_hash bytea NOT NULL,
    code_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    asks_second_factor boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE ONLY public.provider_login FORCE ROW LEVEL SECURITY;

ALTER TABLE public.provider_login OWNER TO stockwell_owner;

CREATE TABLE public.purchase_order (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    supplier_id uuid NOT NULL,
    status text NOT NULL,
    reference text,
    over_receipt_percent numeric(9,6) NOT NULL,
    lead_time_days integer,
    value numeric(18,4) NOT NULL,
    sent_at timestamp with time zone,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    command_id uuid NOT NULL,
    foreign_currency text,
    exchange_rate numeric(18,10),
    foreign_value numeric(18,4),
    CONSTRAINT purchase_order_exchange_rate_positive CHECK ((exchange_rate > (0)::numeric)),
    CONSTRAINT purchase_order_foreign_complete CHECK ((num_nonnulls(foreign_currency, exchange_rate, foreign_value) = ANY (ARRAY[0, 3]))),
    CONSTRAINT purchase_order_over_receipt_range CHECK (((over_receipt_percent >= (0)::numeric) AND (over_receipt_percent <= (100)::numeric))),
    CONSTRAINT purchase_order_status_known CHECK ((status = ANY (ARRAY['draft'::text, 'sent'::text, 'confirmed'::text, 'partly_received'::text, 'received'::text, 'closed'::text, 'cancelled'::text])))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.purchase_order FORCE ROW LEVEL SECURITY;

ALTER TABLE public.purchase_order OWNER TO stockwell_owner;

CREATE TABLE public.purchase_order_line (
    tenant_id uuid NOT NULL,
    purchase_order_id uuid NOT NULL,
    line_no integer NOT NULL,
    product_id uuid NOT NULL,
    supplier_sku text,
    location_id uuid NOT NULL,
    uom text NOT NULL,
    factor numeric(18,6) NOT NULL,
    factor_denominator smallint NOT NULL,
    entered numeric(18,6) NOT NULL,
    unit_cost numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    quantity numeric(18,6) NOT NULL,
    received numeric(18,6) DEFAULT 0 NOT NULL,
    cancelled numeric(18,6) DEFAULT 0 NOT NULL,
    expected_on date,
    foreign_unit_cost numeric(18,6),
    foreign_value numeric(18,4),
    CONSTRAINT purchase_order_line_cost_range CHECK (((unit_cost >= (0)::numeric) AND (value >= (0)::numeric))),
    CONSTRAINT purchase_order_line_flow CHECK (((quantity > (0)::numeric) AND (received >= (0)::numeric) AND (cancelled >= (0)::numeric) AND (cancelled <= quantity))),
    CONSTRAINT purchase_order_line_foreign_complete CHECK ((num_nonnulls(foreign_unit_cost, foreign_value) = ANY (ARRAY[0, 2])))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.purchase_order_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.purchase_order_line OWNER TO stockwell_owner;

CREATE TABLE public.purchase_receipt_line (
    tenant_id uuid NOT NULL,
    purchase_order_id uuid NOT NULL,
    stock_document_id uuid NOT NULL,
    line_no integer NOT NULL,
    quantity numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    CONSTRAINT purchase_receipt_line_quantity_positive CHECK ((quantity > (0)::numeric))
);

ALTER TABLE ONLY public.purchase_receipt_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.purchase_receipt_line OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_bundle (
    tenant_id uuid NOT NULL,
    item text NOT NULL,
    component text NOT NULL,
    quantity numeric(18,6) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT reconcile_bundle_quantity_positive CHECK ((quantity > (0)::numeric))
);

ALTER TABLE ONLY public.reconcile_bundle FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_bundle OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_discrepancy (
    tenant_id uuid NOT NULL,
    run_id uuid NOT NULL,
    no integer NOT NULL,
    system text NOT NULL,
    sku text NOT NULL,
    place text NOT NULL,
    class text NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    episode_id uuid,
    content jsonb NOT NULL
);

ALTER TABLE ONLY public.reconcile_discrepancy FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_discrepancy OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_episode (
    tenant_id uuid NOT NULL,
    run_id uuid NOT NULL,
    no integer NOT NULL,
    id uuid NOT NULL,
    system text NOT NULL,
    sku text NOT NULL,
    place text NOT NULL,
    class text NOT NULL,
    edge_from text NOT NULL,
    edge_to text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    healed_at timestamp with time zone,
    content jsonb NOT NULL
);

ALTER TABLE ONLY public.reconcile_episode FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_episode OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_event (
    tenant_id uuid NOT NULL,
    system_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    content uuid NOT NULL,
    copy integer NOT NULL,
    external_id text NOT NULL,
    type text NOT NULL,
    external_sku text NOT NULL,
    external_location text NOT NULL,
    quantity numeric(18,6) NOT NULL,
    recorded_at timestamp with time zone,
    reference text NOT NULL,
    actor text NOT NULL,
    entry_mode text NOT NULL,
    received_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.reconcile_event FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_event OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_fix (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    class text NOT NULL,
    edge_from text NOT NULL,
    edge_to text NOT NULL,
    content jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.reconcile_fix FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_fix OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_fix_applied (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    fix_id uuid NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL
);

ALTER TABLE ONLY public.reconcile_fix_applied FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_fix_applied OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_input (
    tenant_id uuid NOT NULL,
    changed_at timestamp with time zone
);

ALTER TABLE ONLY public.reconcile_input FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_input OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_item (
    tenant_id uuid NOT NULL,
    item text NOT NULL,
    category text NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.reconcile_item FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_item OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_lease (
    tenant_id uuid NOT NULL,
    leased_by uuid NOT NULL,
    lease_until timestamp with time zone NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.reconcile_lease FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_lease OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_location_mapping (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    system_id uuid NOT NULL,
    external_location text NOT NULL,
    location text NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT reconcile_location_mapping_order CHECK ((valid_from < valid_until))
);

ALTER TABLE ONLY public.reconcile_location_mapping FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_location_mapping OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_ownership (
    tenant_id uuid NOT NULL,
    process text NOT NULL,
    concern text NOT NULL,
    owner text NOT NULL,
    next_hops jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.reconcile_ownership FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_ownership OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_resolution (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    episode_id uuid NOT NULL,
    system text NOT NULL,
    found_class text NOT NULL,
    class text NOT NULL,
    note text,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL
);

ALTER TABLE ONLY public.reconcile_resolution FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_resolution OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_setting (
    tenant_id uuid NOT NULL,
    reference text NOT NULL,
    window_days smallint NOT NULL,
    wage_per_hour numeric(18,4) NOT NULL,
    currency text NOT NULL,
    minutes jsonb NOT NULL,
    harm jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT reconcile_setting_window_range CHECK (((window_days >= 30) AND (window_days <= 60)))
);

ALTER TABLE ONLY public.reconcile_setting FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_setting OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_sku_mapping (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    system_id uuid NOT NULL,
    external_sku text NOT NULL,
    external_location text NOT NULL,
    item text NOT NULL,
    factor numeric(18,6) NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT reconcile_sku_mapping_factor_positive CHECK ((factor > (0)::numeric)),
    CONSTRAINT reconcile_sku_mapping_order CHECK ((valid_from < valid_until))
);

ALTER TABLE ONLY public.reconcile_sku_mapping FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_sku_mapping OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_snapshot (
    tenant_id uuid NOT NULL,
    system_id uuid NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    is_full boolean NOT NULL,
    received_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.reconcile_snapshot FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_snapshot OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_snapshot_line (
    tenant_id uuid NOT NULL,
    system_id uuid NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    content uuid NOT NULL,
    copy integer NOT NULL,
    external_sku text NOT NULL,
    external_location text NOT NULL,
    lot text NOT NULL,
    quantity numeric(18,6) NOT NULL,
    reserved numeric(18,6),
    quarantined numeric(18,6),
    incoming numeric(18,6),
    received_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.reconcile_snapshot_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_snapshot_line OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_system (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    quantity_meaning text NOT NULL,
    sync_interval_minutes integer NOT NULL,
    clock_offset_seconds integer DEFAULT 0 NOT NULL,
    sign text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT reconcile_system_interval_positive CHECK ((sync_interval_minutes > 0))
);

ALTER TABLE ONLY public.reconcile_system FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_system OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_touchpoint (
    tenant_id uuid NOT NULL,
    system_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    content uuid NOT NULL,
    copy integer NOT NULL,
    kind text NOT NULL,
    minutes numeric(18,6),
    actor text NOT NULL,
    external_sku text NOT NULL,
    external_location text NOT NULL,
    note text NOT NULL,
    received_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.reconcile_touchpoint FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_touchpoint OWNER TO stockwell_owner;

CREATE TABLE public.reconcile_verdict (
    tenant_id uuid NOT NULL,
    fix_id uuid NOT NULL,
    run_id uuid NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    week integer NOT NULL,
    verdict text NOT NULL,
    content jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.reconcile_verdict FORCE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_verdict OWNER TO stockwell_owner;

CREATE TABLE public.recurring_entry (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    memo text NOT NULL,
    lines jsonb NOT NULL,
    rhythm text NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    posted integer NOT NULL,
    next_on date,
    tried_on date,
    problem text,
    ended_at timestamp with time zone,
    version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT recurring_entry_ended CHECK (((next_on IS NULL) = (ended_at IS NOT NULL))),
    CONSTRAINT recurring_entry_rhythm_known CHECK ((rhythm = ANY (ARRAY['weekly'::text, 'monthly'::text, 'quarterly'::text, 'yearly'::text])))
);

ALTER TABLE ONLY public.recurring_entry FORCE ROW LEVEL SECURITY;

ALTER TABLE public.recurring_entry OWNER TO stockwell_owner;

CREATE TABLE public.refresh_token (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    family_id uuid NOT NULL,
    user_id uuid NOT NULL,
    hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    began_at timestamp with time zone,
    network text,
    user_agent text
);

ALTER TABLE ONLY public.refresh_token FORCE ROW LEVEL SECURITY;

ALTER TABLE public.refresh_token OWNER TO stockwell_owner;

CREATE TABLE public.register (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    location_id uuid NOT NULL,
    cash_rounding numeric(18,4) DEFAULT 0 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    discount_max numeric(9,6),
    CONSTRAINT register_cash_rounding_range CHECK ((cash_rounding >= (0)::numeric)),
    CONSTRAINT register_code_form CHECK ((code ~ '^[A-Z0-9]{1,12}$'::text)),
    CONSTRAINT register_discount_max_range CHECK (((discount_max >= (0)::numeric) AND (discount_max <= (100)::numeric)))
);

ALTER TABLE ONLY public.register FORCE ROW LEVEL SECURITY;

ALTER TABLE public.register OWNER TO stockwell_owner;

CREATE TABLE public.replaced_customer (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    version integer NOT NULL,
    number text NOT NULL,
    name text NOT NULL,
    tax_number text,
    addresses jsonb DEFAULT '[]'::jsonb NOT NULL,
    replaced_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.replaced_customer FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_customer OWNER TO stockwell_owner;

CREATE TABLE public.replaced_location (
    tenant_id uuid NOT NULL,
    location_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    replaced_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.replaced_location FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_location OWNER TO stockwell_owner;

CREATE TABLE public.replaced_price (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    uom text NOT NULL,
    replaced_at timestamp with time zone NOT NULL,
    price numeric(18,6)
);

ALTER TABLE ONLY public.replaced_price FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_price OWNER TO stockwell_owner;

CREATE TABLE public.replaced_product (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    version integer NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    tax_class_id uuid NOT NULL,
    replaced_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.replaced_product FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_product OWNER TO stockwell_owner;

CREATE TABLE public.replaced_seller (
    tenant_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    tax_number text,
    address jsonb,
    logo_url text,
    replaced_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.replaced_seller FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_seller OWNER TO stockwell_owner;

CREATE TABLE public.replaced_supplier (
    tenant_id uuid NOT NULL,
    supplier_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    tax_number text,
    addresses jsonb NOT NULL,
    replaced_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.replaced_supplier FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_supplier OWNER TO stockwell_owner;

CREATE TABLE public.replenish_category (
    tenant_id uuid NOT NULL,
    category_id uuid NOT NULL,
    service text,
    review_days smallint,
    review_weekday text,
    method text,
    min_stock numeric(18,6),
    max_stock numeric(18,6),
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT replenish_category_method_known CHECK ((method = ANY (ARRAY['computed'::text, 'min_max'::text, 'never'::text]))),
    CONSTRAINT replenish_category_min_max CHECK ((((NOT (method IS DISTINCT FROM 'min_max'::text)) = ((min_stock IS NOT NULL) AND (max_stock IS NOT NULL))) AND (min_stock >= (0)::numeric) AND (min_stock <= max_stock))),
    CONSTRAINT replenish_category_range CHECK ((review_days > 0)),
    CONSTRAINT replenish_category_review_weekday_known CHECK ((review_weekday = ANY (ARRAY['monday'::text, 'tuesday'::text, 'wednesday'::text, 'thursday'::text, 'friday'::text, 'saturday'::text, 'sunday'::text]))),
    CONSTRAINT replenish_category_service_known CHECK ((service = ANY (ARRAY['0.80'::text, '0.90'::text, '0.95'::text, '0.98'::text, '0.99'::text])))
);

ALTER TABLE ONLY public.replenish_category FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replenish_category OWNER TO stockwell_owner;

CREATE TABLE public.replenish_order (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    purchase_order_id uuid NOT NULL,
    accepted_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.replenish_order FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replenish_order OWNER TO stockwell_owner;

CREATE TABLE public.replenish_setting (
    tenant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    location_id uuid NOT NULL,
    service text,
    review_days smallint,
    review_weekday text,
    order_cost numeric(18,4),
    holding_percent numeric(9,6),
    cover_days smallint,
    smoothing text,
    shelf_days smallint,
    lead_time_days smallint,
    minimum numeric(18,6),
    pack numeric(18,6),
    method text,
    min_stock numeric(18,6),
    max_stock numeric(18,6),
    analogue_rate numeric(18,6),
    source_location_id uuid,
    updated_at timestamp with time zone NOT NULL,
    planned jsonb,
    supersedes_id uuid,
    analogue_product_id uuid,
    analogue_percent numeric(9,6),
    CONSTRAINT replenish_setting_method_known CHECK ((method = ANY (ARRAY['computed'::text, 'min_max'::text, 'never'::text]))),
    CONSTRAINT replenish_setting_min_max CHECK ((((NOT (method IS DISTINCT FROM 'min_max'::text)) = ((min_stock IS NOT NULL) AND (max_stock IS NOT NULL))) AND (min_stock >= (0)::numeric) AND (min_stock <= max_stock))),
    CONSTRAINT replenish_setting_range CHECK (((review_days > 0) AND (cover_days > 0) AND (shelf_days > 0) AND (lead_time_days >= 0) AND (order_cost >= (0)::numeric) AND (holding_percent >= (0)::numeric) AND (minimum > (0)::numeric) AND (pack > (0)::numeric) AND (analogue_rate >= (0)::numeric))),
    CONSTRAINT replenish_setting_review_weekday_known CHECK ((review_weekday = ANY (ARRAY['monday'::text, 'tuesday'::text, 'wednesday'::text, 'thursday'::text, 'friday'::text, 'saturday'::text, 'sunday'::text]))),
    CONSTRAINT replenish_setting_service_known CHECK ((service = ANY (ARRAY['0.80'::text, '0.90'::text, '0.95'::text, '0.98'::text, '0.99'::text]))),
    CONSTRAINT replenish_setting_smoothing_known CHECK ((smoothing = ANY (ARRAY['fifth'::text, 'tenth'::text])))
);

ALTER TABLE ONLY public.replenish_setting FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replenish_setting OWNER TO stockwell_owner;

CREATE TABLE public.replenish_supplier (
    tenant_id uuid NOT NULL,
    supplier_id uuid NOT NULL,
    service text,
    review_days smallint,
    review_weekday text,
    order_cost numeric(18,4),
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT replenish_supplier_range CHECK (((review_days > 0) AND (order_cost >= (0)::numeric))),
    CONSTRAINT replenish_supplier_review_weekday_known CHECK ((review_weekday = ANY (ARRAY['monday'::text, 'tuesday'::text, 'wednesday'::text, 'thursday'::text, 'friday'::text, 'saturday'::text, 'sunday'::text]))),
    CONSTRAINT replenish_supplier_service_known CHECK ((service = ANY (ARRAY['0.80'::text, '0.90'::text, '0.95'::text, '0.98'::text, '0.99'::text])))
);

ALTER TABLE ONLY public.replenish_supplier FORCE ROW LEVEL SECURITY;

ALTER TABLE public.replenish_supplier OWNER TO stockwell_owner;

CREATE TABLE public.request_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    request_id text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    status smallint NOT NULL,
    duration_ms integer NOT NULL,
    response_bytes bigint,
    code text,
    body text,
    CONSTRAINT request_log_duration_sign CHECK ((duration_ms >= 0))
);

ALTER TABLE ONLY public.request_log FORCE ROW LEVEL SECURITY;

ALTER TABLE public.request_log OWNER TO stockwell_owner;

CREATE TABLE public.sale_exception (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    sale_id uuid NOT NULL,
    reason text NOT NULL,
    line_no integer,
    expected numeric(18,4),
    stated numeric(18,4),
    detail text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    resolved_at timestamp with time zone,
    resolution text,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT sale_exception_resolved_whole CHECK (((resolved_at IS NULL) = (resolution IS NULL)))
);

ALTER TABLE ONLY public.sale_exception FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sale_exception OWNER TO stockwell_owner;

CREATE TABLE public.sale_external_ref (
    tenant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    external_ref text NOT NULL
);

ALTER TABLE ONLY public.sale_external_ref FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sale_external_ref OWNER TO stockwell_owner;

CREATE TABLE public.sales_by_category (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    month date NOT NULL,
    category_id uuid NOT NULL,
    channel text NOT NULL,
    location_id uuid NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    orders bigint NOT NULL,
    documents bigint NOT NULL,
    lines bigint NOT NULL,
    units numeric NOT NULL,
    returns numeric NOT NULL,
    gross_revenue numeric NOT NULL,
    net_revenue numeric NOT NULL,
    tax numeric NOT NULL,
    cost numeric NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_by_category FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_category OWNER TO stockwell_owner;

CREATE TABLE public.sales_by_customer (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    month date NOT NULL,
    customer_id uuid NOT NULL,
    channel text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units numeric NOT NULL,
    returns numeric NOT NULL,
    gross_revenue numeric NOT NULL,
    net_revenue numeric NOT NULL,
    tax numeric NOT NULL,
    cost numeric NOT NULL,
    first_order_at timestamp with time zone,
    last_order_at timestamp with time zone
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_by_customer FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_customer OWNER TO stockwell_owner;

CREATE TABLE public.sales_by_customer_year (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    year date NOT NULL,
    customer_id uuid NOT NULL,
    channel text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units numeric NOT NULL,
    returns numeric NOT NULL,
    gross_revenue numeric NOT NULL,
    net_revenue numeric NOT NULL,
    tax numeric NOT NULL,
    cost numeric NOT NULL,
    first_order_at timestamp with time zone,
    last_order_at timestamp with time zone
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_by_customer_year FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_customer_year OWNER TO stockwell_owner;

CREATE TABLE public.sales_by_day (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    day date NOT NULL,
    channel text NOT NULL,
    location_id uuid NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units numeric NOT NULL,
    returns numeric NOT NULL,
    gross_revenue numeric NOT NULL,
    net_revenue numeric NOT NULL,
    tax numeric NOT NULL,
    cost numeric NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_by_day FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_day OWNER TO stockwell_owner;

CREATE TABLE public.sales_by_product (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    month date NOT NULL,
    product_id uuid NOT NULL,
    category_id uuid NOT NULL,
    channel text NOT NULL,
    location_id uuid NOT NULL,
    currency text NOT NULL,
    orders bigint NOT NULL,
    documents bigint NOT NULL,
    lines bigint NOT NULL,
    units numeric NOT NULL,
    returns numeric NOT NULL,
    gross_revenue numeric NOT NULL,
    net_revenue numeric NOT NULL,
    tax numeric NOT NULL,
    cost numeric NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_by_product FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_product OWNER TO stockwell_owner;

CREATE TABLE public.sales_by_product_year (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    year date NOT NULL,
    product_id uuid NOT NULL,
    category_id uuid NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL,
    orders bigint NOT NULL,
    documents bigint NOT NULL,
    lines bigint NOT NULL,
    units numeric NOT NULL,
    returns numeric NOT NULL,
    gross_revenue numeric NOT NULL,
    net_revenue numeric NOT NULL,
    tax numeric NOT NULL,
    cost numeric NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_by_product_year FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_product_year OWNER TO stockwell_owner;

CREATE TABLE public.sales_by_quarter_hour (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    channel text NOT NULL,
    location_id uuid NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units numeric NOT NULL,
    returns numeric NOT NULL,
    gross_revenue numeric NOT NULL,
    net_revenue numeric NOT NULL,
    tax numeric NOT NULL,
    cost numeric NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_by_quarter_hour FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_quarter_hour OWNER TO stockwell_owner;

CREATE TABLE public.sales_fold (
    tenant_id uuid NOT NULL,
    generation integer,
    "position" bigint DEFAULT 0 NOT NULL,
    time_zone text,
    earliest_at timestamp with time zone,
    latest_at timestamp with time zone,
    next_generation integer,
    next_position bigint,
    next_time_zone text,
    next_after uuid,
    next_earliest_at timestamp with time zone,
    next_latest_at timestamp with time zone,
    CONSTRAINT sales_fold_has_zone CHECK (((generation IS NULL) = (time_zone IS NULL))),
    CONSTRAINT sales_fold_next_whole CHECK ((((next_generation IS NULL) = (next_position IS NULL)) AND ((next_generation IS NULL) = (next_time_zone IS NULL)) AND ((next_generation IS NULL) = (next_after IS NULL))))
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.sales_fold FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_fold OWNER TO stockwell_owner;

CREATE TABLE public.sales_order (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    customer_id uuid NOT NULL,
    location_id uuid NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    country text NOT NULL,
    reference text,
    external_ref text,
    requested_on date,
    net numeric(18,4) NOT NULL,
    tax numeric(18,4) NOT NULL,
    total numeric(18,4) NOT NULL,
    hold_reasons text[] DEFAULT '{}'::text[] NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    command_id uuid NOT NULL,
    policy text DEFAULT 'ship_complete'::text NOT NULL,
    priority smallint DEFAULT 0 NOT NULL,
    customer_version integer,
    seller_version integer,
    bill_to jsonb,
    ship_to jsonb,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    notes text DEFAULT ''::text NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    foreign_currency text,
    exchange_rate numeric(18,10),
    released_at timestamp with time zone,
    release_command_id uuid,
    discount_percent numeric(9,6),
    CONSTRAINT sales_order_exchange_rate_positive CHECK ((exchange_rate > (0)::numeric)),
    CONSTRAINT sales_order_foreign_complete CHECK ((num_nonnulls(foreign_currency, exchange_rate) = ANY (ARRAY[0, 2]))),
    CONSTRAINT sales_order_policy_known CHECK ((policy = ANY (ARRAY['ship_complete'::text, 'partial'::text, 'backorder'::text]))),
    CONSTRAINT sales_order_priority_range CHECK (((priority >= 0) AND (priority <= 9))),
    CONSTRAINT sales_order_status_known CHECK ((status = ANY (ARRAY['draft'::text, 'on_hold'::text, 'confirmed'::text, 'partially_shipped'::text, 'shipped'::text, 'invoiced'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY public.sales_order FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_order OWNER TO stockwell_owner;

CREATE TABLE public.sales_order_line (
    tenant_id uuid NOT NULL,
    order_id uuid NOT NULL,
    line_no integer NOT NULL,
    product_id uuid NOT NULL,
    description text,
    uom text NOT NULL,
    factor numeric(18,6) NOT NULL,
    entered numeric(18,6) NOT NULL,
    quantity numeric(18,6) NOT NULL,
    reserved numeric(18,6) DEFAULT 0 NOT NULL,
    shipped numeric(18,6) DEFAULT 0 NOT NULL,
    invoiced numeric(18,6) DEFAULT 0 NOT NULL,
    unit_price numeric(18,6) NOT NULL,
    list_price numeric(18,6),
    price_source text NOT NULL,
    price_rule_id uuid,
    price_trace jsonb,
    gross numeric(18,4) NOT NULL,
    discount numeric(18,4) NOT NULL,
    net numeric(18,4) NOT NULL,
    tax_rate numeric(9,6) NOT NULL,
    tax numeric(18,4) NOT NULL,
    bundle_id uuid,
    backordered numeric(18,6) DEFAULT 0 NOT NULL,
    cancelled numeric(18,6) DEFAULT 0 NOT NULL,
    backordered_at timestamp with time zone,
    promised_on date,
    product_version integer,
    taxes jsonb,
    discount_percent numeric(9,6),
    discount_amount numeric(18,4),
    CONSTRAINT sales_order_line_flow CHECK (((reserved >= (0)::numeric) AND (shipped >= (0)::numeric) AND (invoiced >= (0)::numeric) AND (backordered >= (0)::numeric) AND (cancelled >= (0)::numeric) AND ((((reserved + shipped) + backordered) + cancelled) <= quantity) AND (invoiced <= shipped))),
    CONSTRAINT sales_order_line_quantity_positive CHECK (((quantity > (0)::numeric) AND (entered > (0)::numeric) AND (factor > (0)::numeric))),
    CONSTRAINT sales_order_line_waits CHECK (((backordered > (0)::numeric) = (backordered_at IS NOT NULL)))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.sales_order_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_order_line OWNER TO stockwell_owner;

CREATE TABLE public.sales_sum_by_category (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    month date NOT NULL,
    category_id uuid NOT NULL,
    location_id uuid NOT NULL,
    orders bigint NOT NULL,
    documents bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    channel text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_category FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_category OWNER TO stockwell_owner;

CREATE TABLE public.sales_sum_by_customer (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    month date NOT NULL,
    customer_id uuid NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    first_order_at timestamp with time zone,
    last_order_at timestamp with time zone,
    channel text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_customer FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_customer OWNER TO stockwell_owner;

CREATE TABLE public.sales_sum_by_month (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    month date NOT NULL,
    location_id uuid NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    channel text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_month FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_month OWNER TO stockwell_owner;

CREATE TABLE public.sales_sum_by_product (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    month date NOT NULL,
    product_id uuid NOT NULL,
    category_id uuid NOT NULL,
    orders bigint NOT NULL,
    documents bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_product FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_product OWNER TO stockwell_owner;

CREATE TABLE public.sales_sum_by_product_location (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    month date NOT NULL,
    product_id uuid NOT NULL,
    category_id uuid NOT NULL,
    location_id uuid NOT NULL,
    orders bigint NOT NULL,
    documents bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_product_location FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_product_location OWNER TO stockwell_owner;

CREATE TABLE public.sales_sum_by_quarter_hour (
    tenant_id uuid NOT NULL,
    generation integer NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    location_id uuid NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    returns bigint NOT NULL,
    gross_revenue bigint NOT NULL,
    net_revenue bigint NOT NULL,
    tax bigint NOT NULL,
    cost bigint NOT NULL,
    channel text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.sales_sum_by_quarter_hour FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_quarter_hour OWNER TO stockwell_owner;

CREATE TABLE public.schema_migration (
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.schema_migration OWNER TO stockwell_owner;

CREATE TABLE public.schema_replaceable (
    name text NOT NULL,
    digest text NOT NULL
);

ALTER TABLE public.schema_replaceable OWNER TO stockwell_owner;

CREATE TABLE public.shipment_line (
    tenant_id uuid NOT NULL,
    shipment_id uuid NOT NULL,
    line_no integer NOT NULL,
    order_line_no integer NOT NULL,
    product_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    cost numeric(18,4) NOT NULL,
    CONSTRAINT shipment_line_quantity_positive CHECK ((quantity > (0)::numeric))
);

ALTER TABLE ONLY public.shipment_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.shipment_line OWNER TO stockwell_owner;

CREATE TABLE public.sku_mapping (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    system text NOT NULL,
    external_sku text NOT NULL,
    external_location text DEFAULT ''::text NOT NULL,
    product_id uuid NOT NULL,
    factor numeric(18,6) NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    validity tstzrange GENERATED ALWAYS AS (tstzrange(valid_from, valid_until)) STORED NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sku_mapping_factor_positive CHECK ((factor > (0)::numeric)),
    CONSTRAINT sku_mapping_validity_order CHECK ((valid_from < valid_until))
);

ALTER TABLE ONLY public.sku_mapping FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sku_mapping OWNER TO stockwell_owner;

CREATE TABLE public.stock_checkpoint (
    tenant_id uuid NOT NULL,
    as_of timestamp with time zone NOT NULL,
    known_from timestamp with time zone NOT NULL,
    known_until timestamp with time zone NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT stock_checkpoint_forward CHECK (((known_from < known_until) AND (as_of <= known_until)))
);

ALTER TABLE ONLY public.stock_checkpoint FORCE ROW LEVEL SECURITY;

ALTER TABLE public.stock_checkpoint OWNER TO stockwell_owner;

CREATE TABLE public.stock_checkpoint_level (
    tenant_id uuid NOT NULL,
    as_of timestamp with time zone NOT NULL,
    known_until timestamp with time zone NOT NULL,
    location_id uuid NOT NULL,
    product_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    quantity numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL
);

ALTER TABLE ONLY public.stock_checkpoint_level FORCE ROW LEVEL SECURITY;

ALTER TABLE public.stock_checkpoint_level OWNER TO stockwell_owner;

CREATE TABLE public.stock_count (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    location_id uuid NOT NULL,
    status text NOT NULL,
    blind boolean NOT NULL,
    tolerance_percent numeric(9,6),
    tolerance_value numeric(18,4),
    reference text,
    document_id uuid,
    round integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    command_id uuid NOT NULL,
    reversal_id uuid,
    CONSTRAINT stock_count_posts_once CHECK (((document_id IS NULL) OR (status = ANY (ARRAY['posted'::text, 'reversed'::text])))),
    CONSTRAINT stock_count_status_known CHECK ((status = ANY (ARRAY['counting'::text, 'recount'::text, 'counted'::text, 'posted'::text, 'cancelled'::text, 'reversed'::text])))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.stock_count FORCE ROW LEVEL SECURITY;

ALTER TABLE public.stock_count OWNER TO stockwell_owner;

CREATE TABLE public.stock_count_entry (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    count_id uuid NOT NULL,
    line_no integer NOT NULL,
    round integer NOT NULL,
    uom text NOT NULL,
    entered numeric(18,6) NOT NULL,
    factor numeric(18,6) NOT NULL,
    quantity numeric(18,6) NOT NULL,
    replaces boolean NOT NULL,
    counted_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT stock_count_entry_not_negative CHECK (((entered >= (0)::numeric) AND (factor > (0)::numeric) AND (quantity >= (0)::numeric)))
);

ALTER TABLE ONLY public.stock_count_entry FORCE ROW LEVEL SECURITY;

ALTER TABLE public.stock_count_entry OWNER TO stockwell_owner;

CREATE TABLE public.stock_count_line (
    tenant_id uuid NOT NULL,
    count_id uuid NOT NULL,
    line_no integer NOT NULL,
    product_id uuid NOT NULL,
    round integer NOT NULL,
    recount boolean NOT NULL,
    counted numeric(18,6),
    counted_at timestamp with time zone,
    expected numeric(18,6),
    posted_quantity numeric(18,6),
    posted_value numeric(18,4),
    superseded boolean NOT NULL,
    lot_code text,
    expires_on date,
    stands boolean,
    earlier_counted_at timestamp with time zone,
    taken_off_quantity numeric(18,6),
    taken_off_value numeric(18,4),
    CONSTRAINT stock_count_line_figure CHECK ((((counted IS NULL) = (counted_at IS NULL)) AND (counted >= (0)::numeric))),
    CONSTRAINT stock_count_line_lot CHECK (((lot_code IS NOT NULL) OR (expires_on IS NULL)))
)
WITH (fillfactor='85');

ALTER TABLE ONLY public.stock_count_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.stock_count_line OWNER TO stockwell_owner;

CREATE TABLE public.stock_document (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    location_id uuid NOT NULL,
    reason text,
    reference text,
    value numeric(18,4) NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    command_id uuid NOT NULL,
    CONSTRAINT stock_document_kind_known CHECK ((kind = ANY (ARRAY['receipt'::text, 'opening'::text, 'adjustment'::text, 'revaluation'::text, 'supplier_return'::text])))
);

ALTER TABLE ONLY public.stock_document FORCE ROW LEVEL SECURITY;

ALTER TABLE public.stock_document OWNER TO stockwell_owner;

CREATE TABLE public.supplier_payment_part (
    tenant_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    bill_id uuid NOT NULL,
    amount numeric(18,4) NOT NULL,
    foreign_amount numeric(18,4),
    discount numeric(18,4) DEFAULT 0 NOT NULL,
    discount_tax numeric(18,4) DEFAULT 0 NOT NULL,
    foreign_discount numeric(18,4) DEFAULT 0 NOT NULL,
    foreign_discount_tax numeric(18,4) DEFAULT 0 NOT NULL,
    CONSTRAINT supplier_payment_part_discount_range CHECK ((((discount * amount) >= (0)::numeric) AND (abs(discount) <= abs(amount)) AND ((discount_tax * amount) >= (0)::numeric) AND (abs(discount_tax) <= abs(discount)))),
    CONSTRAINT supplier_payment_part_foreign_discount_complete CHECK (((foreign_amount IS NULL) OR (discount = (0)::numeric) OR (foreign_discount <> (0)::numeric))),
    CONSTRAINT supplier_payment_part_foreign_discount_range CHECK ((((foreign_discount * COALESCE(foreign_amount, (0)::numeric)) >= (0)::numeric) AND (abs(foreign_discount) <= abs(COALESCE(foreign_amount, (0)::numeric))) AND ((foreign_discount_tax * COALESCE(foreign_amount, (0)::numeric)) >= (0)::numeric) AND (abs(foreign_discount_tax) <= abs(foreign_discount))))
);

ALTER TABLE ONLY public.supplier_payment_part FORCE ROW LEVEL SECURITY;

ALTER TABLE public.supplier_payment_part OWNER TO stockwell_owner;

CREATE TABLE public.supplier_product (
    tenant_id uuid NOT NULL,
    supplier_id uuid NOT NULL,
    product_id uuid NOT NULL,
    supplier_sku text,
    uom text,
    min_order_quantity numeric(18,6) DEFAULT 0 NOT NULL,
    order_multiple numeric(18,6),
    preferred boolean DEFAULT false NOT NULL,
    prices jsonb DEFAULT '[]'::jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT supplier_product_quantity_range CHECK (((min_order_quantity >= (0)::numeric) AND (order_multiple > (0)::numeric)))
);

ALTER TABLE ONLY public.supplier_product FORCE ROW LEVEL SECURITY;

ALTER TABLE public.supplier_product OWNER TO stockwell_owner;

CREATE TABLE public.supplier_return_line (
    tenant_id uuid NOT NULL,
    purchase_order_id uuid NOT NULL,
    stock_document_id uuid NOT NULL,
    receipt_id uuid NOT NULL,
    line_no integer NOT NULL,
    quantity numeric(18,6) NOT NULL,
    value numeric(18,4) NOT NULL,
    replaces boolean NOT NULL,
    reversal_id uuid,
    CONSTRAINT supplier_return_line_quantity_positive CHECK ((quantity > (0)::numeric)),
    CONSTRAINT supplier_return_line_value_range CHECK ((value >= (0)::numeric))
);

ALTER TABLE ONLY public.supplier_return_line FORCE ROW LEVEL SECURITY;

ALTER TABLE public.supplier_return_line OWNER TO stockwell_owner;

CREATE TABLE public.tax_class (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.tax_class FORCE ROW LEVEL SECURITY;

ALTER TABLE public.tax_class OWNER TO stockwell_owner;

CREATE TABLE public.tax_rate (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    tax_class_id uuid NOT NULL,
    zone text DEFAULT ''::text NOT NULL,
    rate numeric(9,6) NOT NULL,
    valid_from date DEFAULT '0001-01-01'::date NOT NULL,
    valid_until date,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    taxes jsonb,
    CONSTRAINT tax_rate_range CHECK (((rate >= (0)::numeric) AND (rate <= (100)::numeric))),
    CONSTRAINT tax_rate_validity CHECK (((valid_until IS NULL) OR (valid_until >= valid_from)))
);

ALTER TABLE ONLY public.tax_rate FORCE ROW LEVEL SECURITY;

ALTER TABLE public.tax_rate OWNER TO stockwell_owner;

CREATE TABLE public.tender_payment_intent (
    tenant_id uuid NOT NULL,
    payment_intent_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    line_no integer NOT NULL
);

ALTER TABLE ONLY public.tender_payment_intent FORCE ROW LEVEL SECURITY;

ALTER TABLE public.tender_payment_intent OWNER TO stockwell_owner;

CREATE TABLE public.till_clock (
    tenant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    said_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.till_clock FORCE ROW LEVEL SECURITY;

ALTER TABLE public.till_clock OWNER TO stockwell_owner;

CREATE TABLE public.unmapped_sku (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    system text NOT NULL,
    external_sku text NOT NULL,
    external_location text DEFAULT ''::text NOT NULL,
    misses bigint NOT NULL,
    first_missed_at timestamp with time zone NOT NULL,
    last_missed_at timestamp with time zone NOT NULL,
    missed_for timestamp with time zone NOT NULL,
    mapped_at timestamp with time zone
);

ALTER TABLE ONLY public.unmapped_sku FORCE ROW LEVEL SECURITY;

ALTER TABLE public.unmapped_sku OWNER TO stockwell_owner;

CREATE TABLE public.webhook_attempt (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    attempted_at timestamp with time zone NOT NULL,
    duration_ms integer NOT NULL,
    http_status smallint,
    error text,
    request text NOT NULL,
    response text,
    is_cut boolean NOT NULL
);

ALTER TABLE ONLY public.webhook_attempt FORCE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_attempt OWNER TO stockwell_owner;

CREATE TABLE public.webhook_cursor (
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    "position" bigint NOT NULL,
    written bigint NOT NULL,
    event_id uuid NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    paused_until timestamp with time zone
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.webhook_cursor FORCE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_cursor OWNER TO stockwell_owner;

CREATE TABLE public.webhook_delivery (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    kind text NOT NULL,
    command_id uuid,
    document_kind text NOT NULL,
    document_id uuid NOT NULL,
    "position" bigint NOT NULL,
    written bigint NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    leased_by uuid,
    lease_until timestamp with time zone,
    http_status smallint,
    error text,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT webhook_delivery_lease_ends CHECK (((leased_by IS NULL) = (lease_until IS NULL))),
    CONSTRAINT webhook_delivery_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.webhook_delivery FORCE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_delivery OWNER TO stockwell_owner;

CREATE TABLE public.webhook_endpoint (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    url text NOT NULL,
    description text,
    event_types text[] NOT NULL,
    payload text NOT NULL,
    active boolean NOT NULL,
    disabled_reason text,
    secret bytea NOT NULL,
    previous_secret bytea,
    previous_until timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT webhook_endpoint_payload_known CHECK ((payload = ANY (ARRAY['thin'::text, 'full'::text]))),
    CONSTRAINT webhook_endpoint_previous_ends CHECK (((previous_secret IS NULL) = (previous_until IS NULL)))
);

ALTER TABLE ONLY public.webhook_endpoint FORCE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_endpoint OWNER TO stockwell_owner;

ALTER TABLE ONLY public.access_refusal
    ADD CONSTRAINT access_refusal_key UNIQUE (tenant_id, minute, actor_kind, actor_id, network, code);

ALTER TABLE ONLY public.access_refusal
    ADD CONSTRAINT access_refusal_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.account_mapping
    ADD CONSTRAINT account_mapping_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (tenant_id, code);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_hash_key UNIQUE (tenant_id, hash);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_email_key UNIQUE (tenant_id, email);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.application_line
    ADD CONSTRAINT application_line_pkey PRIMARY KEY (tenant_id, document_id, line_no);

ALTER TABLE ONLY public.application
    ADD CONSTRAINT application_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.application
    ADD CONSTRAINT application_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.attachment_content
    ADD CONSTRAINT attachment_content_pkey PRIMARY KEY (tenant_id, sha256);

ALTER TABLE ONLY public.attachment_orphan
    ADD CONSTRAINT attachment_orphan_pkey PRIMARY KEY (tenant_id, store, sha256);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.attachment_usage
    ADD CONSTRAINT attachment_usage_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.bank_line
    ADD CONSTRAINT bank_line_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.bank_line
    ADD CONSTRAINT bank_line_reference_key UNIQUE (tenant_id, account, reference);

ALTER TABLE ONLY public.bank_match
    ADD CONSTRAINT bank_match_payment_key UNIQUE (tenant_id, payment_id);

ALTER TABLE ONLY public.bank_match
    ADD CONSTRAINT bank_match_pkey PRIMARY KEY (tenant_id, bank_line_id, place);

ALTER TABLE ONLY public.bank_match
    ADD CONSTRAINT bank_match_supplier_payment_key UNIQUE (tenant_id, supplier_payment_id);

ALTER TABLE ONLY public.barcode
    ADD CONSTRAINT barcode_pkey PRIMARY KEY (tenant_id, code);

ALTER TABLE ONLY public.bi_login
    ADD CONSTRAINT bi_login_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.bill_line
    ADD CONSTRAINT bill_line_pkey PRIMARY KEY (tenant_id, bill_id, line_no);

ALTER TABLE ONLY public.bill_match
    ADD CONSTRAINT bill_match_pkey PRIMARY KEY (tenant_id, document_id, bill_id, line_no, stock_document_id);

ALTER TABLE ONLY public.bill
    ADD CONSTRAINT bill_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.bill
    ADD CONSTRAINT bill_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.bundle_component
    ADD CONSTRAINT bundle_component_once UNIQUE (tenant_id, bundle_id, component_id);

ALTER TABLE ONLY public.bundle_component
    ADD CONSTRAINT bundle_component_pkey PRIMARY KEY (tenant_id, bundle_id, line_no);

ALTER TABLE ONLY public.cash_move
    ADD CONSTRAINT cash_move_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.category
    ADD CONSTRAINT category_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.category
    ADD CONSTRAINT category_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.channel_price_list
    ADD CONSTRAINT channel_price_list_pkey PRIMARY KEY (tenant_id, channel, location_id);

ALTER TABLE ONLY public.command
    ADD CONSTRAINT command_idempotency_key UNIQUE (tenant_id, idempotency_key);

ALTER TABLE ONLY public.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.cost_layer
    ADD CONSTRAINT cost_layer_pkey PRIMARY KEY (tenant_id, location_id, product_id, lot_id, id);

ALTER TABLE ONLY public.cost_to_settle
    ADD CONSTRAINT cost_to_settle_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.count_setting
    ADD CONSTRAINT count_setting_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.custom_role
    ADD CONSTRAINT custom_role_name_key UNIQUE (tenant_id, name);

ALTER TABLE ONLY public.custom_role
    ADD CONSTRAINT custom_role_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.customer_account
    ADD CONSTRAINT customer_account_pkey PRIMARY KEY (tenant_id, customer_id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_external_ref_key UNIQUE (tenant_id, external_ref);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.customer_session
    ADD CONSTRAINT customer_session_hash_key UNIQUE (tenant_id, hash);

ALTER TABLE ONLY public.customer_session
    ADD CONSTRAINT customer_session_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.event_cursor
    ADD CONSTRAINT event_cursor_pkey PRIMARY KEY (tenant_id, consumer);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (tenant_id, "position", written, id);

ALTER TABLE ONLY public.exchange_rate
    ADD CONSTRAINT exchange_rate_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.expected_receipt_line
    ADD CONSTRAINT expected_receipt_line_pkey PRIMARY KEY (tenant_id, expected_receipt_id, line_no);

ALTER TABLE ONLY public.expected_receipt
    ADD CONSTRAINT expected_receipt_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.expected_receipt
    ADD CONSTRAINT expected_receipt_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.failed_attempt
    ADD CONSTRAINT failed_attempt_pkey PRIMARY KEY (tenant_id, key);

ALTER TABLE ONLY public.foreign_line
    ADD CONSTRAINT foreign_line_pkey PRIMARY KEY (tenant_id, document_id, document_kind, line_no);

ALTER TABLE ONLY public.former_barcode
    ADD CONSTRAINT former_barcode_pkey PRIMARY KEY (tenant_id, code, product_id, replaced_at);

ALTER TABLE ONLY public.former_sku
    ADD CONSTRAINT former_sku_pkey PRIMARY KEY (tenant_id, sku, product_id, replaced_at);

ALTER TABLE ONLY public.former_unit
    ADD CONSTRAINT former_unit_pkey PRIMARY KEY (tenant_id, product_id, uom, replaced_at);

ALTER TABLE ONLY public.hold_line
    ADD CONSTRAINT hold_line_pkey PRIMARY KEY (tenant_id, hold_id, line_no);

ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.hold_reference
    ADD CONSTRAINT hold_reference_pkey PRIMARY KEY (tenant_id, reference);

ALTER TABLE ONLY public.identity_provider
    ADD CONSTRAINT identity_provider_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_hash_key UNIQUE (tenant_id, hash);

ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.journal_entry
    ADD CONSTRAINT journal_entry_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.journal_line
    ADD CONSTRAINT journal_line_pkey PRIMARY KEY (tenant_id, entry_id, line_no);

ALTER TABLE ONLY public.landed_cost_line
    ADD CONSTRAINT landed_cost_line_pkey PRIMARY KEY (tenant_id, landed_cost_id, line_no);

ALTER TABLE ONLY public.landed_cost
    ADD CONSTRAINT landed_cost_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.landed_cost
    ADD CONSTRAINT landed_cost_original_key UNIQUE (tenant_id, original_id);

ALTER TABLE ONLY public.landed_cost
    ADD CONSTRAINT landed_cost_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.layer_use
    ADD CONSTRAINT layer_use_pkey PRIMARY KEY (tenant_id, movement_id, layer_id);

ALTER TABLE ONLY public.ledger_rollup
    ADD CONSTRAINT ledger_rollup_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.ledger_sum_by_day
    ADD CONSTRAINT ledger_sum_by_day_pkey PRIMARY KEY (tenant_id, posted_on, account_code, channel, currency);

ALTER TABLE ONLY public.location
    ADD CONSTRAINT location_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.location
    ADD CONSTRAINT location_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.lot
    ADD CONSTRAINT lot_code_key UNIQUE (tenant_id, product_id, code);

ALTER TABLE ONLY public.lot
    ADD CONSTRAINT lot_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.lot_recall
    ADD CONSTRAINT lot_recall_pkey PRIMARY KEY (tenant_id, lot_id);

ALTER TABLE ONLY public.movement_pack
    ADD CONSTRAINT movement_pack_pkey PRIMARY KEY (tenant_id, begins_at, product_id, location_id, part);

ALTER TABLE ONLY public.movement_quarter
    ADD CONSTRAINT movement_quarter_pkey PRIMARY KEY (tenant_id, begins_at);

ALTER TABLE ONLY public.number_series
    ADD CONSTRAINT number_series_pkey PRIMARY KEY (tenant_id, series);

ALTER TABLE ONLY public.password_link
    ADD CONSTRAINT password_link_hash_key UNIQUE (tenant_id, hash);

ALTER TABLE ONLY public.password_link
    ADD CONSTRAINT password_link_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.payment_allocation
    ADD CONSTRAINT payment_allocation_pkey PRIMARY KEY (tenant_id, payment_id, invoice_id);

ALTER TABLE ONLY public.payment_intent
    ADD CONSTRAINT payment_intent_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.payment
    ADD CONSTRAINT payment_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.payment
    ADD CONSTRAINT payment_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.payment_provider_event
    ADD CONSTRAINT payment_provider_event_pkey PRIMARY KEY (tenant_id, provider_id, event_id);

ALTER TABLE ONLY public.payment_provider
    ADD CONSTRAINT payment_provider_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.peg
    ADD CONSTRAINT peg_pkey PRIMARY KEY (tenant_id, order_id, line_no, peg_no);

ALTER TABLE ONLY public.period_close
    ADD CONSTRAINT period_close_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.period_lock
    ADD CONSTRAINT period_lock_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.pos_sale
    ADD CONSTRAINT pos_sale_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.pos_sale
    ADD CONSTRAINT pos_sale_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.pos_session
    ADD CONSTRAINT pos_session_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.price_list
    ADD CONSTRAINT price_list_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.price_list
    ADD CONSTRAINT price_list_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.price_rule
    ADD CONSTRAINT price_rule_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.price_tier
    ADD CONSTRAINT price_tier_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.price_tier
    ADD CONSTRAINT price_tier_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_external_ref_key UNIQUE (tenant_id, external_ref);

ALTER TABLE ONLY public.product_group
    ADD CONSTRAINT product_group_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.product_group
    ADD CONSTRAINT product_group_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_sku_key UNIQUE (tenant_id, sku);

ALTER TABLE ONLY public.product_unit
    ADD CONSTRAINT product_unit_pkey PRIMARY KEY (tenant_id, product_id, uom);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_variant_key UNIQUE (tenant_id, group_id, option_values);

ALTER TABLE ONLY public.provider_account
    ADD CONSTRAINT provider_account_pkey PRIMARY KEY (tenant_id, provider_id, subject_hash);

ALTER TABLE ONLY public.provider_account
    ADD CONSTRAINT provider_account_user_key UNIQUE (tenant_id, user_id, provider_id);

ALTER TABLE ONLY public.provider_login
    ADD CONSTRAINT provider_login_code_key UNIQUE (tenant_id, code_hash);

ALTER TABLE ONLY public.provider_login
    ADD CONSTRAINT provider_login_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.provider_login
    ADD CONSTRAINT provider_login_state_key UNIQUE (tenant_id, state_hash);

ALTER TABLE ONLY public.purchase_order_line
    ADD CONSTRAINT purchase_order_line_pkey PRIMARY KEY (tenant_id, purchase_order_id, line_no);

ALTER TABLE ONLY public.purchase_order
    ADD CONSTRAINT purchase_order_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.purchase_order
    ADD CONSTRAINT purchase_order_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.purchase_receipt_line
    ADD CONSTRAINT purchase_receipt_line_pkey PRIMARY KEY (tenant_id, purchase_order_id, stock_document_id, line_no);

ALTER TABLE ONLY public.reason_code
    ADD CONSTRAINT reason_code_pkey PRIMARY KEY (tenant_id, code);

ALTER TABLE ONLY public.reconcile_bundle
    ADD CONSTRAINT reconcile_bundle_pkey PRIMARY KEY (tenant_id, item, component);

ALTER TABLE ONLY public.reconcile_discrepancy
    ADD CONSTRAINT reconcile_discrepancy_pkey PRIMARY KEY (tenant_id, run_id, no);

ALTER TABLE ONLY public.reconcile_episode
    ADD CONSTRAINT reconcile_episode_once UNIQUE (tenant_id, run_id, id);

ALTER TABLE ONLY public.reconcile_episode
    ADD CONSTRAINT reconcile_episode_pkey PRIMARY KEY (tenant_id, run_id, no);

ALTER TABLE ONLY public.reconcile_event
    ADD CONSTRAINT reconcile_event_pkey PRIMARY KEY (tenant_id, system_id, occurred_at, content, copy);

ALTER TABLE ONLY public.reconcile_fix_applied
    ADD CONSTRAINT reconcile_fix_applied_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reconcile_fix
    ADD CONSTRAINT reconcile_fix_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reconcile_input
    ADD CONSTRAINT reconcile_input_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.reconcile_item
    ADD CONSTRAINT reconcile_item_pkey PRIMARY KEY (tenant_id, item);

ALTER TABLE ONLY public.reconcile_lease
    ADD CONSTRAINT reconcile_lease_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.reconcile_location_mapping
    ADD CONSTRAINT reconcile_location_mapping_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reconcile_ownership
    ADD CONSTRAINT reconcile_ownership_pkey PRIMARY KEY (tenant_id, process, concern);

ALTER TABLE ONLY public.reconcile_resolution
    ADD CONSTRAINT reconcile_resolution_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reconcile_run
    ADD CONSTRAINT reconcile_run_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reconcile_setting
    ADD CONSTRAINT reconcile_setting_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.reconcile_sku_mapping
    ADD CONSTRAINT reconcile_sku_mapping_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reconcile_snapshot_line
    ADD CONSTRAINT reconcile_snapshot_line_pkey PRIMARY KEY (tenant_id, system_id, taken_at, content, copy);

ALTER TABLE ONLY public.reconcile_snapshot
    ADD CONSTRAINT reconcile_snapshot_pkey PRIMARY KEY (tenant_id, system_id, taken_at);

ALTER TABLE ONLY public.reconcile_system
    ADD CONSTRAINT reconcile_system_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.reconcile_system
    ADD CONSTRAINT reconcile_system_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reconcile_touchpoint
    ADD CONSTRAINT reconcile_touchpoint_pkey PRIMARY KEY (tenant_id, system_id, at, content, copy);

ALTER TABLE ONLY public.reconcile_verdict
    ADD CONSTRAINT reconcile_verdict_pkey PRIMARY KEY (tenant_id, fix_id, run_id);

ALTER TABLE ONLY public.recurring_entry
    ADD CONSTRAINT recurring_entry_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_hash_key UNIQUE (tenant_id, hash);

ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.register
    ADD CONSTRAINT register_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.register
    ADD CONSTRAINT register_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reorder_setting
    ADD CONSTRAINT reorder_setting_pkey PRIMARY KEY (tenant_id, product_id, location_id);

ALTER TABLE ONLY public.replaced_customer
    ADD CONSTRAINT replaced_customer_pkey PRIMARY KEY (tenant_id, customer_id, version);

ALTER TABLE ONLY public.replaced_location
    ADD CONSTRAINT replaced_location_pkey PRIMARY KEY (tenant_id, location_id, version);

ALTER TABLE ONLY public.replaced_price
    ADD CONSTRAINT replaced_price_pkey PRIMARY KEY (tenant_id, product_id, uom, replaced_at);

ALTER TABLE ONLY public.replaced_product
    ADD CONSTRAINT replaced_product_pkey PRIMARY KEY (tenant_id, product_id, version);

ALTER TABLE ONLY public.replaced_seller
    ADD CONSTRAINT replaced_seller_pkey PRIMARY KEY (tenant_id, version);

ALTER TABLE ONLY public.replaced_supplier
    ADD CONSTRAINT replaced_supplier_pkey PRIMARY KEY (tenant_id, supplier_id, version);

ALTER TABLE ONLY public.replenish_category
    ADD CONSTRAINT replenish_category_pkey PRIMARY KEY (tenant_id, category_id);

ALTER TABLE ONLY public.replenish_order
    ADD CONSTRAINT replenish_order_pkey PRIMARY KEY (tenant_id, product_id, location_id);

ALTER TABLE ONLY public.replenish_setting
    ADD CONSTRAINT replenish_setting_pkey PRIMARY KEY (tenant_id, product_id, location_id);

ALTER TABLE ONLY public.replenish_supplier
    ADD CONSTRAINT replenish_supplier_pkey PRIMARY KEY (tenant_id, supplier_id);

ALTER TABLE ONLY public.request_log
    ADD CONSTRAINT request_log_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.reservation
    ADD CONSTRAINT reservation_pkey PRIMARY KEY (tenant_id, document_id, line_no, location_id, lot_id);

ALTER TABLE ONLY public.sale_exception
    ADD CONSTRAINT sale_exception_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.sale_external_ref
    ADD CONSTRAINT sale_external_ref_pkey PRIMARY KEY (tenant_id, sale_id);

ALTER TABLE ONLY public.sales_by_category
    ADD CONSTRAINT sales_by_category_pkey PRIMARY KEY (tenant_id, generation, month, category_id, channel, location_id, country, currency);

ALTER TABLE ONLY public.sales_by_customer
    ADD CONSTRAINT sales_by_customer_pkey PRIMARY KEY (tenant_id, generation, month, customer_id, channel, country, currency);

ALTER TABLE ONLY public.sales_by_customer_year
    ADD CONSTRAINT sales_by_customer_year_pkey PRIMARY KEY (tenant_id, generation, year, customer_id, channel, country, currency);

ALTER TABLE ONLY public.sales_by_day
    ADD CONSTRAINT sales_by_day_pkey PRIMARY KEY (tenant_id, generation, day, channel, location_id, country, currency);

ALTER TABLE ONLY public.sales_by_product
    ADD CONSTRAINT sales_by_product_pkey PRIMARY KEY (tenant_id, generation, month, product_id, category_id, channel, location_id, currency);

ALTER TABLE ONLY public.sales_by_product_year
    ADD CONSTRAINT sales_by_product_year_pkey PRIMARY KEY (tenant_id, generation, year, product_id, category_id, channel, currency);

ALTER TABLE ONLY public.sales_by_quarter_hour
    ADD CONSTRAINT sales_by_quarter_hour_pkey PRIMARY KEY (tenant_id, generation, occurred_at, channel, location_id, country, currency);

ALTER TABLE ONLY public.sales_fold
    ADD CONSTRAINT sales_fold_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.sales_line
    ADD CONSTRAINT sales_line_pkey PRIMARY KEY (tenant_id, document_id, document_kind, line_no);

ALTER TABLE ONLY public.sales_line_tax
    ADD CONSTRAINT sales_line_tax_pkey PRIMARY KEY (tenant_id, document_id, document_kind, line_no, tax_no);

ALTER TABLE ONLY public.sales_order
    ADD CONSTRAINT sales_order_external_ref_key UNIQUE (tenant_id, external_ref);

ALTER TABLE ONLY public.sales_order_line
    ADD CONSTRAINT sales_order_line_pkey PRIMARY KEY (tenant_id, order_id, line_no);

ALTER TABLE ONLY public.sales_order
    ADD CONSTRAINT sales_order_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.sales_order
    ADD CONSTRAINT sales_order_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.sales_rollup
    ADD CONSTRAINT sales_rollup_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.sales_sum_by_category
    ADD CONSTRAINT sales_sum_by_category_pkey PRIMARY KEY (tenant_id, generation, month, category_id, channel, location_id, country, currency);

ALTER TABLE ONLY public.sales_sum_by_customer
    ADD CONSTRAINT sales_sum_by_customer_pkey PRIMARY KEY (tenant_id, generation, month, customer_id, channel, country, currency);

ALTER TABLE ONLY public.sales_sum_by_customer_year
    ADD CONSTRAINT sales_sum_by_customer_year_pkey PRIMARY KEY (tenant_id, generation, year, customer_id, channel, country, currency);

ALTER TABLE ONLY public.sales_sum_by_day
    ADD CONSTRAINT sales_sum_by_day_pkey PRIMARY KEY (tenant_id, generation, day, channel, location_id, country, currency);

ALTER TABLE ONLY public.sales_sum_by_month
    ADD CONSTRAINT sales_sum_by_month_pkey PRIMARY KEY (tenant_id, generation, month, channel, location_id, country, currency);

ALTER TABLE ONLY public.sales_sum_by_product_location
    ADD CONSTRAINT sales_sum_by_product_location_pkey PRIMARY KEY (tenant_id, generation, month, product_id, category_id, channel, location_id, currency);

ALTER TABLE ONLY public.sales_sum_by_product
    ADD CONSTRAINT sales_sum_by_product_pkey PRIMARY KEY (tenant_id, generation, month, product_id, category_id, channel, currency);

ALTER TABLE ONLY public.sales_sum_by_product_year
    ADD CONSTRAINT sales_sum_by_product_year_pkey PRIMARY KEY (tenant_id, generation, year, product_id, category_id, channel, currency);

ALTER TABLE ONLY public.sales_sum_by_quarter_hour
    ADD CONSTRAINT sales_sum_by_quarter_hour_pkey PRIMARY KEY (tenant_id, generation, occurred_at, channel, location_id, country, currency);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.schema_replaceable
    ADD CONSTRAINT schema_replaceable_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.shipment_line
    ADD CONSTRAINT shipment_line_pkey PRIMARY KEY (tenant_id, shipment_id, line_no);

ALTER TABLE ONLY public.shipment
    ADD CONSTRAINT shipment_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.shipment
    ADD CONSTRAINT shipment_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.sku_mapping
    ADD CONSTRAINT sku_mapping_no_overlap EXCLUDE USING gist (tenant_id WITH =, system WITH =, external_sku WITH =, external_location WITH =, validity WITH &&);

ALTER TABLE ONLY public.sku_mapping
    ADD CONSTRAINT sku_mapping_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.stock_checkpoint
    ADD CONSTRAINT stock_checkpoint_chain_key UNIQUE (tenant_id, as_of, known_from);

ALTER TABLE ONLY public.stock_checkpoint_level
    ADD CONSTRAINT stock_checkpoint_level_pkey PRIMARY KEY (tenant_id, as_of, known_until, location_id, product_id, lot_id);

ALTER TABLE ONLY public.stock_checkpoint
    ADD CONSTRAINT stock_checkpoint_pkey PRIMARY KEY (tenant_id, as_of, known_until);

ALTER TABLE ONLY public.stock_count_entry
    ADD CONSTRAINT stock_count_entry_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.stock_count_line
    ADD CONSTRAINT stock_count_line_pkey PRIMARY KEY (tenant_id, count_id, line_no);

ALTER TABLE ONLY public.stock_count_line
    ADD CONSTRAINT stock_count_line_product_key UNIQUE NULLS NOT DISTINCT (tenant_id, count_id, product_id, lot_code);

ALTER TABLE ONLY public.stock_count
    ADD CONSTRAINT stock_count_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.stock_count
    ADD CONSTRAINT stock_count_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.stock_document
    ADD CONSTRAINT stock_document_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.stock_document
    ADD CONSTRAINT stock_document_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.stock_level
    ADD CONSTRAINT stock_level_pkey PRIMARY KEY (tenant_id, location_id, product_id, lot_id);

ALTER TABLE ONLY public.stock_movement
    ADD CONSTRAINT stock_movement_pkey PRIMARY KEY (tenant_id, product_id, location_id, id);

ALTER TABLE ONLY public.supplier
    ADD CONSTRAINT supplier_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.supplier
    ADD CONSTRAINT supplier_external_ref_key UNIQUE (tenant_id, external_ref);

ALTER TABLE ONLY public.supplier_payment
    ADD CONSTRAINT supplier_payment_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.supplier_payment_part
    ADD CONSTRAINT supplier_payment_part_pkey PRIMARY KEY (tenant_id, payment_id, bill_id);

ALTER TABLE ONLY public.supplier_payment
    ADD CONSTRAINT supplier_payment_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.supplier
    ADD CONSTRAINT supplier_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.supplier_product
    ADD CONSTRAINT supplier_product_pkey PRIMARY KEY (tenant_id, supplier_id, product_id);

ALTER TABLE ONLY public.supplier_return_line
    ADD CONSTRAINT supplier_return_line_pkey PRIMARY KEY (tenant_id, purchase_order_id, stock_document_id, line_no);

ALTER TABLE ONLY public.tax_class
    ADD CONSTRAINT tax_class_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.tax_class
    ADD CONSTRAINT tax_class_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.tax_rate
    ADD CONSTRAINT tax_rate_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.tax_rate
    ADD CONSTRAINT tax_rate_start_key UNIQUE (tenant_id, tax_class_id, zone, valid_from);

ALTER TABLE ONLY public.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY public.tenant
    ADD CONSTRAINT tenant_slug_key UNIQUE (slug);

ALTER TABLE ONLY public.tender_payment_intent
    ADD CONSTRAINT tender_payment_intent_line_key UNIQUE (tenant_id, sale_id, line_no);

ALTER TABLE ONLY public.tender_payment_intent
    ADD CONSTRAINT tender_payment_intent_pkey PRIMARY KEY (tenant_id, payment_intent_id);

ALTER TABLE ONLY public.tender
    ADD CONSTRAINT tender_pkey PRIMARY KEY (tenant_id, sale_id, line_no);

ALTER TABLE ONLY public.till_clock
    ADD CONSTRAINT till_clock_pkey PRIMARY KEY (tenant_id, sale_id);

ALTER TABLE ONLY public.transfer_line
    ADD CONSTRAINT transfer_line_pkey PRIMARY KEY (tenant_id, transfer_id, line_no);

ALTER TABLE ONLY public.transfer
    ADD CONSTRAINT transfer_number_key UNIQUE (tenant_id, number);

ALTER TABLE ONLY public.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.unmapped_sku
    ADD CONSTRAINT unmapped_sku_key UNIQUE (tenant_id, system, external_sku, external_location);

ALTER TABLE ONLY public.unmapped_sku
    ADD CONSTRAINT unmapped_sku_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.voucher
    ADD CONSTRAINT voucher_code_key UNIQUE (tenant_id, code);

ALTER TABLE ONLY public.voucher_move
    ADD CONSTRAINT voucher_move_pkey PRIMARY KEY (tenant_id, voucher_id, document_id);

ALTER TABLE ONLY public.voucher
    ADD CONSTRAINT voucher_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.webhook_attempt
    ADD CONSTRAINT webhook_attempt_pkey PRIMARY KEY (tenant_id, delivery_id, number);

ALTER TABLE ONLY public.webhook_cursor
    ADD CONSTRAINT webhook_cursor_pkey PRIMARY KEY (tenant_id, endpoint_id);

ALTER TABLE ONLY public.webhook_delivery
    ADD CONSTRAINT webhook_delivery_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.webhook_endpoint
    ADD CONSTRAINT webhook_endpoint_pkey PRIMARY KEY (tenant_id, id);

CREATE INDEX api_key_by_hash ON public.api_key USING btree (hash);

CREATE INDEX application_by_customer ON public.application USING btree (tenant_id, customer_id, id);

CREATE INDEX application_by_write ON public.application USING brin (recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX application_line_by_credit_note ON public.application_line USING btree (tenant_id, credit_note_id) WHERE (credit_note_id IS NOT NULL);

CREATE INDEX application_line_by_invoice ON public.application_line USING btree (tenant_id, invoice_id) WHERE (invoice_id IS NOT NULL);

CREATE INDEX application_line_by_payment ON public.application_line USING btree (tenant_id, payment_id) WHERE (payment_id IS NOT NULL);

CREATE INDEX attachment_by_write ON public.attachment USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX attachment_of_content ON public.attachment USING btree (tenant_id, sha256);

CREATE INDEX attachment_of_record ON public.attachment USING btree (tenant_id, record_kind, record_id, "position", id);

CREATE INDEX bank_line_by_write ON public.bank_line USING brin (recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX barcode_by_product ON public.barcode USING btree (tenant_id, product_id);

CREATE UNIQUE INDEX barcode_gtin_key ON public.barcode USING btree (tenant_id, gtin) WHERE (gtin IS NOT NULL);

CREATE INDEX bi_login_by_role ON public.bi_login USING btree (role_name);

CREATE INDEX bill_by_due ON public.bill USING btree (tenant_id, due_on, id);

CREATE INDEX bill_by_original ON public.bill USING btree (tenant_id, original_id) WHERE (original_id IS NOT NULL);

CREATE INDEX bill_by_supplier ON public.bill USING btree (tenant_id, supplier_id, id);

CREATE INDEX bill_by_write ON public.bill USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX bill_foreign ON public.bill USING btree (tenant_id, dated) WHERE (foreign_currency IS NOT NULL);

CREATE INDEX bill_foreign_open ON public.bill USING btree (tenant_id, supplier_id, due_on) WHERE (foreign_open <> (0)::numeric);

CREATE INDEX bill_line_by_order ON public.bill_line USING btree (tenant_id, purchase_order_id, order_line_no) WHERE (purchase_order_id IS NOT NULL);

CREATE INDEX bill_line_by_original ON public.bill_line USING btree (tenant_id, original_id);

CREATE INDEX bill_line_by_receipt ON public.bill_line USING btree (tenant_id, receipt_id, receipt_line_no) WHERE (receipt_id IS NOT NULL);

CREATE INDEX bill_match_by_line ON public.bill_match USING btree (tenant_id, bill_id, line_no);

CREATE INDEX bill_match_by_receipt ON public.bill_match USING btree (tenant_id, stock_document_id);

CREATE INDEX bill_open ON public.bill USING btree (tenant_id, supplier_id, due_on) WHERE (open <> (0)::numeric);

CREATE UNIQUE INDEX bill_supplier_number_key ON public.bill USING btree (tenant_id, supplier_id, supplier_number) WHERE ((supplier_number IS NOT NULL) AND (reversed_by IS NULL));

CREATE INDEX bundle_component_by_component ON public.bundle_component USING btree (tenant_id, component_id);

CREATE INDEX cash_move_by_session ON public.cash_move USING btree (tenant_id, session_id);

CREATE INDEX cash_move_by_write ON public.cash_move USING brin (recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX command_by_document ON public.command USING btree (tenant_id, document_id) WHERE (name !~~ 'pos_sale.%'::text);

CREATE INDEX cost_to_settle_by_document ON public.cost_to_settle USING btree (tenant_id, document_id);

CREATE INDEX cost_to_settle_open ON public.cost_to_settle USING btree (tenant_id, location_id, product_id) WHERE (settled_at IS NULL);

CREATE INDEX customer_by_metadata ON public.customer USING gin (tenant_id, metadata jsonb_path_ops) WHERE (metadata <> '{}'::jsonb);

CREATE INDEX customer_by_name ON public.customer USING btree (tenant_id, name_key);

CREATE INDEX customer_by_tag ON public.customer USING gin (tenant_id, tags jsonb_path_ops) WHERE (tags <> '[]'::jsonb);

CREATE INDEX customer_by_text ON public.customer USING gin (tenant_id, name_key extension.gin_trgm_ops, number extension.gin_trgm_ops, email extension.gin_trgm_ops);

CREATE INDEX customer_by_update ON public.customer USING btree (tenant_id, updated_at, id);

CREATE INDEX customer_session_open ON public.customer_session USING btree (tenant_id, customer_id, expires_at) WHERE (revoked_at IS NULL);

CREATE INDEX event_by_document ON public.event USING btree (tenant_id, document_id);

CREATE INDEX event_by_position ON public.event USING brin ("position") WITH (autosummarize='on');

CREATE INDEX exchange_rate_by_day ON public.exchange_rate USING btree (tenant_id, currency, valid_from, id);

CREATE INDEX expected_receipt_by_reference ON public.expected_receipt USING btree (tenant_id, reference) WHERE (reference IS NOT NULL);

CREATE INDEX expected_receipt_by_write ON public.expected_receipt USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX expected_receipt_line_by_product ON public.expected_receipt_line USING btree (tenant_id, product_id);

CREATE INDEX expected_receipt_open ON public.expected_receipt USING btree (tenant_id, location_id) WHERE (status = 'open'::text);

CREATE INDEX failed_attempt_ends ON public.failed_attempt USING btree (tenant_id, ends_at);

CREATE INDEX hold_by_expiry ON public.hold USING btree (tenant_id, expires_at) WHERE (status = 'open'::text);

CREATE INDEX hold_by_write ON public.hold USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX hold_line_by_lot ON public.hold_line USING btree (tenant_id, lot_id) WHERE (lot_id <> '00000000-0000-0000-0000-000000000000'::uuid);

CREATE UNIQUE INDEX hold_reference_key ON public.hold USING btree (tenant_id, reference) WHERE (status = 'open'::text);

CREATE INDEX invitation_open ON public.invitation USING btree (tenant_id, email) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

CREATE INDEX invoice_by_customer ON public.invoice USING btree (tenant_id, customer_id, id);

CREATE INDEX invoice_by_due ON public.invoice USING btree (tenant_id, due_on, id);

CREATE INDEX invoice_by_order ON public.invoice USING btree (tenant_id, order_id);

CREATE INDEX invoice_by_time ON public.invoice USING brin (occurred_at) WITH (autosummarize='on');

CREATE INDEX invoice_by_write ON public.invoice USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX invoice_foreign ON public.invoice USING btree (tenant_id, occurred_at) WHERE (foreign_currency IS NOT NULL);

CREATE INDEX invoice_open ON public.invoice USING btree (tenant_id, due_on, id) WHERE (open <> (0)::numeric);

CREATE INDEX invoice_owed ON public.invoice USING btree (tenant_id, due_on, id) WHERE ((open <> (0)::numeric) OR (foreign_open <> (0)::numeric));

CREATE INDEX journal_entry_by_document ON public.journal_entry USING btree (tenant_id, document_id);

CREATE INDEX journal_entry_by_hand ON public.journal_entry USING btree (tenant_id) WHERE (document_kind = ANY (ARRAY['manual'::text, 'opening_balances'::text]));

CREATE INDEX journal_entry_by_write ON public.journal_entry USING brin (recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX journal_entry_opening ON public.journal_entry USING btree (tenant_id) WHERE (document_kind = 'opening_balances'::text);

CREATE INDEX journal_entry_year_close ON public.journal_entry USING btree (tenant_id, occurred_on) WHERE (document_kind = 'year_close'::text);

CREATE INDEX journal_line_by_day ON public.journal_line USING brin (posted_on);

CREATE INDEX journal_line_by_position ON public.journal_line USING brin ("position") WITH (autosummarize='on');

CREATE INDEX landed_cost_by_reference ON public.landed_cost USING btree (tenant_id, reference) WHERE (reference IS NOT NULL);

CREATE INDEX landed_cost_by_write ON public.landed_cost USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX landed_cost_line_by_receipt ON public.landed_cost_line USING btree (tenant_id, stock_document_id);

CREATE INDEX lot_by_code ON public.lot USING btree (tenant_id, code);

CREATE INDEX lot_by_expiry ON public.lot USING btree (tenant_id, expires_on) WHERE (expires_on IS NOT NULL);

CREATE INDEX lot_by_write ON public.lot USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX password_link_by_user ON public.password_link USING btree (tenant_id, user_id) WHERE (ended_at IS NULL);

CREATE INDEX payment_allocation_by_invoice ON public.payment_allocation USING btree (tenant_id, invoice_id);

CREATE INDEX payment_by_amount ON public.payment USING btree (tenant_id, amount, occurred_at) WHERE (method = 'bank'::text);

CREATE INDEX payment_by_customer ON public.payment USING btree (tenant_id, customer_id, id);

CREATE INDEX payment_by_reference ON public.payment USING btree (tenant_id, reference) WHERE (reference IS NOT NULL);

CREATE INDEX payment_by_write ON public.payment USING brin (recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX payment_foreign ON public.payment USING btree (tenant_id, occurred_at) WHERE (foreign_currency IS NOT NULL);

CREATE INDEX payment_foreign_open ON public.payment USING btree (tenant_id, customer_id) WHERE (foreign_unapplied <> (0)::numeric);

CREATE INDEX payment_intent_of_original ON public.payment_intent USING btree (tenant_id, original_id, id) WHERE (original_id IS NOT NULL);

CREATE INDEX payment_intent_of_register ON public.payment_intent USING btree (tenant_id, register_id, id);

CREATE INDEX payment_intent_of_status ON public.payment_intent USING btree (tenant_id, status, id);

CREATE INDEX payment_provider_by_id ON public.payment_provider USING btree (id);

CREATE INDEX payment_provider_event_old ON public.payment_provider_event USING btree (tenant_id, provider_id, received_at);

CREATE UNIQUE INDEX payment_reversed_once ON public.payment USING btree (tenant_id, original_id) WHERE (original_id IS NOT NULL);

CREATE INDEX peg_by_expected ON public.peg USING btree (tenant_id, expected_receipt_id, supply_line_no) WHERE (expected_receipt_id IS NOT NULL);

CREATE INDEX peg_by_purchase ON public.peg USING btree (tenant_id, purchase_order_id, supply_line_no) WHERE (purchase_order_id IS NOT NULL);

CREATE INDEX peg_by_transfer ON public.peg USING btree (tenant_id, transfer_id, supply_line_no) WHERE (transfer_id IS NOT NULL);

CREATE INDEX period_close_by_month ON public.period_close USING btree (tenant_id, month, id);

CREATE INDEX pos_sale_by_customer ON public.pos_sale USING btree (tenant_id, customer_id, id) WHERE (customer_id IS NOT NULL);

CREATE INDEX pos_sale_by_session ON public.pos_sale USING btree (tenant_id, session_id);

CREATE INDEX pos_sale_by_time ON public.pos_sale USING brin (business_date, occurred_at) WITH (autosummarize='on');

CREATE INDEX pos_sale_by_write ON public.pos_sale USING brin (recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX pos_session_by_register ON public.pos_session USING btree (tenant_id, register_id, id);

CREATE UNIQUE INDEX pos_session_one_open ON public.pos_session USING btree (tenant_id, register_id) WHERE (status = 'open'::text);

CREATE INDEX price_rule_by_product ON public.price_rule USING btree (tenant_id, price_list_id, product_id);

CREATE INDEX product_by_metadata ON public.product USING gin (tenant_id, metadata jsonb_path_ops) WHERE (metadata <> '{}'::jsonb);

CREATE INDEX product_by_name ON public.product USING btree (tenant_id, name_key);

CREATE INDEX product_by_price ON public.product USING btree (tenant_id, price_key, id);

CREATE INDEX product_by_sku_key ON public.product USING btree (tenant_id, sku_key);

CREATE INDEX product_by_tag ON public.product USING gin (tenant_id, tags jsonb_path_ops) WHERE (tags <> '[]'::jsonb);

CREATE INDEX product_by_text ON public.product USING gin (tenant_id, name_key extension.gin_trgm_ops, sku_key extension.gin_trgm_ops);

CREATE INDEX product_by_update ON public.product USING btree (tenant_id, updated_at, id);

CREATE INDEX provider_login_created ON public.provider_login USING btree (tenant_id, created_at);

CREATE INDEX provider_login_user ON public.provider_login USING btree (tenant_id, user_id);

CREATE INDEX purchase_order_by_reference ON public.purchase_order USING btree (tenant_id, reference) WHERE (reference IS NOT NULL);

CREATE INDEX purchase_order_by_supplier ON public.purchase_order USING btree (tenant_id, supplier_id, id);

CREATE INDEX purchase_order_by_write ON public.purchase_order USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX purchase_order_line_by_product ON public.purchase_order_line USING btree (tenant_id, product_id);

CREATE INDEX purchase_order_line_open ON public.purchase_order_line USING btree (tenant_id, product_id) WHERE ((received + cancelled) < quantity);

CREATE INDEX purchase_receipt_line_by_document ON public.purchase_receipt_line USING btree (tenant_id, stock_document_id);

CREATE INDEX reconcile_discrepancy_by_episode ON public.reconcile_discrepancy USING btree (tenant_id, run_id, episode_id, no);

CREATE INDEX reconcile_episode_by_id ON public.reconcile_episode USING btree (tenant_id, id, run_id);

CREATE INDEX reconcile_episode_unexplained ON public.reconcile_episode USING btree (tenant_id, run_id, place, sku) WHERE ((healed_at IS NULL) AND (class = ANY (ARRAY['unexplained'::text, 'count_variance'::text])));

CREATE INDEX reconcile_fix_applied_by_fix ON public.reconcile_fix_applied USING btree (tenant_id, fix_id, id);

CREATE INDEX reconcile_fix_by_time ON public.reconcile_fix USING btree (tenant_id, recorded_at, id);

CREATE INDEX reconcile_location_mapping_by_code ON public.reconcile_location_mapping USING btree (tenant_id, system_id, external_location);

CREATE INDEX reconcile_resolution_by_episode ON public.reconcile_resolution USING btree (tenant_id, episode_id, id);

CREATE INDEX reconcile_sku_mapping_by_sku ON public.reconcile_sku_mapping USING btree (tenant_id, system_id, external_sku, external_location);

CREATE INDEX recurring_entry_due ON public.recurring_entry USING btree (tenant_id, next_on) WHERE (next_on IS NOT NULL);

CREATE INDEX refresh_token_by_family ON public.refresh_token USING btree (tenant_id, family_id);

CREATE INDEX refresh_token_unused ON public.refresh_token USING btree (tenant_id, user_id, id) WHERE ((used_at IS NULL) AND (revoked_at IS NULL));

CREATE UNIQUE INDEX replenish_setting_supersedes_key ON public.replenish_setting USING btree (tenant_id, supersedes_id) WHERE (supersedes_id IS NOT NULL);

CREATE INDEX request_log_by_actor ON public.request_log USING btree (tenant_id, actor_id, id);

CREATE INDEX request_log_by_request ON public.request_log USING btree (tenant_id, request_id, id);

CREATE INDEX request_log_rejected ON public.request_log USING btree (tenant_id, id) WHERE (status >= 400);

CREATE INDEX reservation_by_level ON public.reservation USING btree (tenant_id, location_id, product_id, lot_id);

CREATE INDEX sale_exception_by_sale ON public.sale_exception USING btree (tenant_id, sale_id, id);

CREATE INDEX sale_exception_open ON public.sale_exception USING btree (tenant_id, id) WHERE (resolved_at IS NULL);

CREATE INDEX sale_external_ref_by_ref ON public.sale_external_ref USING btree (tenant_id, external_ref, sale_id);

CREATE INDEX sales_line_by_original ON public.sales_line USING btree (tenant_id, original_id) WHERE (original_id IS NOT NULL);

CREATE INDEX sales_line_by_position ON public.sales_line USING brin ("position") WITH (autosummarize='on');

CREATE INDEX sales_line_by_time ON public.sales_line USING brin (occurred_at);

CREATE INDEX sales_order_by_customer ON public.sales_order USING btree (tenant_id, customer_id, id);

CREATE INDEX sales_order_by_metadata ON public.sales_order USING gin (tenant_id, metadata jsonb_path_ops) WITH (fastupdate=off) WHERE (metadata <> '{}'::jsonb);

CREATE INDEX sales_order_by_reference ON public.sales_order USING btree (tenant_id, reference) WHERE (reference IS NOT NULL);

CREATE INDEX sales_order_by_time ON public.sales_order USING brin (occurred_at, recorded_at) WITH (autosummarize='on');

CREATE INDEX sales_order_by_write ON public.sales_order USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX sales_order_held ON public.sales_order USING btree (tenant_id, customer_id, id) WHERE (status = 'on_hold'::text);

CREATE INDEX sales_order_line_waiting ON public.sales_order_line USING btree (tenant_id, product_id) WHERE (backordered_at IS NOT NULL);

CREATE INDEX shipment_by_order ON public.shipment USING btree (tenant_id, order_id);

CREATE INDEX shipment_by_tracking ON public.shipment USING btree (tenant_id, tracking_number) WHERE (tracking_number IS NOT NULL);

CREATE INDEX shipment_by_write ON public.shipment USING brin (updated_at, recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX sku_mapping_by_product ON public.sku_mapping USING btree (tenant_id, product_id);

CREATE INDEX sku_mapping_by_reference ON public.sku_mapping USING btree (tenant_id, system, external_sku);

CREATE INDEX stock_count_by_reference ON public.stock_count USING btree (tenant_id, reference) WHERE (reference IS NOT NULL);

CREATE INDEX stock_count_by_write ON public.stock_count USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX stock_count_entry_by_count ON public.stock_count_entry USING btree (tenant_id, count_id);

CREATE INDEX stock_count_line_by_product ON public.stock_count_line USING btree (tenant_id, product_id) WHERE (posted_quantity IS NOT NULL);

CREATE INDEX stock_document_by_reference ON public.stock_document USING btree (tenant_id, reference) WHERE (reference IS NOT NULL);

CREATE INDEX stock_document_by_write ON public.stock_document USING brin (recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX stock_level_by_lot ON public.stock_level USING btree (tenant_id, lot_id) WHERE (lot_id <> '00000000-0000-0000-0000-000000000000'::uuid);

CREATE INDEX stock_level_by_product ON public.stock_level USING btree (tenant_id, product_id, location_id, lot_id);

CREATE INDEX stock_level_live ON public.stock_level USING btree (tenant_id, location_id, product_id, lot_id) WHERE ((NOT used_up) AND (lot_id <> '00000000-0000-0000-0000-000000000000'::uuid));

CREATE INDEX stock_movement_by_document ON public.stock_movement USING btree (tenant_id, document_id) WHERE (document_kind = ANY (ARRAY['receipt'::text, 'opening'::text, 'adjustment'::text, 'revaluation'::text, 'transfer'::text]));

CREATE INDEX stock_movement_by_landed_cost ON public.stock_movement USING btree (tenant_id, document_id) WHERE (document_kind = 'landed_cost'::text);

CREATE INDEX stock_movement_by_lot ON public.stock_movement USING btree (tenant_id, lot_id, id) WHERE (lot_id <> '00000000-0000-0000-0000-000000000000'::uuid);

CREATE INDEX stock_movement_by_supplier_return ON public.stock_movement USING btree (tenant_id, document_id) WHERE (document_kind = 'supplier_return'::text);

CREATE INDEX stock_movement_by_time ON public.stock_movement USING brin (occurred_at timestamptz_minmax_multi_ops, recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX stock_movement_lots_of ON public.stock_movement USING btree (tenant_id, document_id) WHERE (lot_id <> '00000000-0000-0000-0000-000000000000'::uuid);

CREATE INDEX supplier_by_metadata ON public.supplier USING gin (tenant_id, metadata jsonb_path_ops) WHERE (metadata <> '{}'::jsonb);

CREATE INDEX supplier_by_name ON public.supplier USING btree (tenant_id, name_key);

CREATE INDEX supplier_by_text ON public.supplier USING gin (tenant_id, name_key extension.gin_trgm_ops, code extension.gin_trgm_ops);

CREATE INDEX supplier_by_update ON public.supplier USING btree (tenant_id, updated_at, id);

CREATE INDEX supplier_payment_by_advance ON public.supplier_payment USING btree (tenant_id, advance_id) WHERE (advance_id IS NOT NULL);

CREATE INDEX supplier_payment_by_amount ON public.supplier_payment USING btree (tenant_id, amount, occurred_at) WHERE (kind = 'payment'::text);

CREATE INDEX supplier_payment_by_supplier ON public.supplier_payment USING btree (tenant_id, supplier_id, id);

CREATE INDEX supplier_payment_by_time ON public.supplier_payment USING btree (tenant_id, occurred_at);

CREATE INDEX supplier_payment_by_write ON public.supplier_payment USING brin (recorded_at) WITH (autosummarize='on', pages_per_range='16');

CREATE UNIQUE INDEX supplier_payment_original_key ON public.supplier_payment USING btree (tenant_id, original_id) WHERE (original_id IS NOT NULL);

CREATE INDEX supplier_payment_part_by_bill ON public.supplier_payment_part USING btree (tenant_id, bill_id);

CREATE INDEX supplier_product_by_product ON public.supplier_product USING btree (tenant_id, product_id);

CREATE UNIQUE INDEX supplier_product_preferred ON public.supplier_product USING btree (tenant_id, product_id) WHERE preferred;

CREATE INDEX supplier_return_line_by_document ON public.supplier_return_line USING btree (tenant_id, stock_document_id);

CREATE INDEX supplier_return_line_by_receipt ON public.supplier_return_line USING btree (tenant_id, receipt_id, line_no);

CREATE INDEX transfer_by_reference ON public.transfer USING btree (tenant_id, reference) WHERE (reference IS NOT NULL);

CREATE INDEX transfer_by_write ON public.transfer USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX transfer_open ON public.transfer USING btree (tenant_id, to_location_id) WHERE (status = 'in_transit'::text);

CREATE INDEX unmapped_sku_open ON public.unmapped_sku USING btree (tenant_id, id) WHERE (mapped_at IS NULL);

CREATE INDEX voucher_by_customer ON public.voucher USING btree (tenant_id, customer_id, id) WHERE (customer_id IS NOT NULL);

CREATE INDEX voucher_by_write ON public.voucher USING brin (updated_at) WITH (autosummarize='on', pages_per_range='16');

CREATE INDEX webhook_delivery_by_endpoint ON public.webhook_delivery USING btree (tenant_id, endpoint_id, status, id);

CREATE INDEX webhook_delivery_dead ON public.webhook_delivery USING btree (tenant_id, id) WHERE (status = 'dead'::text);

CREATE INDEX webhook_delivery_in_order ON public.webhook_delivery USING btree (tenant_id, endpoint_id, "position", written, id) WHERE (status = 'pending'::text);

CREATE INDEX webhook_delivery_pending ON public.webhook_delivery USING btree (tenant_id, endpoint_id, document_id, "position", written, id) WHERE (status = 'pending'::text);

CREATE TRIGGER keep_advance_currency BEFORE INSERT ON public.supplier_payment FOR EACH ROW WHEN (((new.advance_id IS NOT NULL) AND (new.foreign_currency IS NULL))) EXECUTE FUNCTION public.keep_advance_currency();

CREATE TRIGGER keep_moved_barcode BEFORE UPDATE OF uom ON public.barcode FOR EACH ROW WHEN (((CURRENT_USER = 'stockwell_app'::name) AND (new.uom <> old.uom) AND (NOT (new.since IS DISTINCT FROM old.since)))) EXECUTE FUNCTION public.keep_former_barcode();

CREATE TRIGGER keep_price_key BEFORE INSERT OR UPDATE ON public.product FOR EACH ROW WHEN ((new.price_key IS DISTINCT FROM COALESCE(lpad((((new.list_price * (1000000)::numeric))::bigint)::text, 18, '0'::text), '~'::text))) EXECUTE FUNCTION public.keep_price_key();

CREATE TRIGGER keep_removed_barcode BEFORE DELETE ON public.barcode FOR EACH ROW WHEN ((CURRENT_USER = 'stockwell_app'::name)) EXECUTE FUNCTION public.keep_former_barcode();

CREATE TRIGGER keep_sku_since BEFORE UPDATE OF sku ON public.product FOR EACH ROW WHEN (((new.sku <> old.sku) AND (NOT (new.sku_since IS DISTINCT FROM old.sku_since)))) EXECUTE FUNCTION public.keep_sku_since();

CREATE TRIGGER keep_unit_fraction BEFORE INSERT ON public.product_unit FOR EACH ROW WHEN ((new.factor_denominator = 1)) EXECUTE FUNCTION public.keep_unit_fraction();

ALTER TABLE ONLY public.access_refusal
    ADD CONSTRAINT access_refusal_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.account_mapping
    ADD CONSTRAINT account_mapping_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_parent_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES public.api_key(tenant_id, id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.app_user(tenant_id, id);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_custom_role_fkey FOREIGN KEY (tenant_id, custom_role_id) REFERENCES public.custom_role(tenant_id, id);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.application
    ADD CONSTRAINT application_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.application_line
    ADD CONSTRAINT application_line_credit_note_fkey FOREIGN KEY (tenant_id, credit_note_id) REFERENCES public.invoice(tenant_id, id);

ALTER TABLE ONLY public.application_line
    ADD CONSTRAINT application_line_invoice_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.invoice(tenant_id, id);

ALTER TABLE ONLY public.application_line
    ADD CONSTRAINT application_line_payment_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES public.payment(tenant_id, id);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_content_fkey FOREIGN KEY (tenant_id, sha256) REFERENCES public.attachment_content(tenant_id, sha256);

ALTER TABLE ONLY public.attachment_content
    ADD CONSTRAINT attachment_content_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.attachment_orphan
    ADD CONSTRAINT attachment_orphan_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.attachment_usage
    ADD CONSTRAINT attachment_usage_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.bank_line
    ADD CONSTRAINT bank_line_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.bank_match
    ADD CONSTRAINT bank_match_line_fkey FOREIGN KEY (tenant_id, bank_line_id) REFERENCES public.bank_line(tenant_id, id);

ALTER TABLE ONLY public.bank_match
    ADD CONSTRAINT bank_match_payment_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES public.payment(tenant_id, id);

ALTER TABLE ONLY public.bank_match
    ADD CONSTRAINT bank_match_supplier_payment_fkey FOREIGN KEY (tenant_id, supplier_payment_id) REFERENCES public.supplier_payment(tenant_id, id);

ALTER TABLE ONLY public.barcode
    ADD CONSTRAINT barcode_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.bi_login
    ADD CONSTRAINT bi_login_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.bill_line
    ADD CONSTRAINT bill_line_account_fkey FOREIGN KEY (tenant_id, account_code) REFERENCES public.account(tenant_id, code);

ALTER TABLE ONLY public.bill_line
    ADD CONSTRAINT bill_line_document_fkey FOREIGN KEY (tenant_id, bill_id) REFERENCES public.bill(tenant_id, id);

ALTER TABLE ONLY public.bill_line
    ADD CONSTRAINT bill_line_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.bill_line
    ADD CONSTRAINT bill_line_order_fkey FOREIGN KEY (tenant_id, purchase_order_id, order_line_no) REFERENCES public.purchase_order_line(tenant_id, purchase_order_id, line_no);

ALTER TABLE ONLY public.bill_line
    ADD CONSTRAINT bill_line_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.bill_line
    ADD CONSTRAINT bill_line_receipt_fkey FOREIGN KEY (tenant_id, receipt_id) REFERENCES public.stock_document(tenant_id, id);

ALTER TABLE ONLY public.bill_match
    ADD CONSTRAINT bill_match_line_fkey FOREIGN KEY (tenant_id, bill_id, line_no) REFERENCES public.bill_line(tenant_id, bill_id, line_no);

ALTER TABLE ONLY public.bill_match
    ADD CONSTRAINT bill_match_receipt_fkey FOREIGN KEY (tenant_id, stock_document_id) REFERENCES public.stock_document(tenant_id, id);

ALTER TABLE ONLY public.bill
    ADD CONSTRAINT bill_original_fkey FOREIGN KEY (tenant_id, original_id) REFERENCES public.bill(tenant_id, id);

ALTER TABLE ONLY public.bill
    ADD CONSTRAINT bill_supplier_fkey FOREIGN KEY (tenant_id, supplier_id) REFERENCES public.supplier(tenant_id, id);

ALTER TABLE ONLY public.bundle_component
    ADD CONSTRAINT bundle_component_bundle_fkey FOREIGN KEY (tenant_id, bundle_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.bundle_component
    ADD CONSTRAINT bundle_component_component_fkey FOREIGN KEY (tenant_id, component_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.cash_move
    ADD CONSTRAINT cash_move_session_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES public.pos_session(tenant_id, id);

ALTER TABLE ONLY public.category
    ADD CONSTRAINT category_parent_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES public.category(tenant_id, id);

ALTER TABLE ONLY public.category
    ADD CONSTRAINT category_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.channel_price_list
    ADD CONSTRAINT channel_price_list_list_fkey FOREIGN KEY (tenant_id, price_list_id) REFERENCES public.price_list(tenant_id, id);

ALTER TABLE ONLY public.cost_layer
    ADD CONSTRAINT cost_layer_level_fkey FOREIGN KEY (tenant_id, location_id, product_id, lot_id) REFERENCES public.stock_level(tenant_id, location_id, product_id, lot_id);

ALTER TABLE ONLY public.cost_to_settle
    ADD CONSTRAINT cost_to_settle_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.count_setting
    ADD CONSTRAINT count_setting_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.custom_role
    ADD CONSTRAINT custom_role_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.customer_account
    ADD CONSTRAINT customer_account_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_list_fkey FOREIGN KEY (tenant_id, price_list_id) REFERENCES public.price_list(tenant_id, id);

ALTER TABLE ONLY public.customer_session
    ADD CONSTRAINT customer_session_api_key_fkey FOREIGN KEY (tenant_id, api_key_id) REFERENCES public.api_key(tenant_id, id);

ALTER TABLE ONLY public.customer_session
    ADD CONSTRAINT customer_session_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_tier_fkey FOREIGN KEY (tenant_id, price_tier_id) REFERENCES public.price_tier(tenant_id, id);

ALTER TABLE ONLY public.event_cursor
    ADD CONSTRAINT event_cursor_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.exchange_rate
    ADD CONSTRAINT exchange_rate_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.expected_receipt_line
    ADD CONSTRAINT expected_receipt_line_document_fkey FOREIGN KEY (tenant_id, expected_receipt_id) REFERENCES public.expected_receipt(tenant_id, id);

ALTER TABLE ONLY public.expected_receipt
    ADD CONSTRAINT expected_receipt_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.failed_attempt
    ADD CONSTRAINT failed_attempt_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.foreign_line
    ADD CONSTRAINT foreign_line_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.former_barcode
    ADD CONSTRAINT former_barcode_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.former_sku
    ADD CONSTRAINT former_sku_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.former_unit
    ADD CONSTRAINT former_unit_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.hold_line
    ADD CONSTRAINT hold_line_hold_fkey FOREIGN KEY (tenant_id, hold_id) REFERENCES public.hold(tenant_id, id);

ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_register_fkey FOREIGN KEY (tenant_id, register_id) REFERENCES public.register(tenant_id, id);

ALTER TABLE ONLY public.identity_provider
    ADD CONSTRAINT identity_provider_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.invitation
    ADD CONSTRAINT invitation_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.app_user(tenant_id, id);

ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES public.sales_order(tenant_id, id);

ALTER TABLE ONLY public.invoice
    ADD CONSTRAINT invoice_original_fkey FOREIGN KEY (tenant_id, original_id) REFERENCES public.invoice(tenant_id, id);

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.landed_cost_line
    ADD CONSTRAINT landed_cost_line_document_fkey FOREIGN KEY (tenant_id, landed_cost_id) REFERENCES public.landed_cost(tenant_id, id);

ALTER TABLE ONLY public.landed_cost_line
    ADD CONSTRAINT landed_cost_line_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.landed_cost_line
    ADD CONSTRAINT landed_cost_line_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.landed_cost_line
    ADD CONSTRAINT landed_cost_line_receipt_fkey FOREIGN KEY (tenant_id, stock_document_id) REFERENCES public.stock_document(tenant_id, id);

ALTER TABLE ONLY public.landed_cost
    ADD CONSTRAINT landed_cost_original_fkey FOREIGN KEY (tenant_id, original_id) REFERENCES public.landed_cost(tenant_id, id);

ALTER TABLE ONLY public.landed_cost
    ADD CONSTRAINT landed_cost_reversed_by_fkey FOREIGN KEY (tenant_id, reversed_by_id) REFERENCES public.landed_cost(tenant_id, id);

ALTER TABLE ONLY public.layer_use
    ADD CONSTRAINT layer_use_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.ledger_rollup
    ADD CONSTRAINT ledger_rollup_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.location
    ADD CONSTRAINT location_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.lot
    ADD CONSTRAINT lot_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.lot_recall
    ADD CONSTRAINT lot_recall_lot_fkey FOREIGN KEY (tenant_id, lot_id) REFERENCES public.lot(tenant_id, id);

ALTER TABLE ONLY public.movement_quarter
    ADD CONSTRAINT movement_quarter_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.password_link
    ADD CONSTRAINT password_link_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.app_user(tenant_id, id);

ALTER TABLE ONLY public.payment_allocation
    ADD CONSTRAINT payment_allocation_invoice_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.invoice(tenant_id, id);

ALTER TABLE ONLY public.payment_allocation
    ADD CONSTRAINT payment_allocation_payment_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES public.payment(tenant_id, id);

ALTER TABLE ONLY public.payment
    ADD CONSTRAINT payment_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.payment_intent
    ADD CONSTRAINT payment_intent_original_fkey FOREIGN KEY (tenant_id, original_id) REFERENCES public.payment_intent(tenant_id, id);

ALTER TABLE ONLY public.payment_intent
    ADD CONSTRAINT payment_intent_register_fkey FOREIGN KEY (tenant_id, register_id) REFERENCES public.register(tenant_id, id);

ALTER TABLE ONLY public.payment
    ADD CONSTRAINT payment_original_fkey FOREIGN KEY (tenant_id, original_id) REFERENCES public.payment(tenant_id, id);

ALTER TABLE ONLY public.payment_provider_event
    ADD CONSTRAINT payment_provider_event_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.payment_provider
    ADD CONSTRAINT payment_provider_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.payment
    ADD CONSTRAINT payment_session_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES public.pos_session(tenant_id, id);

ALTER TABLE ONLY public.peg
    ADD CONSTRAINT peg_expected_fkey FOREIGN KEY (tenant_id, expected_receipt_id, supply_line_no) REFERENCES public.expected_receipt_line(tenant_id, expected_receipt_id, line_no);

ALTER TABLE ONLY public.peg
    ADD CONSTRAINT peg_order_line_fkey FOREIGN KEY (tenant_id, order_id, line_no) REFERENCES public.sales_order_line(tenant_id, order_id, line_no);

ALTER TABLE ONLY public.peg
    ADD CONSTRAINT peg_purchase_fkey FOREIGN KEY (tenant_id, purchase_order_id, supply_line_no) REFERENCES public.purchase_order_line(tenant_id, purchase_order_id, line_no);

ALTER TABLE ONLY public.peg
    ADD CONSTRAINT peg_transfer_fkey FOREIGN KEY (tenant_id, transfer_id, supply_line_no) REFERENCES public.transfer_line(tenant_id, transfer_id, line_no);

ALTER TABLE ONLY public.period_close
    ADD CONSTRAINT period_close_lock_fkey FOREIGN KEY (tenant_id, id) REFERENCES public.period_lock(tenant_id, id);

ALTER TABLE ONLY public.pos_session
    ADD CONSTRAINT pos_session_register_fkey FOREIGN KEY (tenant_id, register_id) REFERENCES public.register(tenant_id, id);

ALTER TABLE ONLY public.price_list
    ADD CONSTRAINT price_list_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.price_rule
    ADD CONSTRAINT price_rule_category_fkey FOREIGN KEY (tenant_id, category_id) REFERENCES public.category(tenant_id, id);

ALTER TABLE ONLY public.price_rule
    ADD CONSTRAINT price_rule_list_fkey FOREIGN KEY (tenant_id, price_list_id) REFERENCES public.price_list(tenant_id, id);

ALTER TABLE ONLY public.price_rule
    ADD CONSTRAINT price_rule_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.price_tier
    ADD CONSTRAINT price_tier_list_fkey FOREIGN KEY (tenant_id, price_list_id) REFERENCES public.price_list(tenant_id, id);

ALTER TABLE ONLY public.price_tier
    ADD CONSTRAINT price_tier_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_category_fkey FOREIGN KEY (tenant_id, category_id) REFERENCES public.category(tenant_id, id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES public.product_group(tenant_id, id);

ALTER TABLE ONLY public.product_group
    ADD CONSTRAINT product_group_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_tax_class_fkey FOREIGN KEY (tenant_id, tax_class_id) REFERENCES public.tax_class(tenant_id, id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.product_unit
    ADD CONSTRAINT product_unit_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.provider_account
    ADD CONSTRAINT provider_account_provider_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES public.identity_provider(tenant_id, id);

ALTER TABLE ONLY public.provider_account
    ADD CONSTRAINT provider_account_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.provider_account
    ADD CONSTRAINT provider_account_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.app_user(tenant_id, id);

ALTER TABLE ONLY public.provider_login
    ADD CONSTRAINT provider_login_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.provider_login
    ADD CONSTRAINT provider_login_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.app_user(tenant_id, id);

ALTER TABLE ONLY public.purchase_order_line
    ADD CONSTRAINT purchase_order_line_document_fkey FOREIGN KEY (tenant_id, purchase_order_id) REFERENCES public.purchase_order(tenant_id, id);

ALTER TABLE ONLY public.purchase_order_line
    ADD CONSTRAINT purchase_order_line_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.purchase_order_line
    ADD CONSTRAINT purchase_order_line_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.purchase_order
    ADD CONSTRAINT purchase_order_supplier_fkey FOREIGN KEY (tenant_id, supplier_id) REFERENCES public.supplier(tenant_id, id);

ALTER TABLE ONLY public.purchase_receipt_line
    ADD CONSTRAINT purchase_receipt_line_document_fkey FOREIGN KEY (tenant_id, stock_document_id) REFERENCES public.stock_document(tenant_id, id);

ALTER TABLE ONLY public.purchase_receipt_line
    ADD CONSTRAINT purchase_receipt_line_order_fkey FOREIGN KEY (tenant_id, purchase_order_id, line_no) REFERENCES public.purchase_order_line(tenant_id, purchase_order_id, line_no);

ALTER TABLE ONLY public.reconcile_bundle
    ADD CONSTRAINT reconcile_bundle_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_discrepancy
    ADD CONSTRAINT reconcile_discrepancy_run_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES public.reconcile_run(tenant_id, id);

ALTER TABLE ONLY public.reconcile_episode
    ADD CONSTRAINT reconcile_episode_run_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES public.reconcile_run(tenant_id, id);

ALTER TABLE ONLY public.reconcile_fix_applied
    ADD CONSTRAINT reconcile_fix_applied_fix_fkey FOREIGN KEY (tenant_id, fix_id) REFERENCES public.reconcile_fix(tenant_id, id);

ALTER TABLE ONLY public.reconcile_fix
    ADD CONSTRAINT reconcile_fix_run_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES public.reconcile_run(tenant_id, id);

ALTER TABLE ONLY public.reconcile_input
    ADD CONSTRAINT reconcile_input_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_item
    ADD CONSTRAINT reconcile_item_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_lease
    ADD CONSTRAINT reconcile_lease_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_location_mapping
    ADD CONSTRAINT reconcile_location_mapping_system_fkey FOREIGN KEY (tenant_id, system_id) REFERENCES public.reconcile_system(tenant_id, id);

ALTER TABLE ONLY public.reconcile_ownership
    ADD CONSTRAINT reconcile_ownership_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_resolution
    ADD CONSTRAINT reconcile_resolution_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_run
    ADD CONSTRAINT reconcile_run_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_setting
    ADD CONSTRAINT reconcile_setting_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_sku_mapping
    ADD CONSTRAINT reconcile_sku_mapping_system_fkey FOREIGN KEY (tenant_id, system_id) REFERENCES public.reconcile_system(tenant_id, id);

ALTER TABLE ONLY public.reconcile_snapshot
    ADD CONSTRAINT reconcile_snapshot_system_fkey FOREIGN KEY (tenant_id, system_id) REFERENCES public.reconcile_system(tenant_id, id);

ALTER TABLE ONLY public.reconcile_system
    ADD CONSTRAINT reconcile_system_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.reconcile_verdict
    ADD CONSTRAINT reconcile_verdict_fix_fkey FOREIGN KEY (tenant_id, fix_id) REFERENCES public.reconcile_fix(tenant_id, id);

ALTER TABLE ONLY public.reconcile_verdict
    ADD CONSTRAINT reconcile_verdict_run_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES public.reconcile_run(tenant_id, id);

ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.app_user(tenant_id, id);

ALTER TABLE ONLY public.register
    ADD CONSTRAINT register_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.reorder_setting
    ADD CONSTRAINT reorder_setting_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.replaced_customer
    ADD CONSTRAINT replaced_customer_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.replaced_location
    ADD CONSTRAINT replaced_location_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.replaced_price
    ADD CONSTRAINT replaced_price_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.replaced_product
    ADD CONSTRAINT replaced_product_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.replaced_seller
    ADD CONSTRAINT replaced_seller_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.replaced_supplier
    ADD CONSTRAINT replaced_supplier_supplier_fkey FOREIGN KEY (tenant_id, supplier_id) REFERENCES public.supplier(tenant_id, id);

ALTER TABLE ONLY public.replenish_category
    ADD CONSTRAINT replenish_category_category_fkey FOREIGN KEY (tenant_id, category_id) REFERENCES public.category(tenant_id, id);

ALTER TABLE ONLY public.replenish_order
    ADD CONSTRAINT replenish_order_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.replenish_setting
    ADD CONSTRAINT replenish_setting_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.replenish_supplier
    ADD CONSTRAINT replenish_supplier_supplier_fkey FOREIGN KEY (tenant_id, supplier_id) REFERENCES public.supplier(tenant_id, id);

ALTER TABLE ONLY public.reservation
    ADD CONSTRAINT reservation_level_fkey FOREIGN KEY (tenant_id, location_id, product_id, lot_id) REFERENCES public.stock_level(tenant_id, location_id, product_id, lot_id);

ALTER TABLE ONLY public.sale_exception
    ADD CONSTRAINT sale_exception_sale_fkey FOREIGN KEY (tenant_id, sale_id) REFERENCES public.pos_sale(tenant_id, id);

ALTER TABLE ONLY public.sale_external_ref
    ADD CONSTRAINT sale_external_ref_sale_fkey FOREIGN KEY (tenant_id, sale_id) REFERENCES public.pos_sale(tenant_id, id);

ALTER TABLE ONLY public.sales_fold
    ADD CONSTRAINT sales_fold_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.sales_line_tax
    ADD CONSTRAINT sales_line_tax_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.sales_order
    ADD CONSTRAINT sales_order_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.sales_order_line
    ADD CONSTRAINT sales_order_line_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES public.sales_order(tenant_id, id);

ALTER TABLE ONLY public.sales_order
    ADD CONSTRAINT sales_order_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.sales_rollup
    ADD CONSTRAINT sales_rollup_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.shipment_line
    ADD CONSTRAINT shipment_line_shipment_fkey FOREIGN KEY (tenant_id, shipment_id) REFERENCES public.shipment(tenant_id, id);

ALTER TABLE ONLY public.shipment
    ADD CONSTRAINT shipment_order_fkey FOREIGN KEY (tenant_id, order_id) REFERENCES public.sales_order(tenant_id, id);

ALTER TABLE ONLY public.sku_mapping
    ADD CONSTRAINT sku_mapping_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.stock_checkpoint
    ADD CONSTRAINT stock_checkpoint_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.stock_count
    ADD CONSTRAINT stock_count_document_fkey FOREIGN KEY (tenant_id, document_id) REFERENCES public.stock_document(tenant_id, id);

ALTER TABLE ONLY public.stock_count_entry
    ADD CONSTRAINT stock_count_entry_count_fkey FOREIGN KEY (tenant_id, count_id) REFERENCES public.stock_count(tenant_id, id);

ALTER TABLE ONLY public.stock_count_line
    ADD CONSTRAINT stock_count_line_count_fkey FOREIGN KEY (tenant_id, count_id) REFERENCES public.stock_count(tenant_id, id);

ALTER TABLE ONLY public.stock_count
    ADD CONSTRAINT stock_count_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.stock_count
    ADD CONSTRAINT stock_count_reversal_fkey FOREIGN KEY (tenant_id, reversal_id) REFERENCES public.stock_document(tenant_id, id);

ALTER TABLE ONLY public.stock_document
    ADD CONSTRAINT stock_document_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.stock_level
    ADD CONSTRAINT stock_level_location_fkey FOREIGN KEY (tenant_id, location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.stock_level
    ADD CONSTRAINT stock_level_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.supplier_payment
    ADD CONSTRAINT supplier_payment_advance_fkey FOREIGN KEY (tenant_id, advance_id) REFERENCES public.supplier_payment(tenant_id, id);

ALTER TABLE ONLY public.supplier_payment
    ADD CONSTRAINT supplier_payment_original_fkey FOREIGN KEY (tenant_id, original_id) REFERENCES public.supplier_payment(tenant_id, id);

ALTER TABLE ONLY public.supplier_payment_part
    ADD CONSTRAINT supplier_payment_part_bill_fkey FOREIGN KEY (tenant_id, bill_id) REFERENCES public.bill(tenant_id, id);

ALTER TABLE ONLY public.supplier_payment_part
    ADD CONSTRAINT supplier_payment_part_payment_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES public.supplier_payment(tenant_id, id);

ALTER TABLE ONLY public.supplier_payment
    ADD CONSTRAINT supplier_payment_supplier_fkey FOREIGN KEY (tenant_id, supplier_id) REFERENCES public.supplier(tenant_id, id);

ALTER TABLE ONLY public.supplier_product
    ADD CONSTRAINT supplier_product_product_fkey FOREIGN KEY (tenant_id, product_id) REFERENCES public.product(tenant_id, id);

ALTER TABLE ONLY public.supplier_product
    ADD CONSTRAINT supplier_product_supplier_fkey FOREIGN KEY (tenant_id, supplier_id) REFERENCES public.supplier(tenant_id, id);

ALTER TABLE ONLY public.supplier_return_line
    ADD CONSTRAINT supplier_return_line_document_fkey FOREIGN KEY (tenant_id, stock_document_id) REFERENCES public.stock_document(tenant_id, id);

ALTER TABLE ONLY public.supplier_return_line
    ADD CONSTRAINT supplier_return_line_receipt_fkey FOREIGN KEY (tenant_id, purchase_order_id, receipt_id, line_no) REFERENCES public.purchase_receipt_line(tenant_id, purchase_order_id, stock_document_id, line_no);

ALTER TABLE ONLY public.supplier_return_line
    ADD CONSTRAINT supplier_return_line_reversal_fkey FOREIGN KEY (tenant_id, reversal_id) REFERENCES public.stock_document(tenant_id, id);

ALTER TABLE ONLY public.supplier
    ADD CONSTRAINT supplier_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.tax_class
    ADD CONSTRAINT tax_class_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.tax_rate
    ADD CONSTRAINT tax_rate_class_fkey FOREIGN KEY (tenant_id, tax_class_id) REFERENCES public.tax_class(tenant_id, id);

ALTER TABLE ONLY public.tender_payment_intent
    ADD CONSTRAINT tender_payment_intent_intent_fkey FOREIGN KEY (tenant_id, payment_intent_id) REFERENCES public.payment_intent(tenant_id, id);

ALTER TABLE ONLY public.till_clock
    ADD CONSTRAINT till_clock_sale_fkey FOREIGN KEY (tenant_id, sale_id) REFERENCES public.pos_sale(tenant_id, id);

ALTER TABLE ONLY public.transfer
    ADD CONSTRAINT transfer_from_fkey FOREIGN KEY (tenant_id, from_location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.transfer_line
    ADD CONSTRAINT transfer_line_transfer_fkey FOREIGN KEY (tenant_id, transfer_id) REFERENCES public.transfer(tenant_id, id);

ALTER TABLE ONLY public.transfer
    ADD CONSTRAINT transfer_to_fkey FOREIGN KEY (tenant_id, to_location_id) REFERENCES public.location(tenant_id, id);

ALTER TABLE ONLY public.unmapped_sku
    ADD CONSTRAINT unmapped_sku_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE ONLY public.voucher
    ADD CONSTRAINT voucher_customer_fkey FOREIGN KEY (tenant_id, customer_id) REFERENCES public.customer(tenant_id, id);

ALTER TABLE ONLY public.voucher_move
    ADD CONSTRAINT voucher_move_voucher_fkey FOREIGN KEY (tenant_id, voucher_id) REFERENCES public.voucher(tenant_id, id);

ALTER TABLE ONLY public.webhook_cursor
    ADD CONSTRAINT webhook_cursor_endpoint_fkey FOREIGN KEY (tenant_id, endpoint_id) REFERENCES public.webhook_endpoint(tenant_id, id);

ALTER TABLE ONLY public.webhook_endpoint
    ADD CONSTRAINT webhook_endpoint_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(tenant_id);

ALTER TABLE public.access_refusal ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.account ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.account_mapping ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.api_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.app_user ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.application ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.application_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.attachment ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.attachment_content ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.attachment_orphan ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.attachment_usage ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.bank_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.bank_match ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.barcode ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.bi_login ENABLE ROW LEVEL SECURITY;

CREATE POLICY bi_wall ON public.account FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.application FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.bill FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.cash_move FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.category FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.cost_layer FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.cost_to_settle FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.customer FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.customer_account FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.invoice FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.journal_entry FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.journal_line FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.layer_use FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.ledger_rollup FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.ledger_sum_by_day FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.location FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.lot FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.payment FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.price_tier FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.product FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.reason_code FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.reconcile_run FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.reorder_setting FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.reservation FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.sales_line FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.sales_line_tax FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.sales_rollup FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.sales_sum_by_customer_year FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.sales_sum_by_day FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.sales_sum_by_product_year FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.shipment FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.stock_level FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.stock_movement FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.supplier FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.supplier_payment FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.tenant FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.tender FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.transfer FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.transfer_line FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.voucher FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

CREATE POLICY bi_wall ON public.voucher_move FOR SELECT TO stockwell_bi USING ((tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant)));

ALTER TABLE public.bill ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.bill_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.bill_match ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.bundle_component ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cash_move ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.category ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.channel_price_list ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.command ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cost_layer ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cost_to_settle ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.count_setting ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.custom_role ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.customer ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.customer_account ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.customer_session ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.event ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.event_cursor ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.exchange_rate ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.expected_receipt ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.expected_receipt_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.failed_attempt ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.foreign_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.former_barcode ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.former_sku ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.former_unit ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.hold ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.hold_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.hold_reference ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.identity_provider ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.invitation ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.invoice ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.job ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.journal_entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.journal_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.landed_cost ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.landed_cost_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.layer_use ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_rollup ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ledger_sum_by_day ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.location ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lot ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lot_recall ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.movement_pack ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.movement_quarter ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.number_series ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.password_link ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payment ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payment_allocation ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payment_intent ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payment_provider ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.payment_provider_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.peg ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.period_close ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.period_lock ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pos_sale ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.pos_session ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.price_list ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.price_rule ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.price_tier ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.product ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.product_group ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.product_unit ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider_account ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.provider_login ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.purchase_order ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.purchase_order_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.purchase_receipt_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reason_code ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_bundle ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_discrepancy ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_episode ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_fix ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_fix_applied ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_input ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_item ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_lease ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_location_mapping ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_ownership ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_resolution ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_run ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_setting ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_sku_mapping ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_snapshot ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_snapshot_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_system ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_touchpoint ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reconcile_verdict ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recurring_entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.refresh_token ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.register ENABLE ROW LEVEL SECURITY;

CREATE POLICY relay_move ON public.event_cursor TO stockwell_relay USING (true) WITH CHECK (true);

CREATE POLICY relay_read ON public.event FOR SELECT TO stockwell_relay USING (true);

ALTER TABLE public.reorder_setting ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_customer ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_location ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_price ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_product ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_seller ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replaced_supplier ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replenish_category ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replenish_order ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replenish_setting ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.replenish_supplier ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.request_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reservation ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sale_exception ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sale_external_ref ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_category ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_customer ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_customer_year ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_day ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_product ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_product_year ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_by_quarter_hour ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_fold ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_line_tax ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_order ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_order_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_rollup ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_category ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_customer ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_customer_year ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_day ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_month ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_product ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_product_location ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_product_year ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sales_sum_by_quarter_hour ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.shipment ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.shipment_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sku_mapping ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stock_checkpoint ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stock_checkpoint_level ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stock_count ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stock_count_entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stock_count_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stock_document ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stock_level ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stock_movement ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.supplier ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.supplier_payment ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.supplier_payment_part ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.supplier_product ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.supplier_return_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tax_class ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tax_rate ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tenant ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant_wall ON public.access_refusal TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.account TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.account_mapping TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.api_key TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.app_user TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.application TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.application_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.attachment TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.attachment_content TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.attachment_orphan TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.attachment_usage TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.bank_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.bank_match TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.barcode TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.bi_login TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.bill TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.bill_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.bill_match TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.bundle_component TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.cash_move TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.category TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.channel_price_list TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.command TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.cost_layer TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.cost_to_settle TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.count_setting TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.custom_role TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.customer TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.customer_account TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.customer_session TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.event TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.event_cursor TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.exchange_rate TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.expected_receipt TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.expected_receipt_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.failed_attempt TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.foreign_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.former_barcode TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.former_sku TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.former_unit TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.hold TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.hold_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.hold_reference TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.identity_provider TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.invitation TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.invoice TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.job TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.journal_entry TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.journal_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.landed_cost TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.landed_cost_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.layer_use TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.ledger_rollup TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.ledger_sum_by_day TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.location TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.lot TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.lot_recall TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.movement_pack TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.movement_quarter TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.number_series TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.password_link TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.payment TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.payment_allocation TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.payment_intent TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.payment_provider TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.payment_provider_event TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.peg TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.period_close TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.period_lock TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.pos_sale TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.pos_session TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.price_list TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.price_rule TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.price_tier TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.product TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.product_group TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.product_unit TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.provider_account TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.provider_login TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.purchase_order TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.purchase_order_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.purchase_receipt_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reason_code TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_bundle TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_discrepancy TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_episode TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_event TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_fix TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_fix_applied TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_input TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_item TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_lease TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_location_mapping TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_ownership TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_resolution TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_run TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_setting TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_sku_mapping TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_snapshot TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_snapshot_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_system TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_touchpoint TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reconcile_verdict TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.recurring_entry TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.refresh_token TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.register TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reorder_setting TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replaced_customer TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replaced_location TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replaced_price TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replaced_product TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replaced_seller TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replaced_supplier TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replenish_category TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replenish_order TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replenish_setting TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.replenish_supplier TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.request_log TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.reservation TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sale_exception TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sale_external_ref TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_by_category TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_by_customer TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_by_customer_year TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_by_day TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_by_product TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_by_product_year TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_by_quarter_hour TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_fold TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_line_tax TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_order TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_order_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_rollup TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_category TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_customer TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_customer_year TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_day TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_month TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_product TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_product_location TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_product_year TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sales_sum_by_quarter_hour TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.shipment TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.shipment_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.sku_mapping TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.stock_checkpoint TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.stock_checkpoint_level TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.stock_count TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.stock_count_entry TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.stock_count_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.stock_document TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.stock_level TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.stock_movement TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.supplier TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.supplier_payment TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.supplier_payment_part TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.supplier_product TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.supplier_return_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.tax_class TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.tax_rate TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.tenant TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.tender TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.tender_payment_intent TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.till_clock TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.transfer TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.transfer_line TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.unmapped_sku TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.voucher TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.voucher_move TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.webhook_attempt TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.webhook_cursor TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.webhook_delivery TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant_wall ON public.webhook_endpoint TO stockwell_app USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

ALTER TABLE public.tender ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tender_payment_intent ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.till_clock ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.transfer ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.transfer_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unmapped_sku ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.voucher ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.voucher_move ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_attempt ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_cursor ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_delivery ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.webhook_endpoint ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA auth TO stockwell_app;
GRANT USAGE ON SCHEMA auth TO stockwell_relay;
GRANT ALL ON SCHEMA auth TO stockwell_lookup;

GRANT USAGE ON SCHEMA bi TO stockwell_app;
GRANT USAGE ON SCHEMA bi TO stockwell_bi;

GRANT USAGE ON SCHEMA bi_role TO stockwell_migrator;
GRANT USAGE ON SCHEMA bi_role TO stockwell_relay;

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO stockwell_owner;
GRANT USAGE ON SCHEMA public TO stockwell_app;
GRANT USAGE ON SCHEMA public TO stockwell_relay;
GRANT USAGE ON SCHEMA public TO stockwell_lookup;

REVOKE ALL ON FUNCTION auth.bi_tenant() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.bi_tenant() TO stockwell_app;
GRANT ALL ON FUNCTION auth.bi_tenant() TO stockwell_bi;

REVOKE ALL ON FUNCTION auth.erase_customer(of_customer uuid, erased_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.erase_customer(of_customer uuid, erased_at timestamp with time zone) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_api_key(wanted bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_api_key(wanted bytea) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_customers(whole text, words text[], patterns text[], rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_customers(whole text, words text[], patterns text[], rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_customers_by_email(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_customers_by_email(wanted text) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_key_chain(wanted bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_key_chain(wanted bytea) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_noted_customers(wanted jsonb, rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_noted_customers(wanted jsonb, rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_noted_orders(wanted jsonb, rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_noted_orders(wanted jsonb, rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_noted_products(wanted jsonb, rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_noted_products(wanted jsonb, rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_noted_suppliers(wanted jsonb, rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_noted_suppliers(wanted jsonb, rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_payment_provider(wanted uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_payment_provider(wanted uuid) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_products(wanted text, rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_products(wanted text, rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_products(whole text, words text[], patterns text[], rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_products(whole text, words text[], patterns text[], rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_supplier_transfers(wanted numeric, since timestamp with time zone, until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_supplier_transfers(wanted numeric, since timestamp with time zone, until timestamp with time zone) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_suppliers(whole text, words text[], patterns text[], rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_suppliers(whole text, words text[], patterns text[], rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_tagged_customers(wanted text, rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_tagged_customers(wanted text, rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_tagged_products(wanted text, rows_max integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_tagged_products(wanted text, rows_max integer) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_tenant(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_tenant(wanted text) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.find_transfers(wanted numeric, since timestamp with time zone, until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.find_transfers(wanted numeric, since timestamp with time zone, until timestamp with time zone) TO stockwell_app;

REVOKE ALL ON FUNCTION auth.forget_answers(of_tenant uuid, after_id uuid, before uuid, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.forget_answers(of_tenant uuid, after_id uuid, before uuid, most integer) TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.forget_customer_sessions(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.forget_customer_sessions(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.forget_invitations(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.forget_invitations(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.forget_password_links(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.forget_password_links(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.forget_refresh_tokens(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.forget_refresh_tokens(of_tenant uuid, before timestamp with time zone, before_id uuid, most integer) TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.forget_refusals(of_tenant uuid, before timestamp with time zone, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.forget_refusals(of_tenant uuid, before timestamp with time zone, most integer) TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.forget_requests(of_tenant uuid, before_id uuid, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.forget_requests(of_tenant uuid, before_id uuid, most integer) TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.is_moving() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.is_moving() TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.tenant_rates() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.tenant_rates() TO stockwell_app;

REVOKE ALL ON FUNCTION auth.tenants() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.tenants() TO stockwell_relay;

REVOKE ALL ON FUNCTION auth.webhook_tenants() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.webhook_tenants() TO stockwell_relay;

REVOKE ALL ON FUNCTION bi.tenant() FROM PUBLIC;
GRANT ALL ON FUNCTION bi.tenant() TO stockwell_app;
GRANT ALL ON FUNCTION bi.tenant() TO stockwell_bi;

REVOKE ALL ON FUNCTION bi_role.check_name(login text) FROM PUBLIC;

REVOKE ALL ON FUNCTION bi_role.close(login text) FROM PUBLIC;
GRANT ALL ON FUNCTION bi_role.close(login text) TO stockwell_migrator;

REVOKE ALL ON FUNCTION bi_role.closed_functions() FROM PUBLIC;

REVOKE ALL ON FUNCTION bi_role.end_at(login text, ends_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION bi_role.end_at(login text, ends_at timestamp with time zone) TO stockwell_migrator;

REVOKE ALL ON FUNCTION bi_role.end_sessions(longest interval) FROM PUBLIC;
GRANT ALL ON FUNCTION bi_role.end_sessions(longest interval) TO stockwell_relay;
GRANT ALL ON FUNCTION bi_role.end_sessions(longest interval) TO stockwell_migrator;

REVOKE ALL ON FUNCTION bi_role.make(login text, verifier text, ends_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION bi_role.make(login text, verifier text, ends_at timestamp with time zone) TO stockwell_migrator;

REVOKE ALL ON FUNCTION bi_role.remove(login text) FROM PUBLIC;
GRANT ALL ON FUNCTION bi_role.remove(login text) TO stockwell_migrator;

REVOKE ALL ON FUNCTION bi_role.set_superuser_limits(login text) FROM PUBLIC;

REVOKE ALL ON FUNCTION bi_role.superuser_limits() FROM PUBLIC;

REVOKE ALL ON FUNCTION pg_catalog.lo_creat(integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;

REVOKE ALL ON FUNCTION pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_current_xact_id() FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_current_xact_id() TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_current_xact_id() TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_current_xact_id() TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_current_xact_id() TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_current_xact_id() TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_export_snapshot() FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_export_snapshot() TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_export_snapshot() TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_export_snapshot() TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_export_snapshot() TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_export_snapshot() TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_logical_emit_message(boolean, text, bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION pg_catalog.pg_logical_emit_message(boolean, text, text) FROM PUBLIC;

REVOKE ALL ON FUNCTION pg_catalog.pg_notify(text, text) FROM PUBLIC;

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) TO stockwell_lookup;

REVOKE ALL ON FUNCTION pg_catalog.txid_current() FROM PUBLIC;
GRANT ALL ON FUNCTION pg_catalog.txid_current() TO stockwell_owner;
GRANT ALL ON FUNCTION pg_catalog.txid_current() TO stockwell_migrator;
GRANT ALL ON FUNCTION pg_catalog.txid_current() TO stockwell_app;
GRANT ALL ON FUNCTION pg_catalog.txid_current() TO stockwell_relay;
GRANT ALL ON FUNCTION pg_catalog.txid_current() TO stockwell_lookup;

REVOKE ALL ON FUNCTION public.keep_advance_currency() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_former_barcode() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_price_key() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_sku_since() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.keep_unit_fraction() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.load_sales_1(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_1[], OUT units public.product_unit_row_1[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.load_sales_1(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_1[], OUT units public.product_unit_row_1[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) TO stockwell_app;

REVOKE ALL ON FUNCTION public.load_sales_2(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_2[], OUT units public.product_unit_row_1[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.load_sales_2(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_2[], OUT units public.product_unit_row_1[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) TO stockwell_app;

REVOKE ALL ON FUNCTION public.load_sales_3(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_2[], OUT units public.product_unit_row_2[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.load_sales_3(p_tenant uuid, p_now timestamp with time zone, p_keys text[], p_registers uuid[], p_locations uuid[], p_products uuid[], p_skus text[], p_barcodes text[], p_with_units boolean, p_series text[], p_commands integer, OUT answered public.answered_command_row_1[], OUT sessions public.open_session_row_1[], OUT barcodes public.barcode_row_1[], OUT products public.product_row_2[], OUT units public.product_unit_row_2[], OUT levels public.locked_level_row_1[], OUT series public.locked_series_row_1[]) TO stockwell_app;

REVOKE ALL ON FUNCTION public.post_batch_1(p_tenant uuid, p_now timestamp with time zone, p_currency text, p_levels public.stock_level_row_1[], p_series public.number_series_row_1[], p_movements public.stock_movement_row_1[], p_sales public.pos_sale_row_1[], p_tenders public.tender_row_1[], p_sales_lines public.sales_line_row_1[], p_entries public.journal_entry_row_1[], p_entry_lines public.journal_line_row_1[], p_events public.event_row_1[], p_commands public.command_row_1[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.post_batch_1(p_tenant uuid, p_now timestamp with time zone, p_currency text, p_levels public.stock_level_row_1[], p_series public.number_series_row_1[], p_movements public.stock_movement_row_1[], p_sales public.pos_sale_row_1[], p_tenders public.tender_row_1[], p_sales_lines public.sales_line_row_1[], p_entries public.journal_entry_row_1[], p_entry_lines public.journal_line_row_1[], p_events public.event_row_1[], p_commands public.command_row_1[]) TO stockwell_app;

REVOKE ALL ON FUNCTION public.post_batch_2(p_tenant uuid, p_now timestamp with time zone, p_currency text, p_levels public.stock_level_row_1[], p_series public.number_series_row_1[], p_movements public.stock_movement_row_1[], p_sales public.pos_sale_row_2[], p_tenders public.tender_row_1[], p_sales_lines public.sales_line_row_2[], p_entries public.journal_entry_row_1[], p_entry_lines public.journal_line_row_1[], p_events public.event_row_1[], p_commands public.command_row_1[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.post_batch_2(p_tenant uuid, p_now timestamp with time zone, p_currency text, p_levels public.stock_level_row_1[], p_series public.number_series_row_1[], p_movements public.stock_movement_row_1[], p_sales public.pos_sale_row_2[], p_tenders public.tender_row_1[], p_sales_lines public.sales_line_row_2[], p_entries public.journal_entry_row_1[], p_entry_lines public.journal_line_row_1[], p_events public.event_row_1[], p_commands public.command_row_1[]) TO stockwell_app;

REVOKE ALL ON FUNCTION public.printed_customer(p_tenant uuid, p_customer uuid, p_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.printed_customer(p_tenant uuid, p_customer uuid, p_version integer) TO stockwell_app;

REVOKE ALL ON FUNCTION public.printed_product(p_tenant uuid, p_product uuid, p_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.printed_product(p_tenant uuid, p_product uuid, p_version integer) TO stockwell_app;

REVOKE ALL ON FUNCTION public.printed_seller(p_tenant uuid, p_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.printed_seller(p_tenant uuid, p_version integer) TO stockwell_app;

REVOKE ALL ON FUNCTION public.queue_for_period_lock_1(p_tenant uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.queue_for_period_lock_1(p_tenant uuid) TO stockwell_app;

REVOKE ALL ON FUNCTION public.search_rank(whole text, beginnings text[], name text, code text, other text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.search_rank(whole text, beginnings text[], name text, code text, other text) TO stockwell_lookup;

REVOKE ALL ON FUNCTION public.searched_form(lower_case text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.searched_form(lower_case text) TO stockwell_lookup;

REVOKE ALL ON FUNCTION public.searched_words(form text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.searched_words(form text) TO stockwell_lookup;

GRANT SELECT ON TABLE public.product TO stockwell_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.product TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(sku) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(name) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(category_id) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(status) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(stock_uom) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(list_price) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(external_ref) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(created_at) ON TABLE public.product TO stockwell_bi;

GRANT SELECT(updated_at) ON TABLE public.product TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.sales_line TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(document_id) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(line_no) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(document_kind) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(channel) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(customer_id) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(country) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(currency) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(category_id) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(quantity) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(price_source) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(gross) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(discount) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(net) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(tax_rate) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(tax) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(cost) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(occurred_at) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT(recorded_at) ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT("position") ON TABLE public.sales_line TO stockwell_bi;

GRANT SELECT ON TABLE bi.sales_fact TO stockwell_app;
GRANT SELECT ON TABLE bi.sales_fact TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.category TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.category TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.category TO stockwell_bi;

GRANT SELECT(code) ON TABLE public.category TO stockwell_bi;

GRANT SELECT(name) ON TABLE public.category TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.sales_rollup TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sales_rollup TO stockwell_bi;

GRANT SELECT(generation) ON TABLE public.sales_rollup TO stockwell_bi;

GRANT SELECT("position") ON TABLE public.sales_rollup TO stockwell_bi;

GRANT SELECT(time_zone) ON TABLE public.sales_rollup TO stockwell_bi;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_product_year TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sales_sum_by_product_year TO stockwell_bi;

GRANT SELECT(generation) ON TABLE public.sales_sum_by_product_year TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.sales_sum_by_product_year TO stockwell_bi;

GRANT SELECT(units) ON TABLE public.sales_sum_by_product_year TO stockwell_bi;

GRANT SELECT(net_revenue) ON TABLE public.sales_sum_by_product_year TO stockwell_bi;

GRANT SELECT(cost) ON TABLE public.sales_sum_by_product_year TO stockwell_bi;

GRANT SELECT(channel) ON TABLE public.sales_sum_by_product_year TO stockwell_bi;

GRANT SELECT(currency) ON TABLE public.sales_sum_by_product_year TO stockwell_bi;

GRANT SELECT ON TABLE public.tenant TO stockwell_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.tenant TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.tenant TO stockwell_bi;

GRANT SELECT(currency) ON TABLE public.tenant TO stockwell_bi;

GRANT SELECT(time_zone) ON TABLE public.tenant TO stockwell_bi;

GRANT SELECT ON TABLE bi.product_performance TO stockwell_app;
GRANT SELECT ON TABLE bi.product_performance TO stockwell_bi;

GRANT SELECT ON TABLE bi.abc TO stockwell_app;
GRANT SELECT ON TABLE bi.abc TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.account TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.account TO stockwell_bi;

GRANT SELECT(code) ON TABLE public.account TO stockwell_bi;

GRANT SELECT(name) ON TABLE public.account TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.account TO stockwell_bi;

GRANT SELECT(dropped_at) ON TABLE public.account TO stockwell_bi;

GRANT SELECT(purpose) ON TABLE public.account TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.journal_line TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(entry_id) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(line_no) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(account_code) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(debit) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(credit) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(currency) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(channel) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(party_id) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT(posted_on) ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT("position") ON TABLE public.journal_line TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.ledger_rollup TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.ledger_rollup TO stockwell_bi;

GRANT SELECT("position") ON TABLE public.ledger_rollup TO stockwell_bi;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_sum_by_day TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.ledger_sum_by_day TO stockwell_bi;

GRANT SELECT(posted_on) ON TABLE public.ledger_sum_by_day TO stockwell_bi;

GRANT SELECT(debit) ON TABLE public.ledger_sum_by_day TO stockwell_bi;

GRANT SELECT(credit) ON TABLE public.ledger_sum_by_day TO stockwell_bi;

GRANT SELECT(account_code) ON TABLE public.ledger_sum_by_day TO stockwell_bi;

GRANT SELECT(channel) ON TABLE public.ledger_sum_by_day TO stockwell_bi;

GRANT SELECT(currency) ON TABLE public.ledger_sum_by_day TO stockwell_bi;

GRANT SELECT ON TABLE bi.ledger_by_day TO stockwell_app;
GRANT SELECT ON TABLE bi.ledger_by_day TO stockwell_bi;

GRANT SELECT ON TABLE bi.balance_sheet TO stockwell_app;
GRANT SELECT ON TABLE bi.balance_sheet TO stockwell_bi;

GRANT SELECT ON TABLE public.customer TO stockwell_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.customer TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(number) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(name) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(country) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(currency) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(price_tier_id) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(payment_terms) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(payment_days) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(credit_limit) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(status) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(external_ref) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(created_at) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT(updated_at) ON TABLE public.customer TO stockwell_bi;

GRANT SELECT ON TABLE bi.best_customers TO stockwell_app;
GRANT SELECT ON TABLE bi.best_customers TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.location TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.location TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.location TO stockwell_bi;

GRANT SELECT(code) ON TABLE public.location TO stockwell_bi;

GRANT SELECT(name) ON TABLE public.location TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.location TO stockwell_bi;

GRANT SELECT(channels) ON TABLE public.location TO stockwell_bi;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_day TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(generation) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(day) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(orders) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(lines) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(units) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(returns) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(gross_revenue) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(net_revenue) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(tax) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(cost) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(channel) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(country) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT(currency) ON TABLE public.sales_sum_by_day TO stockwell_bi;

GRANT SELECT ON TABLE bi.sales_by_day TO stockwell_app;
GRANT SELECT ON TABLE bi.sales_by_day TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_channel TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_channel TO stockwell_bi;

GRANT SELECT ON TABLE bi.channel_summary TO stockwell_app;
GRANT SELECT ON TABLE bi.channel_summary TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.cost_to_settle TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(document_kind) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(document_id) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(line_no) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(channel) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(quantity) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(value) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT UPDATE(open_quantity) ON TABLE public.cost_to_settle TO stockwell_app;
GRANT SELECT(open_quantity) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT UPDATE(open_value) ON TABLE public.cost_to_settle TO stockwell_app;
GRANT SELECT(open_value) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT UPDATE(variance) ON TABLE public.cost_to_settle TO stockwell_app;
GRANT SELECT(variance) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT UPDATE(settled_at) ON TABLE public.cost_to_settle TO stockwell_app;
GRANT SELECT(settled_at) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(occurred_at) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT SELECT(recorded_at) ON TABLE public.cost_to_settle TO stockwell_bi;

GRANT UPDATE(taken_back) ON TABLE public.cost_to_settle TO stockwell_app;

GRANT SELECT ON TABLE bi.costs_to_settle TO stockwell_app;
GRANT SELECT ON TABLE bi.costs_to_settle TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.application TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.application TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.application TO stockwell_bi;

GRANT SELECT(number) ON TABLE public.application TO stockwell_bi;

GRANT SELECT(customer_id) ON TABLE public.application TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.invoice TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.invoice TO stockwell_lookup;
GRANT SELECT(tenant_id) ON TABLE public.invoice TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.invoice TO stockwell_bi;

GRANT SELECT(number) ON TABLE public.invoice TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.invoice TO stockwell_bi;

GRANT SELECT(customer_id) ON TABLE public.invoice TO stockwell_lookup;
GRANT SELECT(customer_id) ON TABLE public.invoice TO stockwell_bi;

GRANT UPDATE(open) ON TABLE public.invoice TO stockwell_app;
GRANT SELECT(open) ON TABLE public.invoice TO stockwell_bi;

GRANT SELECT(due_on) ON TABLE public.invoice TO stockwell_bi;

GRANT UPDATE(returned) ON TABLE public.invoice TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.invoice TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.invoice TO stockwell_app;

GRANT SELECT(customer_version) ON TABLE public.invoice TO stockwell_lookup;

GRANT SELECT(foreign_currency) ON TABLE public.invoice TO stockwell_bi;

GRANT UPDATE(foreign_open) ON TABLE public.invoice TO stockwell_app;
GRANT SELECT(foreign_open) ON TABLE public.invoice TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.journal_entry TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.journal_entry TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.journal_entry TO stockwell_bi;

GRANT SELECT(document_kind) ON TABLE public.journal_entry TO stockwell_bi;

GRANT SELECT(document_id) ON TABLE public.journal_entry TO stockwell_bi;

GRANT SELECT(memo) ON TABLE public.journal_entry TO stockwell_bi;

GRANT SELECT(occurred_on) ON TABLE public.journal_entry TO stockwell_bi;

GRANT SELECT(recorded_at) ON TABLE public.journal_entry TO stockwell_bi;

GRANT SELECT(command_id) ON TABLE public.journal_entry TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.payment TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.payment TO stockwell_lookup;
GRANT SELECT(tenant_id) ON TABLE public.payment TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.payment TO stockwell_lookup;
GRANT SELECT(id) ON TABLE public.payment TO stockwell_bi;

GRANT SELECT(number) ON TABLE public.payment TO stockwell_bi;

GRANT SELECT(customer_id) ON TABLE public.payment TO stockwell_lookup;
GRANT SELECT(customer_id) ON TABLE public.payment TO stockwell_bi;

GRANT SELECT(method) ON TABLE public.payment TO stockwell_lookup;
GRANT SELECT(method) ON TABLE public.payment TO stockwell_bi;

GRANT SELECT(amount) ON TABLE public.payment TO stockwell_lookup;
GRANT SELECT(amount) ON TABLE public.payment TO stockwell_bi;

GRANT UPDATE(unapplied) ON TABLE public.payment TO stockwell_app;
GRANT SELECT(unapplied) ON TABLE public.payment TO stockwell_bi;

GRANT SELECT(occurred_at) ON TABLE public.payment TO stockwell_lookup;

GRANT SELECT(foreign_currency) ON TABLE public.payment TO stockwell_bi;

GRANT UPDATE(foreign_unapplied) ON TABLE public.payment TO stockwell_app;
GRANT SELECT(foreign_unapplied) ON TABLE public.payment TO stockwell_bi;

GRANT SELECT ON TABLE bi.customer_statement TO stockwell_app;
GRANT SELECT ON TABLE bi.customer_statement TO stockwell_bi;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_customer_year TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(generation) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(customer_id) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(orders) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(returns) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(gross_revenue) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(net_revenue) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(cost) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(first_order_at) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(last_order_at) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(channel) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT(currency) ON TABLE public.sales_sum_by_customer_year TO stockwell_bi;

GRANT SELECT ON TABLE bi.customer_value TO stockwell_app;
GRANT SELECT ON TABLE bi.customer_value TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.customer_account TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.customer_account TO stockwell_bi;

GRANT SELECT(customer_id) ON TABLE public.customer_account TO stockwell_bi;

GRANT SELECT(receivable) ON TABLE public.customer_account TO stockwell_bi;

GRANT SELECT(unapplied) ON TABLE public.customer_account TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.price_tier TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.price_tier TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.price_tier TO stockwell_bi;

GRANT SELECT(code) ON TABLE public.price_tier TO stockwell_bi;

GRANT SELECT ON TABLE bi.customers TO stockwell_app;
GRANT SELECT ON TABLE bi.customers TO stockwell_bi;

GRANT SELECT ON TABLE bi.journal_lines TO stockwell_app;
GRANT SELECT ON TABLE bi.journal_lines TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.lot TO stockwell_app;

GRANT SELECT(xmin) ON TABLE public.lot TO stockwell_bi;

GRANT SELECT(tenant_id) ON TABLE public.lot TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.lot TO stockwell_bi;

GRANT SELECT(code) ON TABLE public.lot TO stockwell_bi;

GRANT UPDATE(expires_on) ON TABLE public.lot TO stockwell_app;
GRANT SELECT(expires_on) ON TABLE public.lot TO stockwell_bi;

GRANT UPDATE(supplier_lot) ON TABLE public.lot TO stockwell_app;
GRANT SELECT(supplier_lot) ON TABLE public.lot TO stockwell_bi;

GRANT UPDATE(received_from) ON TABLE public.lot TO stockwell_app;

GRANT UPDATE(received_at) ON TABLE public.lot TO stockwell_app;

GRANT UPDATE(status) ON TABLE public.lot TO stockwell_app;
GRANT SELECT(status) ON TABLE public.lot TO stockwell_bi;

GRANT UPDATE(version) ON TABLE public.lot TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.lot TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.reservation TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.reservation TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.reservation TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.reservation TO stockwell_bi;

GRANT SELECT(lot_id) ON TABLE public.reservation TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.reservation TO stockwell_bi;

GRANT SELECT(quantity) ON TABLE public.reservation TO stockwell_bi;

GRANT SELECT(expires_at) ON TABLE public.reservation TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.stock_level TO stockwell_app;

GRANT SELECT(xmin) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(tenant_id) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(lot_id) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(on_hand) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(reserved) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(value) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(last_cost) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(moved_at) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(next_expiry) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(backordered) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(allotted) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT(layered) ON TABLE public.stock_level TO stockwell_bi;

GRANT SELECT ON TABLE bi.stock_level TO stockwell_app;
GRANT SELECT ON TABLE bi.stock_level TO stockwell_bi;

GRANT SELECT ON TABLE bi.lot_expiry TO stockwell_app;
GRANT SELECT ON TABLE bi.lot_expiry TO stockwell_bi;

GRANT SELECT,INSERT,DELETE ON TABLE public.reorder_setting TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.reorder_setting TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.reorder_setting TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.reorder_setting TO stockwell_bi;

GRANT SELECT(reorder_point) ON TABLE public.reorder_setting TO stockwell_bi;

GRANT SELECT(reorder_quantity) ON TABLE public.reorder_setting TO stockwell_bi;

GRANT SELECT ON TABLE bi.low_stock TO stockwell_app;
GRANT SELECT ON TABLE bi.low_stock TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_lines TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_lines TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_category TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_category TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_country TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_country TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_customer TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_customer TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_day TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_day TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_discount_band TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_discount_band TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_hour_of_day TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_hour_of_day TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_location TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_location TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_month TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_month TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_month_channel TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_month_channel TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_price_source TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_price_source TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_product TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_product TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_product_kind TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_product_kind TO stockwell_bi;

GRANT SELECT ON TABLE bi.margin_by_weekday TO stockwell_app;
GRANT SELECT ON TABLE bi.margin_by_weekday TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.bill TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.bill TO stockwell_bi;

GRANT SELECT(supplier_id) ON TABLE public.bill TO stockwell_bi;

GRANT SELECT(due_on) ON TABLE public.bill TO stockwell_bi;

GRANT UPDATE(open) ON TABLE public.bill TO stockwell_app;
GRANT SELECT(open) ON TABLE public.bill TO stockwell_bi;

GRANT UPDATE(reversed_by) ON TABLE public.bill TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.bill TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.bill TO stockwell_app;

GRANT SELECT(foreign_currency) ON TABLE public.bill TO stockwell_bi;

GRANT UPDATE(foreign_open) ON TABLE public.bill TO stockwell_app;
GRANT SELECT(foreign_open) ON TABLE public.bill TO stockwell_bi;

GRANT SELECT ON TABLE public.supplier TO stockwell_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.supplier TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.supplier TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.supplier TO stockwell_bi;

GRANT SELECT(code) ON TABLE public.supplier TO stockwell_bi;

GRANT SELECT(name) ON TABLE public.supplier TO stockwell_bi;

GRANT SELECT ON TABLE bi.payable_ageing TO stockwell_app;
GRANT SELECT ON TABLE bi.payable_ageing TO stockwell_bi;

GRANT SELECT ON TABLE bi.products TO stockwell_app;
GRANT SELECT ON TABLE bi.products TO stockwell_bi;

GRANT SELECT ON TABLE bi.profit_and_loss TO stockwell_app;
GRANT SELECT ON TABLE bi.profit_and_loss TO stockwell_bi;

GRANT SELECT ON TABLE bi.receivable_ageing TO stockwell_app;
GRANT SELECT ON TABLE bi.receivable_ageing TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.reconcile_run TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.reconcile_run TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.reconcile_run TO stockwell_bi;

GRANT SELECT(exceptions) ON TABLE public.reconcile_run TO stockwell_bi;

GRANT SELECT(health) ON TABLE public.reconcile_run TO stockwell_bi;

GRANT SELECT(recorded_at) ON TABLE public.reconcile_run TO stockwell_bi;

GRANT SELECT ON TABLE bi.reconciliation_exceptions TO stockwell_app;
GRANT SELECT ON TABLE bi.reconciliation_exceptions TO stockwell_bi;

GRANT SELECT ON TABLE bi.reconciliation_health TO stockwell_app;
GRANT SELECT ON TABLE bi.reconciliation_health TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_category TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_category TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_channel TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_channel TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_country TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_country TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_customer TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_customer TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_day TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_day TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_discount_band TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_discount_band TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_hour_of_day TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_hour_of_day TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_location TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_location TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_month TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_month TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_month_channel TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_month_channel TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_price_source TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_price_source TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_product TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_product TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_product_kind TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_product_kind TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_by_weekday TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_by_weekday TO stockwell_bi;

GRANT SELECT ON TABLE bi.revenue_lines TO stockwell_app;
GRANT SELECT ON TABLE bi.revenue_lines TO stockwell_bi;

GRANT SELECT,INSERT,UPDATE ON TABLE public.reason_code TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.reason_code TO stockwell_bi;

GRANT SELECT(code) ON TABLE public.reason_code TO stockwell_bi;

GRANT SELECT(name) ON TABLE public.reason_code TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.stock_movement TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(lot_id) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(quantity) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(value) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(unit_cost) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(document_kind) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(document_id) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(line_no) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(channel) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(reason) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(occurred_at) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(recorded_at) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(entry_mode) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(source_system) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT(command_id) ON TABLE public.stock_movement TO stockwell_bi;

GRANT SELECT ON TABLE bi.shrinkage TO stockwell_app;
GRANT SELECT ON TABLE bi.shrinkage TO stockwell_bi;

GRANT SELECT ON TABLE bi.slow_stock TO stockwell_app;
GRANT SELECT ON TABLE bi.slow_stock TO stockwell_bi;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cost_layer TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.cost_layer TO stockwell_bi;

GRANT SELECT(location_id) ON TABLE public.cost_layer TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.cost_layer TO stockwell_bi;

GRANT SELECT(lot_id) ON TABLE public.cost_layer TO stockwell_bi;

GRANT SELECT(received_at) ON TABLE public.cost_layer TO stockwell_bi;

GRANT SELECT(quantity) ON TABLE public.cost_layer TO stockwell_bi;

GRANT SELECT(value) ON TABLE public.cost_layer TO stockwell_bi;

GRANT SELECT(document_kind) ON TABLE public.cost_layer TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.layer_use TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.layer_use TO stockwell_bi;

GRANT SELECT(movement_id) ON TABLE public.layer_use TO stockwell_bi;

GRANT SELECT(layer_id) ON TABLE public.layer_use TO stockwell_bi;

GRANT SELECT(quantity) ON TABLE public.layer_use TO stockwell_bi;

GRANT SELECT(value) ON TABLE public.layer_use TO stockwell_bi;

GRANT SELECT(document_kind) ON TABLE public.layer_use TO stockwell_bi;

GRANT SELECT(received_at) ON TABLE public.layer_use TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.transfer TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.transfer TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.transfer TO stockwell_bi;

GRANT SELECT(from_location_id) ON TABLE public.transfer TO stockwell_bi;

GRANT UPDATE(status) ON TABLE public.transfer TO stockwell_app;
GRANT SELECT(status) ON TABLE public.transfer TO stockwell_bi;

GRANT UPDATE(updated_at) ON TABLE public.transfer TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.transfer TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.transfer_line TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.transfer_line TO stockwell_bi;

GRANT SELECT(transfer_id) ON TABLE public.transfer_line TO stockwell_bi;

GRANT SELECT(line_no) ON TABLE public.transfer_line TO stockwell_bi;

GRANT SELECT(product_id) ON TABLE public.transfer_line TO stockwell_bi;

GRANT SELECT(quantity) ON TABLE public.transfer_line TO stockwell_bi;

GRANT UPDATE(received) ON TABLE public.transfer_line TO stockwell_app;
GRANT SELECT(received) ON TABLE public.transfer_line TO stockwell_bi;

GRANT UPDATE(missing) ON TABLE public.transfer_line TO stockwell_app;
GRANT SELECT(missing) ON TABLE public.transfer_line TO stockwell_bi;

GRANT UPDATE(open_value) ON TABLE public.transfer_line TO stockwell_app;
GRANT SELECT(open_value) ON TABLE public.transfer_line TO stockwell_bi;

GRANT SELECT(lot_id) ON TABLE public.transfer_line TO stockwell_bi;

GRANT UPDATE(returned) ON TABLE public.transfer_line TO stockwell_app;
GRANT SELECT(returned) ON TABLE public.transfer_line TO stockwell_bi;

GRANT SELECT ON TABLE bi.stock_ageing TO stockwell_app;
GRANT SELECT ON TABLE bi.stock_ageing TO stockwell_bi;

GRANT SELECT ON TABLE bi.stock_movements TO stockwell_app;
GRANT SELECT ON TABLE bi.stock_movements TO stockwell_bi;

GRANT SELECT ON TABLE bi.stock_positions TO stockwell_app;
GRANT SELECT ON TABLE bi.stock_positions TO stockwell_bi;

GRANT SELECT ON TABLE bi.stock_turnover TO stockwell_app;
GRANT SELECT ON TABLE bi.stock_turnover TO stockwell_bi;

GRANT SELECT ON TABLE bi.stock_valuation TO stockwell_app;
GRANT SELECT ON TABLE bi.stock_valuation TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.sales_line_tax TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(document_id) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(document_kind) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(line_no) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(code) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(name) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(rate) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(amount_per_unit) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(base) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(base_quantity) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(amount) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT(account_code) ON TABLE public.sales_line_tax TO stockwell_bi;

GRANT SELECT ON TABLE bi.tax_lines TO stockwell_app;
GRANT SELECT ON TABLE bi.tax_lines TO stockwell_bi;

GRANT SELECT ON TABLE bi.tax_summary TO stockwell_app;
GRANT SELECT ON TABLE bi.tax_summary TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.cash_move TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.cash_move TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.cash_move TO stockwell_bi;

GRANT SELECT(amount) ON TABLE public.cash_move TO stockwell_bi;

GRANT SELECT(document_id) ON TABLE public.cash_move TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.shipment TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.shipment TO stockwell_lookup;
GRANT SELECT(tenant_id) ON TABLE public.shipment TO stockwell_bi;

GRANT SELECT(order_id) ON TABLE public.shipment TO stockwell_lookup;

GRANT SELECT(invoice_id) ON TABLE public.shipment TO stockwell_lookup;
GRANT UPDATE(invoice_id) ON TABLE public.shipment TO stockwell_app;
GRANT SELECT(invoice_id) ON TABLE public.shipment TO stockwell_bi;

GRANT SELECT(cost) ON TABLE public.shipment TO stockwell_bi;

GRANT UPDATE(undone_at) ON TABLE public.shipment TO stockwell_app;
GRANT SELECT(undone_at) ON TABLE public.shipment TO stockwell_bi;

GRANT SELECT(carrier),UPDATE(carrier) ON TABLE public.shipment TO stockwell_lookup;
GRANT UPDATE(carrier) ON TABLE public.shipment TO stockwell_app;

GRANT SELECT(tracking_number),UPDATE(tracking_number) ON TABLE public.shipment TO stockwell_lookup;
GRANT UPDATE(tracking_number) ON TABLE public.shipment TO stockwell_app;

GRANT SELECT(tracking_url),UPDATE(tracking_url) ON TABLE public.shipment TO stockwell_lookup;
GRANT UPDATE(tracking_url) ON TABLE public.shipment TO stockwell_app;

GRANT SELECT(version),UPDATE(version) ON TABLE public.shipment TO stockwell_lookup;
GRANT UPDATE(version) ON TABLE public.shipment TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.shipment TO stockwell_lookup;
GRANT UPDATE(updated_at) ON TABLE public.shipment TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.supplier_payment TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.supplier_payment TO stockwell_lookup;
GRANT SELECT(tenant_id) ON TABLE public.supplier_payment TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.supplier_payment TO stockwell_lookup;

GRANT SELECT(kind) ON TABLE public.supplier_payment TO stockwell_lookup;

GRANT SELECT(amount) ON TABLE public.supplier_payment TO stockwell_lookup;
GRANT SELECT(amount) ON TABLE public.supplier_payment TO stockwell_bi;

GRANT SELECT(occurred_at) ON TABLE public.supplier_payment TO stockwell_lookup;

GRANT UPDATE(unapplied) ON TABLE public.supplier_payment TO stockwell_app;
GRANT SELECT(unapplied) ON TABLE public.supplier_payment TO stockwell_bi;

GRANT UPDATE(foreign_unapplied) ON TABLE public.supplier_payment TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.tender TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.tender TO stockwell_bi;

GRANT SELECT(kind) ON TABLE public.tender TO stockwell_bi;

GRANT SELECT(amount) ON TABLE public.tender TO stockwell_bi;

GRANT SELECT,INSERT ON TABLE public.voucher TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.voucher TO stockwell_bi;

GRANT SELECT(id) ON TABLE public.voucher TO stockwell_bi;

GRANT UPDATE(customer_id) ON TABLE public.voucher TO stockwell_app;

GRANT UPDATE(method) ON TABLE public.voucher TO stockwell_app;
GRANT SELECT(method) ON TABLE public.voucher TO stockwell_bi;

GRANT UPDATE(issued) ON TABLE public.voucher TO stockwell_app;

GRANT UPDATE(redeemed) ON TABLE public.voucher TO stockwell_app;

GRANT UPDATE(balance) ON TABLE public.voucher TO stockwell_app;
GRANT SELECT(balance) ON TABLE public.voucher TO stockwell_bi;

GRANT UPDATE(expires_on) ON TABLE public.voucher TO stockwell_app;

GRANT UPDATE(forced) ON TABLE public.voucher TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.voucher TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.voucher TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.voucher_move TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.voucher_move TO stockwell_bi;

GRANT SELECT(voucher_id) ON TABLE public.voucher_move TO stockwell_bi;

GRANT SELECT(document_id) ON TABLE public.voucher_move TO stockwell_bi;

GRANT SELECT(amount) ON TABLE public.voucher_move TO stockwell_bi;

GRANT SELECT ON TABLE bi.tie_out TO stockwell_app;
GRANT SELECT ON TABLE bi.tie_out TO stockwell_bi;

GRANT SELECT ON TABLE bi.trial_balance TO stockwell_app;
GRANT SELECT ON TABLE bi.trial_balance TO stockwell_bi;

GRANT SELECT ON TABLE bi.weak_margins TO stockwell_app;
GRANT SELECT ON TABLE bi.weak_margins TO stockwell_bi;

GRANT DELETE ON TABLE public.access_refusal TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.access_refusal TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.access_refusal TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.access_refusal TO stockwell_lookup;

GRANT SELECT(minute) ON TABLE public.access_refusal TO stockwell_lookup;

GRANT UPDATE(times) ON TABLE public.access_refusal TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.account_mapping TO stockwell_app;

GRANT UPDATE(rules) ON TABLE public.account_mapping TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.account_mapping TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.account_mapping TO stockwell_app;

GRANT SELECT ON TABLE public.api_key TO stockwell_lookup;
GRANT SELECT,INSERT,UPDATE ON TABLE public.api_key TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.app_user TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.app_user TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.app_user TO stockwell_lookup;

GRANT SELECT(role) ON TABLE public.app_user TO stockwell_lookup;

GRANT SELECT(status) ON TABLE public.app_user TO stockwell_lookup;

GRANT SELECT(scopes) ON TABLE public.app_user TO stockwell_lookup;

GRANT SELECT,INSERT ON TABLE public.application_line TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.attachment TO stockwell_app;

GRANT UPDATE(filename) ON TABLE public.attachment TO stockwell_app;

GRANT UPDATE(title) ON TABLE public.attachment TO stockwell_app;

GRANT UPDATE("position") ON TABLE public.attachment TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.attachment TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.attachment TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.attachment_content TO stockwell_app;

GRANT UPDATE(bytes) ON TABLE public.attachment_content TO stockwell_app;

GRANT UPDATE(store) ON TABLE public.attachment_content TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.attachment_orphan TO stockwell_app;

GRANT UPDATE(since) ON TABLE public.attachment_orphan TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.attachment_usage TO stockwell_app;

GRANT UPDATE(stored_bytes) ON TABLE public.attachment_usage TO stockwell_app;

GRANT UPDATE(quota_bytes) ON TABLE public.attachment_usage TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.bank_line TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.bank_line TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.bank_line TO stockwell_lookup;

GRANT SELECT(counterparty),UPDATE(counterparty) ON TABLE public.bank_line TO stockwell_lookup;

GRANT SELECT(text),UPDATE(text) ON TABLE public.bank_line TO stockwell_lookup;

GRANT SELECT,INSERT,DELETE ON TABLE public.bank_match TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.bank_match TO stockwell_lookup;

GRANT SELECT(bank_line_id) ON TABLE public.bank_match TO stockwell_lookup;

GRANT SELECT(payment_id) ON TABLE public.bank_match TO stockwell_lookup;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.barcode TO stockwell_app;

GRANT SELECT ON TABLE public.bi_login TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.bi_login TO stockwell_app;

GRANT UPDATE(expires_at) ON TABLE public.bi_login TO stockwell_app;

GRANT UPDATE(revoked_at) ON TABLE public.bi_login TO stockwell_app;

GRANT UPDATE(rotated_to) ON TABLE public.bi_login TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.bi_login TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.bi_login TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.bill_line TO stockwell_app;

GRANT UPDATE(reasons) ON TABLE public.bill_line TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.bill_match TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.bundle_component TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.channel_price_list TO stockwell_app;

GRANT DELETE ON TABLE public.command TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.command TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.command TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.command TO stockwell_lookup;

GRANT SELECT(name) ON TABLE public.command TO stockwell_lookup;

GRANT SELECT(idempotency_key),UPDATE(idempotency_key) ON TABLE public.command TO stockwell_lookup;

GRANT UPDATE(fingerprint) ON TABLE public.command TO stockwell_lookup;

GRANT UPDATE(response) ON TABLE public.command TO stockwell_lookup;

GRANT SELECT,INSERT ON TABLE public.count_setting TO stockwell_app;

GRANT UPDATE(tolerance_percent) ON TABLE public.count_setting TO stockwell_app;

GRANT UPDATE(tolerance_value) ON TABLE public.count_setting TO stockwell_app;

GRANT UPDATE(approval_value) ON TABLE public.count_setting TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.count_setting TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.count_setting TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.custom_role TO stockwell_app;

GRANT UPDATE(name) ON TABLE public.custom_role TO stockwell_app;

GRANT UPDATE(scopes) ON TABLE public.custom_role TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.custom_role TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.custom_role TO stockwell_app;

GRANT DELETE ON TABLE public.customer_session TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.customer_session TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.customer_session TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.customer_session TO stockwell_lookup;

GRANT SELECT(expires_at) ON TABLE public.customer_session TO stockwell_lookup;

GRANT SELECT(revoked_at) ON TABLE public.customer_session TO stockwell_lookup;
GRANT UPDATE(revoked_at) ON TABLE public.customer_session TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.event TO stockwell_app;
GRANT SELECT ON TABLE public.event TO stockwell_relay;

GRANT SELECT,INSERT ON TABLE public.event_cursor TO stockwell_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.event_cursor TO stockwell_relay;

GRANT SELECT,INSERT ON TABLE public.exchange_rate TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.expected_receipt TO stockwell_app;

GRANT UPDATE(expected_on) ON TABLE public.expected_receipt TO stockwell_app;

GRANT UPDATE(status) ON TABLE public.expected_receipt TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.expected_receipt TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.expected_receipt TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.expected_receipt_line TO stockwell_app;

GRANT UPDATE(received) ON TABLE public.expected_receipt_line TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.failed_attempt TO stockwell_app;

GRANT UPDATE(failures) ON TABLE public.failed_attempt TO stockwell_app;

GRANT UPDATE(ends_at) ON TABLE public.failed_attempt TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.foreign_line TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.former_barcode TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.former_sku TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.former_unit TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.hold TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.hold TO stockwell_lookup;

GRANT SELECT(reference),UPDATE(reference) ON TABLE public.hold TO stockwell_lookup;

GRANT SELECT(customer_id) ON TABLE public.hold TO stockwell_lookup;

GRANT SELECT(note),UPDATE(note) ON TABLE public.hold TO stockwell_lookup;

GRANT UPDATE(status) ON TABLE public.hold TO stockwell_app;

GRANT UPDATE(expires_at) ON TABLE public.hold TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.hold TO stockwell_lookup;
GRANT UPDATE(updated_at) ON TABLE public.hold TO stockwell_app;

GRANT SELECT(version),UPDATE(version) ON TABLE public.hold TO stockwell_lookup;
GRANT UPDATE(version) ON TABLE public.hold TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.hold_line TO stockwell_app;

GRANT DELETE ON TABLE public.hold_reference TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.hold_reference TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.hold_reference TO stockwell_lookup;

GRANT SELECT(reference) ON TABLE public.hold_reference TO stockwell_lookup;

GRANT UPDATE(placed_at) ON TABLE public.hold_reference TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(name) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(issuer) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(client_id) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(client_secret) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(redirect_url) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(email_domains) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(role) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(asks_second_factor) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(admits_owners) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(enabled) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.identity_provider TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.identity_provider TO stockwell_app;

GRANT DELETE ON TABLE public.invitation TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.invitation TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.invitation TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.invitation TO stockwell_lookup;

GRANT SELECT(expires_at) ON TABLE public.invitation TO stockwell_lookup;

GRANT SELECT(accepted_at) ON TABLE public.invitation TO stockwell_lookup;
GRANT UPDATE(accepted_at) ON TABLE public.invitation TO stockwell_app;

GRANT SELECT(revoked_at) ON TABLE public.invitation TO stockwell_lookup;
GRANT UPDATE(revoked_at) ON TABLE public.invitation TO stockwell_app;

GRANT UPDATE(user_id) ON TABLE public.invitation TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.job TO stockwell_app;

GRANT UPDATE(seen_at) ON TABLE public.job TO stockwell_app;

GRANT UPDATE(finished_at) ON TABLE public.job TO stockwell_app;

GRANT UPDATE(rows_done) ON TABLE public.job TO stockwell_app;

GRANT UPDATE(rows_total) ON TABLE public.job TO stockwell_app;

GRANT UPDATE(http_status) ON TABLE public.job TO stockwell_app;

GRANT UPDATE(response) ON TABLE public.job TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.landed_cost TO stockwell_app;

GRANT UPDATE(reversed_by_id) ON TABLE public.landed_cost TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.landed_cost TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.landed_cost TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.landed_cost_line TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.lot_recall TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.movement_pack TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.movement_quarter TO stockwell_app;

GRANT UPDATE(known_until) ON TABLE public.movement_quarter TO stockwell_app;

GRANT UPDATE(movements) ON TABLE public.movement_quarter TO stockwell_app;

GRANT UPDATE(first_at) ON TABLE public.movement_quarter TO stockwell_app;

GRANT UPDATE(last_at) ON TABLE public.movement_quarter TO stockwell_app;

GRANT UPDATE(made_at) ON TABLE public.movement_quarter TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.number_series TO stockwell_app;

GRANT DELETE ON TABLE public.password_link TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.password_link TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.password_link TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.password_link TO stockwell_lookup;

GRANT SELECT(expires_at) ON TABLE public.password_link TO stockwell_lookup;

GRANT SELECT(ended_at) ON TABLE public.password_link TO stockwell_lookup;
GRANT UPDATE(ended_at) ON TABLE public.password_link TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.payment_allocation TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(status) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(authorised_amount) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(authorised_at) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(captured_amount) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(card_brand) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(card_last_four) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(authorisation_code) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(terminal_id) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.payment_intent TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.payment_intent TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.payment_provider TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.payment_provider TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.payment_provider TO stockwell_lookup;

GRANT UPDATE(secret) ON TABLE public.payment_provider TO stockwell_app;

GRANT UPDATE(previous_secret) ON TABLE public.payment_provider TO stockwell_app;

GRANT UPDATE(previous_until) ON TABLE public.payment_provider TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.payment_provider TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.payment_provider TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.payment_provider_event TO stockwell_app;

GRANT UPDATE(received_at) ON TABLE public.payment_provider_event TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.peg TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.period_close TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.period_lock TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.pos_sale TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.pos_sale TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.pos_sale TO stockwell_lookup;

GRANT SELECT(customer_id) ON TABLE public.pos_sale TO stockwell_lookup;

GRANT UPDATE(returned) ON TABLE public.pos_sale TO stockwell_app;

GRANT SELECT(customer_version) ON TABLE public.pos_sale TO stockwell_lookup;

GRANT SELECT,INSERT,UPDATE ON TABLE public.pos_session TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.price_list TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.price_rule TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.product_group TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.product_unit TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.provider_account TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.provider_login TO stockwell_app;

GRANT UPDATE(used_at) ON TABLE public.provider_login TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.purchase_order TO stockwell_app;

GRANT UPDATE(status) ON TABLE public.purchase_order TO stockwell_app;

GRANT UPDATE(sent_at) ON TABLE public.purchase_order TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.purchase_order TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.purchase_order TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.purchase_order_line TO stockwell_app;

GRANT UPDATE(received) ON TABLE public.purchase_order_line TO stockwell_app;

GRANT UPDATE(cancelled) ON TABLE public.purchase_order_line TO stockwell_app;

GRANT UPDATE(expected_on) ON TABLE public.purchase_order_line TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.purchase_receipt_line TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.reconcile_bundle TO stockwell_app;

GRANT UPDATE(quantity) ON TABLE public.reconcile_bundle TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.reconcile_bundle TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.reconcile_discrepancy TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.reconcile_episode TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_event TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_fix TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_fix_applied TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_input TO stockwell_app;

GRANT UPDATE(changed_at) ON TABLE public.reconcile_input TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.reconcile_item TO stockwell_app;

GRANT UPDATE(category) ON TABLE public.reconcile_item TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.reconcile_item TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_lease TO stockwell_app;

GRANT UPDATE(leased_by) ON TABLE public.reconcile_lease TO stockwell_app;

GRANT UPDATE(lease_until) ON TABLE public.reconcile_lease TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.reconcile_location_mapping TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.reconcile_ownership TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_resolution TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.reconcile_setting TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.reconcile_sku_mapping TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_snapshot TO stockwell_app;

GRANT UPDATE(is_full) ON TABLE public.reconcile_snapshot TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_snapshot_line TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_system TO stockwell_app;

GRANT UPDATE(name) ON TABLE public.reconcile_system TO stockwell_app;

GRANT UPDATE(kind) ON TABLE public.reconcile_system TO stockwell_app;

GRANT UPDATE(quantity_meaning) ON TABLE public.reconcile_system TO stockwell_app;

GRANT UPDATE(sync_interval_minutes) ON TABLE public.reconcile_system TO stockwell_app;

GRANT UPDATE(clock_offset_seconds) ON TABLE public.reconcile_system TO stockwell_app;

GRANT UPDATE(sign) ON TABLE public.reconcile_system TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.reconcile_system TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.reconcile_system TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_touchpoint TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.reconcile_verdict TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.recurring_entry TO stockwell_app;

GRANT UPDATE(posted) ON TABLE public.recurring_entry TO stockwell_app;

GRANT UPDATE(next_on) ON TABLE public.recurring_entry TO stockwell_app;

GRANT UPDATE(tried_on) ON TABLE public.recurring_entry TO stockwell_app;

GRANT UPDATE(problem) ON TABLE public.recurring_entry TO stockwell_app;

GRANT UPDATE(ended_at) ON TABLE public.recurring_entry TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.recurring_entry TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.recurring_entry TO stockwell_app;

GRANT DELETE ON TABLE public.refresh_token TO stockwell_lookup;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_token TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.refresh_token TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.refresh_token TO stockwell_lookup;

GRANT SELECT(expires_at) ON TABLE public.refresh_token TO stockwell_lookup;

GRANT SELECT(used_at) ON TABLE public.refresh_token TO stockwell_lookup;

GRANT SELECT(revoked_at) ON TABLE public.refresh_token TO stockwell_lookup;

GRANT SELECT,INSERT,UPDATE ON TABLE public.register TO stockwell_app;

GRANT DELETE ON TABLE public.replaced_customer TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.replaced_customer TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.replaced_customer TO stockwell_lookup;

GRANT SELECT(customer_id) ON TABLE public.replaced_customer TO stockwell_lookup;

GRANT SELECT(version) ON TABLE public.replaced_customer TO stockwell_lookup;

GRANT SELECT,INSERT ON TABLE public.replaced_location TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.replaced_price TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.replaced_product TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.replaced_seller TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.replaced_supplier TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.replenish_category TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.replenish_order TO stockwell_app;

GRANT UPDATE(purchase_order_id) ON TABLE public.replenish_order TO stockwell_app;

GRANT UPDATE(accepted_at) ON TABLE public.replenish_order TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.replenish_setting TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.replenish_supplier TO stockwell_app;

GRANT DELETE ON TABLE public.request_log TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.request_log TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.request_log TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.request_log TO stockwell_lookup;

GRANT SELECT,INSERT ON TABLE public.sale_exception TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sale_exception TO stockwell_lookup;

GRANT SELECT(sale_id) ON TABLE public.sale_exception TO stockwell_lookup;

GRANT UPDATE(resolved_at) ON TABLE public.sale_exception TO stockwell_app;

GRANT SELECT(resolution),UPDATE(resolution) ON TABLE public.sale_exception TO stockwell_lookup;
GRANT UPDATE(resolution) ON TABLE public.sale_exception TO stockwell_app;

GRANT SELECT(version),UPDATE(version) ON TABLE public.sale_exception TO stockwell_lookup;
GRANT UPDATE(version) ON TABLE public.sale_exception TO stockwell_app;

GRANT DELETE ON TABLE public.sale_external_ref TO stockwell_lookup;
GRANT SELECT,INSERT ON TABLE public.sale_external_ref TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sale_external_ref TO stockwell_lookup;

GRANT SELECT(sale_id) ON TABLE public.sale_external_ref TO stockwell_lookup;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_by_category TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_by_customer TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_by_customer_year TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_by_day TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_by_product TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_by_product_year TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_by_quarter_hour TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.sales_fold TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.sales_order TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(id) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(customer_id) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(reference),UPDATE(reference) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(external_ref),UPDATE(external_ref) ON TABLE public.sales_order TO stockwell_lookup;

GRANT UPDATE(updated_at) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(version),UPDATE(version) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(bill_to),UPDATE(bill_to) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(ship_to),UPDATE(ship_to) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(metadata),UPDATE(metadata) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(notes),UPDATE(notes) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT(tags),UPDATE(tags) ON TABLE public.sales_order TO stockwell_lookup;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_order_line TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.sales_order_line TO stockwell_lookup;

GRANT SELECT(order_id) ON TABLE public.sales_order_line TO stockwell_lookup;

GRANT UPDATE(description) ON TABLE public.sales_order_line TO stockwell_lookup;

GRANT SELECT(price_trace),UPDATE(price_trace) ON TABLE public.sales_order_line TO stockwell_lookup;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_category TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_customer TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_month TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_product TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_product_location TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sales_sum_by_quarter_hour TO stockwell_app;

GRANT SELECT ON TABLE public.schema_migration TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.shipment_line TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sku_mapping TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.stock_checkpoint TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.stock_checkpoint_level TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.stock_count TO stockwell_app;

GRANT UPDATE(status) ON TABLE public.stock_count TO stockwell_app;

GRANT UPDATE(document_id) ON TABLE public.stock_count TO stockwell_app;

GRANT UPDATE(round) ON TABLE public.stock_count TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.stock_count TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.stock_count TO stockwell_app;

GRANT UPDATE(reversal_id) ON TABLE public.stock_count TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.stock_count_entry TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(round) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(recount) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(counted) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(counted_at) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(expected) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(posted_quantity) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(posted_value) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(superseded) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(expires_on) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(stands) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(earlier_counted_at) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(taken_off_quantity) ON TABLE public.stock_count_line TO stockwell_app;

GRANT UPDATE(taken_off_value) ON TABLE public.stock_count_line TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.stock_document TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.supplier_payment_part TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.supplier_product TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.supplier_return_line TO stockwell_app;

GRANT UPDATE(reversal_id) ON TABLE public.supplier_return_line TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.tax_class TO stockwell_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tax_rate TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.tender_payment_intent TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.till_clock TO stockwell_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.unmapped_sku TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.webhook_attempt TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.webhook_cursor TO stockwell_app;

GRANT UPDATE("position") ON TABLE public.webhook_cursor TO stockwell_app;

GRANT UPDATE(written) ON TABLE public.webhook_cursor TO stockwell_app;

GRANT UPDATE(event_id) ON TABLE public.webhook_cursor TO stockwell_app;

GRANT UPDATE(failures) ON TABLE public.webhook_cursor TO stockwell_app;

GRANT UPDATE(failing_since) ON TABLE public.webhook_cursor TO stockwell_app;

GRANT UPDATE(paused_until) ON TABLE public.webhook_cursor TO stockwell_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(status) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(attempts) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(tries) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(next_at) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(expires_at) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(leased_by) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(lease_until) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(http_status) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(error) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.webhook_delivery TO stockwell_app;

GRANT SELECT,INSERT ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT SELECT(tenant_id) ON TABLE public.webhook_endpoint TO stockwell_lookup;

GRANT UPDATE(url) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(description) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(event_types) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(payload) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(active) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(disabled_reason) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(secret) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(previous_secret) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(previous_until) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(version) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT UPDATE(updated_at) ON TABLE public.webhook_endpoint TO stockwell_app;

GRANT SELECT(deleted_at) ON TABLE public.webhook_endpoint TO stockwell_lookup;
GRANT UPDATE(deleted_at) ON TABLE public.webhook_endpoint TO stockwell_app;
