//! Steps that fill in the products of before, on a database that has some.

use std::time::Duration;

use sea_orm::sqlx::{self, Connection, Executor, PgConnection, Row};
use tests::environment;

/// Takes the steps of a new database back down to `step`, and returns the migrator's URL and a superuser's connection.
async fn before(name: &str, step: &str) -> (String, PgConnection) {
    let url = environment().migrated_database(name).await;
    while migration::down(&url).await.expect("down") != Some(step) {}
    let admin = url.replace("stockwell_migrator", "postgres");
    (url, PgConnection::connect(&admin).await.expect("the superuser connects"))
}

/// Two tenants with three products each. The last digits of an id are the number of the product.
const PRODUCTS: &str = "
    insert into tenant (tenant_id, slug, name, currency, time_zone, country)
    select ('00000000-0000-7000-8000-00000000000' || t)::uuid, 'tenant-' || t, 'Tenant', 'GBP', 'Europe/London', 'GB'
    from generate_series(1, 2) t;
    insert into tax_class (tenant_id, id, code, name) select tenant_id, tenant_id, 'standard', 'Standard' from tenant;
    insert into product (tenant_id, id, sku, name, tax_class_id, list_price)
    select tenant_id, ('00000000-0000-7000-8000-0000000000' || n)::uuid, 'P-' || n, 'Product', tenant_id, n
    from tenant, generate_series(11, 13) n;";

#[test]
fn the_fractions_of_the_units_that_are_there_are_kept() {
    environment().runtime.block_on(async {
        let (url, mut root) = before("fractions", "0092_old_writes").await;
        root.execute(PRODUCTS).await.expect("products");
        let units = "insert into product_unit (tenant_id, product_id, uom, factor, factor_denominator)
            select p.tenant_id, p.id, u.uom, u.factor, u.denominator
            from product p, (values ('C62', 0.083333, 12), ('GRO', 0.333333, 3), ('XBX', 0.5, 1)) u (uom, factor, denominator)
            where p.sku <> 'P-12' or u.uom = 'XBX'";
        root.execute(units).await.expect("units");
        migration::up(&url).await.expect("up again");
        let kept = "select sku, unit_fractions::text as fractions from product order by tenant_id, sku";
        let rows = sqlx::query(kept).fetch_all(&mut root).await.expect("the products");
        let rows: Vec<(String, String)> = rows.iter().map(|row| (row.get("sku"), row.get("fractions"))).collect();
        let fractions = r#"{"C62": {"factor": 0.083333, "denominator": 12}, "GRO": {"factor": 0.333333, "denominator": 3}}"#;
        let tenant = [("P-11", fractions), ("P-12", "{}"), ("P-13", fractions)];
        let expected = tenant.iter().chain(&tenant).map(|(sku, kept)| ((*sku).to_owned(), (*kept).to_owned()));
        assert_eq!(rows, expected.collect::<Vec<_>>());
        // A server of the version before writes the units of a product again.
        let again = "delete from product_unit where uom = 'C62';
            insert into product_unit (tenant_id, product_id, uom, factor)
            select tenant_id, id, 'C62', 0.083333 from product where sku = 'P-11'";
        root.execute(again).await.expect("units");
        let denominators = "select distinct factor_denominator from product_unit where uom = 'C62'";
        let denominators: Vec<i16> = sqlx::query_scalar(denominators).fetch_all(&mut root).await.expect("units");
        assert_eq!(denominators, [12]);
    });
}

#[test]
fn the_price_keys_are_filled_in_beside_an_import_that_locks_products() {
    environment().runtime.block_on(async {
        let (url, mut root) = before("price_keys", "0093_tag_indexes").await;
        root.execute("alter table product disable trigger keep_price_key").await.expect("no trigger");
        root.execute(PRODUCTS).await.expect("products of a version that knows no keys");
        root.execute("alter table product enable trigger keep_price_key").await.expect("the trigger");
        let admin = url.replace("stockwell_migrator", "postgres");
        let mut import = PgConnection::connect(&admin).await.expect("the superuser connects");
        let mut import = import.begin().await.expect("a transaction");
        let lock = "select from product where sku = $1 for no key update";
        sqlx::query(lock).bind("P-12").execute(&mut *import).await.expect("a lock");
        let migration = tokio::spawn(async move { migration::up(&url).await });
        let missing = "select count(*) from product where price_key = '~'";
        let mut rounds = 0;
        while sqlx::query_scalar::<_, i64>(missing).fetch_one(&mut root).await.expect("a count") > 2 {
            rounds += 1;
            assert!(rounds < 600, "the step waits for a product while it holds others");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // The import takes a product that the step has filled in.
        sqlx::query(lock).bind("P-11").execute(&mut *import).await.expect("a lock");
        import.commit().await.expect("the import ends");
        migration.await.expect("no panic").expect("up again");
        assert_eq!(sqlx::query_scalar::<_, i64>(missing).fetch_one(&mut root).await.expect("a count"), 0);
    });
}
