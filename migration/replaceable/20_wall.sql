-- The wall: row-level security and grants of every table of the public schema, so that a new table can't be missed. This is
-- a query. It returns, for each table that differs from what is wanted, the statements that put it right, so that a
-- migration locks no other table.
--
-- `stockwell_app` may select and insert everywhere. Tables that it may also update or delete are listed here; none of them
-- records the past. Each table has exactly one policy for the application, permissive, with the predicate. PostgreSQL joins
-- permissive policies by `or`, so a second one would open the wall. A distributed engine makes restrictive policies
-- permissive. The relay sees the events of every tenant and moves the cursors on them.

with
-- Documents never change; their progress does, column by column.
mutable (name, columns) as (
    values
        ('invoice', '{open, foreign_open, returned, version, updated_at}'::text[]),
        ('pos_sale', '{returned}'),
        ('sale_exception', '{resolved_at, resolution, version}'),
        ('payment', '{unapplied, foreign_unapplied}'),
        ('voucher', '{customer_id, method, issued, redeemed, balance, expires_on, forced, version, updated_at}'),
        ('shipment', '{invoice_id, undone_at, carrier, tracking_number, tracking_url, version, updated_at}'),
        ('hold', '{status, expires_at, version, updated_at}'),
        ('hold_reference', '{placed_at}'),
        ('transfer', '{status, version, updated_at}'),
        ('transfer_line', '{received, missing, returned, open_value}'),
        ('expected_receipt', '{expected_on, status, version, updated_at}'),
        ('expected_receipt_line', '{received}'),
        ('purchase_order', '{status, sent_at, version, updated_at}'),
        ('purchase_order_line', '{received, cancelled, expected_on}'),
        ('supplier_return_line', '{reversal_id}'),
        ('landed_cost', '{reversed_by_id, version, updated_at}'),
        ('bill', '{open, foreign_open, reversed_by, version, updated_at}'),
        ('supplier_payment', '{unapplied, foreign_unapplied}'),
        ('bill_line', '{reasons}'),
        ('lot', '{expires_on, supplier_lot, received_from, received_at, status, version, updated_at}'),
        ('stock_count', '{status, round, version, document_id, reversal_id, updated_at}'),
        ('stock_count_line',
            '{round, recount, counted, counted_at, expires_on, expected, posted_quantity, posted_value, superseded,
            stands, earlier_counted_at, taken_off_quantity, taken_off_value}'),
        ('count_setting', '{tolerance_percent, tolerance_value, approval_value, version, updated_at}'),
        ('access_refusal', '{times}'),
        ('custom_role', '{name, scopes, version, updated_at}'),
        ('job', '{seen_at, finished_at, rows_done, rows_total, http_status, response}'),
        ('bi_login', '{expires_at, revoked_at, rotated_to, version, updated_at}'),
        ('password_link', '{ended_at}'),
        ('account_mapping', '{rules, version, updated_at}'),
        ('recurring_entry', '{posted, next_on, tried_on, problem, ended_at, version, updated_at}'),
        ('customer_session', '{revoked_at}'),
        ('invitation', '{accepted_at, revoked_at, user_id}'),
        ('failed_attempt', '{failures, ends_at}'),
        ('identity_provider', '{name, issuer, client_id, client_secret, redirect_url, email_domains, role, asks_second_factor,
            admits_owners, enabled, version, updated_at}'),
        ('provider_login', '{used_at}'),
        ('reconcile_system', '{name, kind, quantity_meaning, sync_interval_minutes, clock_offset_seconds, sign, version, updated_at}'),
        ('reconcile_snapshot', '{is_full}'),
        ('reconcile_input', '{changed_at}'),
        ('reconcile_lease', '{leased_by, lease_until}'),
        ('reconcile_item', '{category, updated_at}'),
        ('reconcile_bundle', '{quantity, updated_at}'),
        ('webhook_endpoint', '{url, description, event_types, payload, active, disabled_reason, secret, previous_secret,
            previous_until, version, updated_at, deleted_at}'),
        ('webhook_cursor', '{position, written, event_id, failures, failing_since, paused_until}'),
        ('webhook_delivery', '{status, attempts, tries, next_at, expires_at, leased_by, lease_until, http_status, error, version,
            updated_at}'),
        ('cost_to_settle', '{open_quantity, open_value, variance, taken_back, settled_at}'),
        ('movement_quarter', '{known_until, movements, first_at, last_at, made_at}'),
        ('replenish_order', '{purchase_order_id, accepted_at}'),
        ('attachment', '{filename, title, position, version, updated_at}'),
        ('attachment_usage', '{stored_bytes, quota_bytes}'),
        ('attachment_content', '{bytes, store}'),
        ('attachment_orphan', '{since}'),
        ('payment_provider', '{secret, previous_secret, previous_until, version, updated_at}'),
        -- It is locked while it is forgotten.
        ('payment_provider_event', '{received_at}'),
        ('payment_intent', '{status, authorised_amount, authorised_at, captured_amount, card_brand, card_last_four,
            authorisation_code, terminal_id, version, updated_at}')
    union all
    select unnest('{tenant, api_key, app_user, refresh_token, category, tax_class, tax_rate, product, product_unit, barcode,
        price_list, price_rule, price_tier, customer, customer_account, supplier, supplier_product, channel_price_list, location, stock_level,
        reservation, reason_code, number_series, sales_order, sales_order_line, register, pos_session, account,
        product_group, sku_mapping, unmapped_sku, cost_layer, sales_fold, sales_by_quarter_hour, sales_by_day,
        sales_by_category, sales_by_product, sales_by_customer, sales_by_product_year, sales_by_customer_year, sales_rollup,
        sales_sum_by_month, sales_sum_by_day, sales_sum_by_quarter_hour, sales_sum_by_category, sales_sum_by_customer_year, sales_sum_by_customer,
        sales_sum_by_product_year, sales_sum_by_product, sales_sum_by_product_location, reconcile_setting, ledger_rollup,
        ledger_sum_by_day}'::text[]), null
),
deletable (name) as (
    select unnest('{refresh_token, failed_attempt, identity_provider, provider_account, provider_login, product_unit, barcode, price_rule, channel_price_list, reservation, sales_order_line,
        tax_rate, bundle_component, supplier_product, webhook_attempt, webhook_delivery, sku_mapping, reorder_setting, replenish_setting, replenish_category, replenish_supplier, cost_layer, peg, sales_by_quarter_hour, sales_by_day,
        sales_by_category, sales_by_product, sales_by_customer, sales_by_product_year, sales_by_customer_year, sales_sum_by_day,
        sales_sum_by_month, sales_sum_by_quarter_hour, sales_sum_by_category, sales_sum_by_customer_year, sales_sum_by_customer,
        sales_sum_by_product_year, sales_sum_by_product, sales_sum_by_product_location, reconcile_ownership,
        reconcile_location_mapping, reconcile_sku_mapping, reconcile_item, reconcile_bundle,
        reconcile_discrepancy, reconcile_episode, ledger_sum_by_day, bank_match, attachment, attachment_content, attachment_orphan, payment_provider,
        payment_provider_event, job, custom_role, movement_pack}'::text[])
),
target as (
    select c.oid as id, c.relname::text as name, c.relrowsecurity and c.relforcerowsecurity as walled, c.relacl as acl
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and c.relname not in ('schema_migration', 'schema_replaceable')
),
wanted_policy (table_name, name, command, role, predicate, checked) as (
    select t.name, 'tenant_wall', '*', 'stockwell_app', p.predicate, p.predicate
    from target t cross join (values ('(tenant_id = (current_setting(''app.tenant_id''::text))::uuid)')) p (predicate)
    union all
    values ('event', 'relay_read', 'r', 'stockwell_relay', 'true', null),
        ('event_cursor', 'relay_move', '*', 'stockwell_relay', 'true', 'true')
),
wanted_policies as (
    select w.table_name, array_agg(row (w.name, w.command, w.role, true, w.predicate, w.checked)::text order by w.name) as are,
        string_agg(
            format(
                'create policy %I on public.%I for %s to %I using (%s)%s;', w.name, w.table_name,
                case w.command when 'r' then 'select' else 'all' end, w.role, w.predicate,
                ' with check (' || w.checked || ')'
            ),
            ' ' order by w.name
        ) as made
    from wanted_policy w
    group by w.table_name
),
policies as (
    select p.polrelid as id,
        array_agg(
            row (
                p.polname::text, p.polcmd::text,
                (select string_agg(coalesce(r.rolname, 'public'), ',' order by r.rolname)
                 from unnest(p.polroles) of_role left join pg_roles r on r.oid = of_role),
                p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
            )::text
            order by p.polname
        ) as are,
        string_agg(format('drop policy %I on public.%I;', p.polname, t.name), ' ') as dropped
    from pg_policy p join target t on t.id = p.polrelid
    where p.polroles && array[0, 'stockwell_app'::regrole, 'stockwell_relay'::regrole]::oid[]
    group by p.polrelid
),
wanted_grant (table_name, role, privilege, columns) as (
    select t.name, 'stockwell_app', p.privilege, null::text[]
    from target t cross join (values ('SELECT'), ('INSERT')) p (privilege)
    union all
    select m.name, 'stockwell_app', 'UPDATE', m.columns from mutable m
    union all
    select d.name, 'stockwell_app', 'DELETE', null from deletable d
    union all
    values ('event', 'stockwell_relay', 'SELECT', null::text[]), ('event_cursor', 'stockwell_relay', 'SELECT', null),
        ('event_cursor', 'stockwell_relay', 'INSERT', null), ('event_cursor', 'stockwell_relay', 'UPDATE', null)
),
wanted_grants as (
    select w.table_name,
        array_agg(g.one order by g.one) as are,
        string_agg(
            distinct format(
                'grant %s%s on public.%I to %I;', lower(w.privilege),
                ' (' || array_to_string(w.columns, ', ') || ')', w.table_name, w.role
            ),
            ' '
        ) as made
    from wanted_grant w
    cross join lateral (
        select row (w.role, w.privilege, of_column, false)::text as one from unnest(coalesce(w.columns, array[null::text])) of_column
    ) g
    group by w.table_name
),
granted as (
    select t.id, a.grantee, a.privilege_type, null::text as of_column, a.is_grantable
    from target t cross join aclexplode(t.acl) a
    union all
    select t.id, a.grantee, a.privilege_type, c.attname::text, a.is_grantable
    from target t join pg_attribute c on c.attrelid = t.id and c.attacl is not null and not c.attisdropped
    cross join aclexplode(c.attacl) a
),
grants as (
    select g.id, array_agg(g.one order by g.one) as are
    from (
        select g.id, row (coalesce(r.rolname::text, 'public'), g.privilege_type, g.of_column, g.is_grantable)::text as one
        from granted g left join pg_roles r on r.oid = g.grantee
        where g.grantee in (0, 'stockwell_app'::regrole, 'stockwell_relay'::regrole)
    ) g
    group by g.id
)
select t.name,
    concat_ws(
        ' ',
        case when not t.walled then
            format('alter table public.%1$I enable row level security, force row level security;', t.name)
        end,
        -- Between these two the table has no policy and shows nothing.
        case when p.are is distinct from wp.are then concat_ws(' ', p.dropped, wp.made) end,
        case when g.are is distinct from wg.are then
            concat_ws(
                ' ', format('revoke all on public.%I from public, stockwell_app, stockwell_relay;', t.name), wg.made
            )
        end
    ) as statements
from target t
join wanted_policies wp on wp.table_name = t.name
join wanted_grants wg on wg.table_name = t.name
left join policies p on p.id = t.id
left join grants g on g.id = t.id
where not t.walled or p.are is distinct from wp.are or g.are is distinct from wg.are
order by t.name
