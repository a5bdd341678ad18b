//! Rules of the schema, read from the catalog of the database, so that they apply to every new table.

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Row};

/// Tables of the installation that belong to no tenant.
const GLOBAL: &str = "('schema_migration', 'schema_replaceable')";

/// Each query returns what breaks the rule, one row each.
pub const SCHEMA_RULES: &[(&str, &str)] = &[
    (
        "every table has row-level security, forced",
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace \
         and c.relkind in ('r', 'p') and c.relname not in GLOBAL and not (c.relrowsecurity and c.relforcerowsecurity)",
    ),
    (
        "every table has exactly one policy for the application: permissive, for everything, with the strict predicate",
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace \
         and c.relkind in ('r', 'p') and c.relname not in GLOBAL and not ( \
             exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd = '*' \
                     and p.polroles = array['stockwell_app'::regrole::oid] \
                     and pg_get_expr(p.polqual, c.oid) = '(tenant_id = (current_setting(''app.tenant_id''::text))::uuid)' \
                     and pg_get_expr(p.polwithcheck, c.oid) = pg_get_expr(p.polqual, c.oid)) \
             and 1 = (select count(*) from pg_policy p where p.polrelid = c.oid \
                      and p.polroles && array[0, 'stockwell_app'::regrole]::oid[]))",
    ),
    (
        "only the relay and BI tools have policies of their own: on the feed and its cursors alone, and for reading the own tenant",
        "select p.polrelid::regclass || ' ' || p.polname from pg_policy p \
         where p.polroles <> array['stockwell_app'::regrole::oid] \
           and not (p.polname = 'bi_wall' and p.polcmd = 'r' and p.polroles = array['stockwell_bi'::regrole::oid] \
                    and pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant))') \
           and not (p.polrelid in ('event'::regclass, 'event_cursor'::regclass) \
                    and p.polroles = array['stockwell_relay'::regrole::oid])",
    ),
    (
        "tenant_id is a uuid and never null",
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace \
         and c.relkind in ('r', 'p') and c.relname not in GLOBAL and not exists ( \
             select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull \
             and a.atttypid = 'uuid'::regtype)",
    ),
    (
        "every table has a primary key",
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace \
         and c.relkind in ('r', 'p') \
         and not exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisprimary)",
    ),
    (
        "every foreign key carries the tenant to the tenant",
        "select k.conrelid::regclass || ' ' || k.conname from pg_constraint k \
         where k.contype = 'f' and k.connamespace = 'public'::regnamespace and not exists ( \
             select 1 from unnest(k.conkey, k.confkey) as pair (own, other) \
             join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.own and a.attname = 'tenant_id' \
             join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.other and b.attname = 'tenant_id')",
    ),
    (
        "no foreign key deletes or changes rows",
        "select k.conrelid::regclass || ' ' || k.conname from pg_constraint k \
         where k.contype = 'f' and k.connamespace = 'public'::regnamespace \
           and (k.confdeltype <> 'a' or k.confupdtype <> 'a')",
    ),
    (
        "every unique index begins with the tenant",
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid \
         where c.relnamespace = 'public'::regnamespace and i.indisunique and c.relname not in GLOBAL \
           and i.indexrelid::regclass::text <> 'tenant_slug_key' and not exists ( \
             select 1 from pg_attribute a where a.attrelid = i.indrelid and a.attnum = i.indkey[0] \
             and a.attname = 'tenant_id')",
    ),
    (
        "every other index begins with the tenant, is a summary over time, or finds a credential before the tenant is known",
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid \
         join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam \
         where c.relnamespace = 'public'::regnamespace and c.relname not in GLOBAL and not i.indisunique \
           and m.amname <> 'brin' and i.indexrelid::regclass::text not in ('api_key_by_hash', 'bi_login_by_role', 'payment_provider_by_id') and not exists ( \
             select 1 from pg_attribute a where a.attrelid = i.indrelid and a.attnum = i.indkey[0] \
             and a.attname = 'tenant_id')",
    ),
    (
        "no index needs an operator that row-level security keeps from being used, but those of functions that pass the wall",
        "select i.indexrelid::regclass || ' ' || t.typname from pg_index i \
         join pg_class c on c.oid = i.indrelid and c.relrowsecurity cross join lateral unnest(i.indkey) k (att) \
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.att join pg_type t on t.oid = a.atttypid \
         where (t.typtype = 'e' or t.typname in ('numeric', 'jsonb', 'tsvector', 'citext') or t.typcategory = 'A') \
           and i.indexrelid::regclass::text not in ('product_by_tag', 'customer_by_tag', 'product_by_metadata', \
               'customer_by_metadata', 'supplier_by_metadata', 'sales_order_by_metadata', \
               'payment_by_amount', 'supplier_payment_by_amount')",
    ),
    (
        "no index is made over an expression",
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid \
         where c.relnamespace = 'public'::regnamespace and i.indexprs is not null",
    ),
    (
        "no column is an enum: text and a check take its place",
        "select typname::text from pg_type where typtype = 'e'",
    ),
    (
        "no column uses a sequence, and none is a binary float",
        "select c.oid::regclass::text from pg_class c where c.relkind = 'S' and c.relnamespace = 'public'::regnamespace \
         union all select a.attrelid::regclass || '.' || a.attname from pg_attribute a \
         join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace \
         where a.atttypid in ('real'::regtype, 'double precision'::regtype, 'money'::regtype, \
                              'timestamp'::regtype, 'json'::regtype)",
    ),
    (
        "no table has a trigger, but for what a server of the version before does not write or check",
        "select t.tgrelid::regclass || ' ' || t.tgname from pg_trigger t where not t.tgisinternal \
         and t.tgname not in ('keep_unit_fraction', 'keep_price_key', 'keep_sku_since', 'keep_removed_barcode', 'keep_moved_barcode', \
                               'keep_advance_currency')",
    ),
    (
        "no check constraint has a generated name",
        "select k.conrelid::regclass || ' ' || k.conname from pg_constraint k \
         join pg_class c on c.oid = k.conrelid and c.relnamespace = 'public'::regnamespace \
         where k.conname like '%\\_check' or k.conname like '%\\_check_'",
    ),
    (
        "every view runs with the rights of its caller",
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where c.relkind = 'v' and n.nspname in ('public', 'bi', 'auth') \
           and not coalesce(c.reloptions @> array['security_invoker=true'], false)",
    ),
    (
        "every view of bi takes its tenant from bi.tenant(), so that it serves BI tools, which set none",
        "select c.oid::regclass::text from pg_class c where c.relkind = 'v' and c.relnamespace = 'bi'::regnamespace \
           and pg_get_viewdef(c.oid) like '%current_setting%'",
    ),
    (
        "there are no materialised views, partitions without a policy, or foreign tables",
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where n.nspname in ('public', 'bi', 'auth') and (c.relkind in ('m', 'f') or c.relispartition)",
    ),
    (
        "functions with the rights of their owner are those that are known, in plpgsql, with a fixed search path, closed to the public",
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace \
         where n.nspname in ('public', 'bi', 'auth') and not ( \
             p.oid::regprocedure::text in ('auth.find_api_key(bytea)', 'auth.find_key_chain(bytea)', 'auth.find_tenant(text)', 'auth.find_payment_provider(uuid)', 'auth.tenants()', 'auth.webhook_tenants()', 'auth.tenant_rates()', 'auth.bi_tenant()', \
                                           'auth.find_products(text,integer)', 'auth.find_products(text,text[],text[],integer)', \
                                           'auth.find_customers(text,text[],text[],integer)', 'auth.find_customers_by_email(text)', \
                                           'auth.find_transfers(numeric,timestamp with time zone,timestamp with time zone)', \
                                           'auth.find_supplier_transfers(numeric,timestamp with time zone,timestamp with time zone)', \
                                           'auth.find_suppliers(text,text[],text[],integer)', \
                                           'auth.find_tagged_products(text,integer)', 'auth.find_tagged_customers(text,integer)', \
                                           'auth.find_noted_products(jsonb,integer)', 'auth.find_noted_customers(jsonb,integer)', \
                                           'auth.find_noted_suppliers(jsonb,integer)', 'auth.find_noted_orders(jsonb,integer)', \
                                           'auth.forget_answers(uuid,uuid,uuid,integer)', \
                                           'auth.is_moving()', \
                                           'auth.forget_refusals(uuid,timestamp with time zone,integer)', \
                                           'auth.forget_requests(uuid,uuid,integer)', \
                                           'auth.forget_refresh_tokens(uuid,timestamp with time zone,uuid,integer)', \
                                           'auth.forget_password_links(uuid,timestamp with time zone,uuid,integer)', \
                                           'auth.erase_customer(uuid,timestamp with time zone)', \
                                           'auth.forget_invitations(uuid,timestamp with time zone,uuid,integer)', \
                                           'auth.forget_customer_sessions(uuid,timestamp with time zone,uuid,integer)') \
             and p.prosecdef and p.prolang = (select l.oid from pg_language l where l.lanname = 'plpgsql') \
             and p.proconfig @> array['search_path=pg_catalog, pg_temp'] \
             and p.proowner = 'stockwell_lookup'::regrole \
             and not has_function_privilege('public', p.oid, 'execute') \
             or p.oid::regprocedure::text in ('event_base()', 'day_begin(timestamp without time zone,text)', 'currency_decimals(text)') and not p.prosecdef \
              or p.oid::regprocedure::text = 'bi.tenant()' and not p.prosecdef and not has_function_privilege('public', p.oid, 'execute') \
             or p.proname in ('load_sales_1', 'load_sales_2', 'load_sales_3', 'searched_form', 'searched_words', 'search_rank', 'keep_unit_fraction', 'keep_price_key', 'keep_sku_since', 'keep_former_barcode', 'keep_advance_currency', 'post_batch_1', 'post_batch_2', 'queue_for_period_lock_1', 'printed_product', 'printed_customer', \
                 'printed_seller') and not p.prosecdef and not has_function_privilege('public', p.oid, 'execute'))",
    ),
    (
        "only the migrator and the owner of the three functions bypass row-level security",
        "select rolname::text from pg_roles where rolname like 'stockwell%' \
         and (rolsuper or rolcreaterole or rolcreatedb or rolreplication \
              or rolbypassrls <> (rolname in ('stockwell_migrator', 'stockwell_lookup')) \
              or rolcanlogin <> (rolname in ('stockwell_migrator', 'stockwell_app', 'stockwell_relay')))",
    ),
    (
        "the application and the relay are members of nothing and own nothing",
        "select m.roleid::regrole || ' of ' || m.member::regrole from pg_auth_members m \
         where m.member in ('stockwell_app'::regrole, 'stockwell_relay'::regrole) \
         union all select c.oid::regclass::text from pg_class c \
         where c.relowner in ('stockwell_app'::regrole, 'stockwell_relay'::regrole)",
    ),
    (
        "every table, view and function belongs to the owner",
        "select c.oid::regclass || ' of ' || c.relowner::regrole from pg_class c \
         join pg_namespace n on n.oid = c.relnamespace \
         where n.nspname in ('public', 'bi', 'auth') and c.relkind in ('r', 'p', 'v') \
           and c.relowner <> 'stockwell_owner'::regrole",
    ),
    (
        "the application may neither truncate nor refer to nor trigger on a table",
        "select c.oid::regclass || ' ' || v.privilege from pg_class c, \
             (values ('truncate'), ('references'), ('trigger')) v (privilege) \
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
           and (has_table_privilege('stockwell_app', c.oid, v.privilege) \
                or has_table_privilege('stockwell_relay', c.oid, v.privilege))",
    ),
    (
        "records of the past are never changed or deleted",
        "select t.name || ' ' || v.privilege from unnest(array['stock_movement', 'journal_entry', 'journal_line', \
             'sales_line', 'sales_line_tax', 'foreign_line', 'command', 'event', 'tender', 'till_clock', 'sale_external_ref', 'cash_move', 'tender_payment_intent', 'shipment_line', 'payment_allocation', 'application', \
             'application_line', 'voucher_move', 'period_lock', 'period_close', 'bank_line', 'exchange_rate', \
             'stock_document', 'hold_line', 'purchase_receipt_line', 'landed_cost_line', 'bill_match', 'supplier_payment_part', 'replaced_price', 'replaced_product', 'replaced_customer', 'replaced_seller', 'replaced_supplier', 'replaced_location', 'former_sku', 'former_barcode', 'former_unit', 'reconcile_snapshot_line', 'reconcile_event', 'reconcile_touchpoint', 'reconcile_run', 'reconcile_resolution', 'reconcile_fix', 'reconcile_fix_applied', 'reconcile_verdict', 'stock_checkpoint', 'stock_checkpoint_level']) t (name), \
             (values ('update'), ('delete')) v (privilege) \
         where has_table_privilege('stockwell_app', t.name::regclass, v.privilege) \
            or v.privilege = 'update' and has_any_column_privilege('stockwell_app', t.name::regclass, 'update')",
    ),
    (
        "documents are never deleted, and only their progress changes",
        "select t.name || ' delete' from unnest(array['invoice', 'pos_sale', 'payment', 'shipment', 'pos_session', \
             'sales_order', 'customer', 'customer_account', 'supplier', 'product', 'location', 'register', 'account', 'stock_level', \
             'hold', 'hold_reference', 'transfer', 'transfer_line', 'expected_receipt', 'expected_receipt_line', 'purchase_order', 'purchase_order_line', 'supplier_return_line', 'landed_cost', 'supplier_payment', 'bill', 'bill_line', 'tenant', 'api_key', \
             'app_user', 'product_group', 'unmapped_sku', 'voucher', 'sale_exception']) t (name) \
         where has_table_privilege('stockwell_app', t.name::regclass, 'delete') \
         union all select t.name || '.' || a.attname from (values ('invoice', '{open,foreign_open,returned,version,updated_at}'::text[]), \
             ('pos_sale', '{returned}'), ('sale_exception', '{resolved_at,resolution,version}'), ('payment', '{unapplied,foreign_unapplied}'), ('shipment', '{invoice_id,undone_at,carrier,tracking_number,tracking_url,version,updated_at}'), \
             ('hold', '{status,expires_at,version,updated_at}'), ('hold_reference', '{placed_at}'), ('transfer', '{status,version,updated_at}'), \
             ('transfer_line', '{received,missing,returned,open_value}'), ('expected_receipt_line', '{received}'), ('purchase_order_line', '{received,cancelled,expected_on}'), ('supplier_return_line', '{reversal_id}'), \
             ('purchase_order', '{status,sent_at,version,updated_at}'), ('landed_cost', '{reversed_by_id,version,updated_at}'), ('bill', '{open,foreign_open,reversed_by,version,updated_at}'), ('supplier_payment', '{unapplied,foreign_unapplied}'), ('bill_line', '{reasons}'), \
             ('expected_receipt', '{expected_on,status,version,updated_at}')) t (name, mutable) \
         join pg_attribute a on a.attrelid = t.name::regclass and a.attnum > 0 and not a.attisdropped \
         where has_column_privilege('stockwell_app', t.name::regclass, a.attname, 'update') <> (a.attname = any (t.mutable))",
    ),
    (
        "the relay reads the feed and moves its cursors, and nothing else",
        "select c.oid::regclass || '.' || a.attname || ' ' || v.privilege from pg_class c \
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped, \
             (values ('select'), ('insert'), ('update')) v (privilege) \
         where c.relnamespace in ('public'::regnamespace, 'bi'::regnamespace) and c.relkind in ('r', 'p', 'v') \
           and has_column_privilege('stockwell_relay', c.oid, a.attnum, v.privilege) <> ( \
               c.relname = 'event_cursor' or c.relname = 'event' and v.privilege = 'select')",
    ),
    (
        "BI tools read the views of bi and the columns that these read, and nothing else",
        "select c.oid::regclass || '.' || a.attname || ' ' || v.privilege from pg_class c \
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped, \
             (values ('select'), ('insert'), ('update'), ('references')) v (privilege) \
         where c.relnamespace in ('public'::regnamespace, 'bi'::regnamespace) and c.relkind in ('r', 'p', 'v') \
           and has_column_privilege('stockwell_bi', c.oid, a.attnum, v.privilege) <> ( \
               v.privilege = 'select' and (c.relkind = 'v' and c.relnamespace = 'bi'::regnamespace or exists ( \
                   select from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class w on w.oid = r.ev_class \
                   where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid \
                     and d.refobjsubid = a.attnum and c.relkind <> 'v' and w.relnamespace = 'bi'::regnamespace))) \
         union all select 'schema ' || n.nspname from pg_namespace n where n.nspname in ('public', 'auth', 'bi_role') \
           and (has_schema_privilege('stockwell_bi', n.oid, 'usage') or has_schema_privilege('stockwell_bi', n.oid, 'create')) \
         union all select m.roleid::regrole || ' of ' || m.member::regrole from pg_auth_members m \
           where m.member = 'stockwell_bi'::regrole",
    ),
    (
        "the functions that make roles of BI tools have a fixed search path and are closed to the public, servers and BI tools",
        "select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'bi_role'::regnamespace and not ( \
             coalesce(p.proconfig, '{}') @> array['search_path=pg_catalog, pg_temp'] \
             and not exists (select from unnest(array['public', 'stockwell_app', 'stockwell_bi']) r (name) \
                             where has_function_privilege(r.name, p.oid, 'execute')))",
    ),
    (
        "BI tools make no large objects, write no messages, and take no locks by number and no numbers of transactions",
        "select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace \
         and (p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message', 'pg_notify', \
                          'pg_current_xact_id', 'txid_current', 'pg_export_snapshot') \
              or p.proname ~ 'advisory_(xact_)?lock(_shared)?$') \
         and has_function_privilege('stockwell_bi', p.oid, 'execute')",
    ),
    (
        "the role public has no rights",
        "select n.nspname::text from pg_namespace n where n.nspname in ('public', 'bi', 'auth') \
           and (has_schema_privilege('public', n.oid, 'usage') or has_schema_privilege('public', n.oid, 'create')) \
         union all select 'temporary tables' where has_database_privilege('stockwell_app', current_database(), 'temporary') \
         union all select 'creating' from unnest(array['public', 'bi', 'auth']) s \
           where has_schema_privilege('stockwell_app', s, 'create')",
    ),
    (
        "every column of the reports' schema has a comment",
        "select c.oid::regclass || '.' || a.attname from pg_class c \
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped \
         where c.relnamespace = 'bi'::regnamespace and c.relkind = 'v' \
           and coalesce(col_description(c.oid, a.attnum), '') = ''",
    ),
];

/// Returns each rule that the schema breaks, and what breaks it.
pub async fn broken_rules(connection: &mut PgConnection) -> Vec<String> {
    let mut broken = Vec::new();
    for (rule, query) in SCHEMA_RULES {
        let query = query.replace("GLOBAL", GLOBAL);
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut *connection).await;
        let rows = rows.unwrap_or_else(|error| panic!("checking that {rule}: {error}"));
        broken.extend(rows.iter().map(|row| format!("- {rule}: {}", row.get::<String, _>(0))));
    }
    broken
}
