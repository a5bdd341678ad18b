//! Tenants with sales lines, made by SQL in the same tables.

use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Failure;
use crate::stand::{Shop, Stand};

/// Documents of three lines in the order of time, within the opening hours of some days up to today. Three of 10 are invoices
/// of the first location, the others are sales of the other three. One document in 50 is a return.
const LINES: &str = "
insert into sales_line (
    tenant_id, document_id, line_no, document_kind, channel, location_id, customer_id, country, currency, product_id,
    category_id, uom, factor, entered, quantity, unit_price, price_source, gross, discount, net, tax_rate, tax, cost,
    occurred_at, recorded_at)
select
    $1, document_id, line_no,
    case when document % 10 < 3 then case when document % 50 = 0 then 'credit_note' else 'invoice' end
        else case when document % 50 = 25 then 'refund' else 'sale' end end,
    case when document % 10 < 3 then 'wholesale' else 'retail' end,
    l.ids[1 + case when document % 10 < 3 then 0 else 1 + document % (cardinality(l.ids) - 1) end],
    case when document % 10 < 3 or document % 10 = 7 then c.ids[1 + (document * 7907) % cardinality(c.ids)] end,
    (array['DE', 'AT', 'CH', 'FR'])[1 + case when document % 10 < 3 then document % 4 else 0 end], 'EUR',
    p.ids[1 + number % cardinality(p.ids)], k.ids[1 + number % cardinality(p.ids) % cardinality(k.ids)],
    'piece', 1, signed * 2, signed * 2, 20, 'list', signed * 40, signed, signed * 39, 0.19, signed * 7.41, signed * 24, at, at
from (
    select document, line_no, ids.document_id, (document * 3 + line_no) * 7919 as number,
        case when document % 50 in (0, 25) then -1 else 1 end as signed,
        date_trunc('day', at) + interval '8 hours' + (at - date_trunc('day', at)) * 10 / 24 as at
    from generate_series($3::bigint, $3::bigint + $2 / 3 - 1) document
    cross join lateral (
        select now() - interval '1 day' * $4 * (1 - (document - $3)::numeric / greatest($2 / 3, 1)) as at,
            (lpad(to_hex(document + 1), 12, '0') || '7000' || substr(md5(document::text), 1, 16))::uuid as document_id
    ) ids
    cross join generate_series(1, 3) line_no
) as happened,
    (select array_agg(id order by id) as ids from product where tenant_id = $1) p,
    (select array_agg(id order by id) as ids from category where tenant_id = $1) k,
    (select array_agg(id order by id) as ids from customer where tenant_id = $1) c,
    (select array_agg(id order by id) as ids from location where tenant_id = $1 and kind <> 'transit') l
order by document, line_no";

/// Most records in one request.
const BATCH: usize = 500;
/// Lines of another tenant that are folded.
const OTHER_LINES: i64 = 1_980;
/// Lines of another tenant that are not folded.
const OTHER_TAIL: i64 = 21;
/// Documents of a tenant have numbers from a multiple of this on.
const NUMBERS: i64 = 1_000_000_000;

/// Numbers of records that a shop gets.
#[derive(Debug, Clone, Copy)]
pub struct Records {
    products: usize,
    categories: usize,
    customers: usize,
    stores: usize,
}

/// Records of the shop that is measured. It has its products.
pub const LARGE: Records = Records { products: 0, categories: 50, customers: 5_000, stores: 2 };
/// Records of another tenant.
const SMALL: Records = Records { products: 100, categories: 5, customers: 50, stores: 0 };

/// Gives a shop products, categories, customers and stores.
pub async fn records(shop: &Shop, records: Records) -> Result<(), Failure> {
    let Records { products, categories, customers, stores } = records;
    for number in 1..=categories {
        let category = json!({ "code": format!("K{number}"), "name": format!("Category {number}") });
        shop.ask("/v1/categories", &category).await?;
    }
    let product =
        |number: usize| json!({ "sku": format!("P{number:05}"), "name": format!("Product {number}") });
    batches(shop, "/v1/products/batch", (products, product)).await?;
    let customer =
        |number: usize| json!({ "kind": "wholesale", "name": format!("Customer {number}"), "country": "DE" });
    batches(shop, "/v1/customers/batch", (customers, customer)).await?;
    for number in 3..3 + stores {
        let location =
            json!({ "code": format!("L{number}"), "name": format!("Shop {number}"), "kind": "store" });
        shop.ask("/v1/locations", &location).await?;
    }
    Ok(())
}

/// Makes records in batches. Fails if one is rejected.
async fn batches(
    shop: &Shop,
    path: &str,
    (count, record): (usize, impl Fn(usize) -> Value),
) -> Result<(), Failure> {
    let items: Vec<Value> = (1..=count).map(record).collect();
    for part in items.chunks(BATCH) {
        let made = shop.ask(path, &json!({ "items": part })).await?;
        if made["refused"] != 0 {
            return Err(format!("{path} rejected: {}", made["results"]).into());
        }
    }
    Ok(())
}

/// Adds lines of the last days, after `before` others.
pub async fn add(
    root: &mut PgConnection,
    tenant_id: Uuid,
    (lines, before): (i64, i64),
    days: i32,
) -> Result<(), Failure> {
    sqlx::query(LINES).bind(tenant_id).bind(lines).bind(before).bind(days).execute(root).await?;
    Ok(())
}

/// Makes other tenants with lines of two years. Returns their ids.
pub async fn others(stand: &Stand, root: &mut PgConnection, count: i64) -> Result<Vec<Uuid>, Failure> {
    let mut others = Vec::new();
    for number in 1..=count {
        let slug = format!("other-{number}");
        records(&stand.empty_shop(&slug).await?, SMALL).await?;
        let tenant_id: Uuid = sqlx::query_scalar("select tenant_id from tenant where slug = $1")
            .bind(&slug)
            .fetch_one(&mut *root)
            .await?;
        add(root, tenant_id, (OTHER_LINES, number * NUMBERS), 730).await?;
        others.push(tenant_id);
    }
    Ok(others)
}

/// Adds the lines that are not folded to other tenants.
pub async fn add_tails(root: &mut PgConnection, others: &[Uuid]) -> Result<(), Failure> {
    for (tenant_id, number) in others.iter().zip(1..) {
        add(root, *tenant_id, (OTHER_TAIL, number * NUMBERS + OTHER_LINES), 1).await?;
    }
    Ok(())
}
