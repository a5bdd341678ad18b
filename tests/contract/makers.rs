//! The step that fills in who made the keys of before, on a database that has keys.

use std::collections::BTreeMap;

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Executor, Row};
use tests::environment;

/// Keys of two tenants, as step 0037 has them. The last digits of an id are the number of the key; users have 900.
const BEFORE: &str = "
    insert into tenant (tenant_id, slug, name, currency, time_zone, country) values
        ('01890000-0000-7000-8000-000000000001', 'one', 'One', 'GBP', 'Europe/London', 'GB'),
        ('01890000-0000-7000-8000-000000000002', 'two', 'Two', 'GBP', 'Europe/London', 'GB');
    insert into app_user (tenant_id, id, email, name, role, password_hash) values
        ('01890000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000900', 'a@b', 'Ann', 'owner', 'x');
    insert into api_key (tenant_id, id, name, kind, mode, prefix, last4, hash, scopes, created_by, rotated_to)
    select '01890000-0000-7000-8000-000000000001', id(k.number), 'Key', 'sk', 'live', 'x', 'xxxx',
           sha256(k.number::text::bytea), k.scopes, id(k.maker), id(k.rotated_to)
    from (values
        (1, null, null, (select scopes from everything)),
        (2, 900, null, (select scopes from everything)),
        (3, 1, null, array['catalog:read']),
        -- 4 rotated itself to 5, and 5 to 6. It had made 7; 6 made 8.
        (4, 1, 5, array['api_keys:write']),
        (5, 4, 6, array['api_keys:write']),
        (6, 5, null, array['api_keys:write']),
        (7, 4, null, array['api_keys:write']),
        (8, 6, null, array['api_keys:write']),
        -- The operator's key 10 rotated itself to 11. Key 1 rotated 3 to 12.
        (10, null, 11, (select scopes from everything)),
        (11, 10, null, (select scopes from everything)),
        (12, 1, null, array['catalog:read'])
    ) k (number, maker, rotated_to, scopes);
    insert into api_key (tenant_id, id, name, kind, mode, prefix, last4, hash, scopes, created_by)
    select '01890000-0000-7000-8000-000000000002', id(n), 'Key', 'sk', 'live', 'x', 'xxxx', sha256(n::text::bytea),
           array['api_keys:write'], case when n > 100 then id(n - 1) end
    from generate_series(100, 110) n;
    update api_key set revoked_at = now() where id in (id(4), id(5), id(10));";

const HELPERS: &str = "
    create function pg_temp.id(n integer) returns uuid language sql
        as $$ select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
    set search_path = public, pg_temp;
    create temporary table everything as select array[
        'api_keys:read', 'api_keys:write', 'catalog:read', 'catalog:write', 'counts:approve', 'counts:read',
        'counts:write', 'credit:approve', 'customers:read', 'customers:write', 'events:read', 'ledger:read',
        'ledger:write', 'orders:read', 'orders:write', 'payments:read', 'payments:write', 'pos:blind_refund',
        'pos:manage', 'pos:read', 'pos:write', 'prices:override', 'prices:read', 'prices:write', 'reports:read',
        'stock:force', 'stock:read', 'stock:write', 'users:read', 'users:write'] as scopes;";

/// Returns the number of the key or user that each key acts for, and the scopes that it got.
async fn makers(root: &mut PgConnection) -> BTreeMap<i64, (Option<i64>, Vec<String>)> {
    let query = "select right(k.id::text, 12)::bigint as number, \
            right(coalesce(k.parent_id, k.user_id)::text, 12)::bigint as maker, \
            array(select s from unnest(k.scopes) s where s in ('owners:write', 'costs:read', 'prices:below_cost') order by s) as added \
        from api_key k";
    let rows = sqlx::query(query).fetch_all(root).await.expect("the keys");
    rows.iter().map(|row| (row.get("number"), (row.get("maker"), row.get("added")))).collect()
}

/// Returns how many keys the function for servers of the version before finds.
async fn found_by_old_servers(root: &mut PgConnection) -> i64 {
    let query = "select count(*) from api_key k, lateral auth.find_api_key(k.hash)";
    sqlx::query(query).fetch_one(root).await.expect("the function").get(0)
}

#[test]
fn keys_of_before_get_their_makers_and_what_everything_means_now() {
    environment().runtime.block_on(async {
        let url = environment().migrated_database("makers").await;
        let admin = url.replace("stockwell_migrator", "postgres");
        let mut root = PgConnection::connect(&admin).await.expect("the superuser connects");
        while migration::down(&url).await.expect("down") != Some("0040_key_bounds") {}
        root.execute(HELPERS).await.expect("helpers");
        let before = BEFORE.replace("id(", "pg_temp.id(");
        root.execute(sqlx::AssertSqlSafe(before)).await.expect("keys");
        migration::up(&url).await.expect("up again");

        let makers = makers(&mut root).await;
        let expected = [
            (1, None), (2, Some(900)), (3, Some(1)), (4, Some(1)), (5, Some(1)), (6, Some(1)), (7, Some(6)), (8, Some(6)),
            (10, None), (11, None), (12, Some(1)), (100, None), (101, Some(100)), (102, Some(101)), (103, Some(102)),
            (104, Some(103)), (105, Some(104)), (106, Some(105)), (107, Some(106)), (108, Some(106)), (109, Some(106)),
            (110, Some(106)),
        ];
        let found: Vec<(i64, Option<i64>)> = makers.iter().map(|(key, (maker, _))| (*key, *maker)).collect();
        assert_eq!(found, expected);
        for (key, (_, added)) in &makers {
            let wanted: &[&str] = match key {
                1 | 10 | 11 => &["costs:read", "owners:write", "prices:below_cost"],
                2 => &["costs:read", "prices:below_cost"],
                _ => &[],
            };
            assert_eq!(added, wanted, "key {key}");
        }
        assert_eq!(found_by_old_servers(&mut root).await, 4, "1, 10, 11 and 100 have no maker");
        let bound = "update api_key set amount_max = 5 where id = pg_temp.id(1)";
        root.execute(bound).await.expect("a bound");
        assert_eq!(found_by_old_servers(&mut root).await, 3, "bounds mean nothing to old servers");
        let forced = "select count(*) from pg_class where oid in ('api_key'::regclass, 'app_user'::regclass) and relforcerowsecurity";
        let forced: i64 = sqlx::query(forced).fetch_one(&mut root).await.expect("the tables").get(0);
        assert_eq!(forced, 2);
    });
}
