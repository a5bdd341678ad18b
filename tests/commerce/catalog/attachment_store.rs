//! Contents of files in a store outside of the database: written before their rows, checked when they are read, deleted after their rows.

mod small_store;

use std::fs;
use std::time::Duration;

use api::config::StoreArgs;
use clap::Parser;
use domain::attachment::{FileType, Holder};
use domain::id::TenantId;
use domain::tenant::TaxRounding;
use futures_util::future::{join, join_all};
use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use service::archive::OBJECTS;
use service::attachment::stored::{Copied, copy_to_store, send, sweep};
use service::attachment::{NewAttachment, create};
use service::auth::KeyMode;
use service::tenant::TenantCreate;
use service::{Error, Tx};
use sha2::{Digest, Sha256};
use stockwell::doctor::{DoctorArgs, examine};
use tests::{Client, Node, Reply, Tenant, environment, with_tenant, with_tenants};
use uuid::Uuid;

use self::small_store::{Mood, SmallStore};

const PATH: &str = "/v1/attachments";
/// The files `hello` and `hell` in base64.
const HELLO: &str = "aGVsbG8=";
const HELL: &str = "aGVsbA==";
/// The SHA-256 of `hello`.
const HELLO_SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// A store, a server that uses it, and a client of the server.
struct Shop {
    store: SmallStore,
    client: Client,
    _node: Node,
}

impl Shop {
    async fn open(tenant: &Tenant) -> Self {
        let store = SmallStore::start().await;
        let node = environment().node_with(|config| config.store = store.args()).await;
        Shop { client: tenant.at(&node.base_url), store, _node: node }
    }
}

fn body(record: &str, content: &str) -> Value {
    json!({ "record_id": record, "filename": "a.txt", "content_type": "text/plain", "content": content })
}

/// Returns the path of the content of a file.
fn url(made: &Value) -> &str {
    made["url"].as_str().expect("a path")
}

/// Returns the number of contents in the database and of those in a store.
async fn places(tenant: &Tenant) -> [i64; 2] {
    let statement = "select array[count(bytes), count(store)] from attachment_content where tenant_id = $1";
    let counted = sqlx::query_scalar(statement).bind(tenant.id.0).fetch_one(&environment().root).await;
    let counted: Vec<i64> = counted.expect("contents are counted");
    counted.try_into().expect("two numbers")
}

#[test]
fn a_content_is_in_the_store_once_and_goes_with_its_last_file() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        let product = tenant.product("BOLT", "1.00").await.id;
        let customer = tenant.customer("Nordwind Supply").await;
        shop.client.dry_run(PATH, &body(&product, HELLO)).await.ok();
        assert_eq!(shop.store.puts(), 0, "a dry run sends nothing");
        let first = shop.client.post_as(PATH, "once", &body(&product, HELLO)).await.created();
        assert!(shop.client.post_as(PATH, "once", &body(&product, HELLO)).await.is_replayed());
        assert_eq!(shop.store.puts(), 1, "a replay sends nothing");
        let second = shop.client.post(PATH, &body(&customer, HELLO)).await.created();
        assert_eq!(shop.store.keys(), [format!("shop/one/{}/{HELLO_SHA256}", tenant.id.0)]);
        assert_eq!(places(tenant).await, [0, 1]);
        assert_eq!(shop.client.get(url(&second)).await.text, "hello");
        tenant.get(url(&second)).await.refused(503, "temporarily_unavailable");
        for made in [&first, &second] {
            assert_eq!(shop.store.keys().len(), 1);
            let path = format!("{PATH}/{}", made["id"].as_str().expect("an id"));
            shop.client.delete(&path).await.expect(204);
        }
        assert_eq!(
            [tenant.count("attachment_content").await, tenant.count("attachment_orphan").await],
            [0, 1]
        );
        let (db, client) = (&environment().db, shop.store.client());
        let swept = sweep(db, &client, tenant.id, Duration::from_secs(900)).await.expect("a sweep");
        assert_eq!((swept, shop.store.keys().len()), (0, 1), "an upload may be under way");
        let swept = sweep(db, &client, tenant.id, Duration::ZERO).await.expect("a sweep");
        assert_eq!((swept, shop.store.keys().len(), tenant.count("attachment_orphan").await), (1, 0, 0));
    });
}

#[test]
fn a_store_that_fails_leaves_nothing_half_written() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        let product = tenant.product("BOLT", "1.00").await.id;
        let made = shop.client.post(PATH, &body(&product, HELLO)).await.created();
        for mood in [Mood::Broken, Mood::Silent] {
            shop.store.change(|state| state.mood = mood);
            for reply in
                [shop.client.post(PATH, &body(&product, HELL)).await, shop.client.get(url(&made)).await]
            {
                assert_eq!(reply.header("retry-after"), Some("5"), "{mood:?}");
                reply.refused(503, "temporarily_unavailable");
            }
        }
        shop.store.change(|state| state.mood = Mood::Good);
        assert_eq!([tenant.count("attachment").await, tenant.count("attachment_content").await], [1, 1]);
        shop.client.post(PATH, &body("prd_01h455vb4pex5vsknk084sn02q", HELL)).await.refused(404, "not_found");
        assert_eq!(shop.store.puts(), 1, "a file of no record is not sent");
        let read = async || -> Reply {
            shop.client.call(Method::GET, url(&made)).try_send().await.expect("a response")
        };
        assert_eq!(read().await.status, 200);
        for content in [b"hellO".as_slice(), b"hello and more", b"h"] {
            shop.store.change(|state| {
                for object in state.objects.values_mut() {
                    *object = content.to_vec();
                }
            });
            assert_eq!(read().await.refused(500, "internal_error").0["code"], "internal_error");
        }
        shop.store.change(|state| state.objects.clear());
        read().await.refused(500, "internal_error");
    });
}

#[test]
fn a_tenant_does_not_hold_up_the_files_of_another() {
    with_tenants(async |tenant, other| {
        let store = SmallStore::start().await;
        store.change(|state| state.mood = Mood::SilentTo(tenant.id));
        let client = store.patient_client();
        let sha256: [u8; 32] = Sha256::digest(b"hello").into();
        let waiting = join_all((0..64).map(|_| client.put(tenant.id, &sha256, b"hello")));
        let sent = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            tokio::time::timeout(Duration::from_secs(4), client.put(other.id, &sha256, b"hello")).await
        };
        let (sent, waited) = join(sent, waiting).await;
        sent.expect("it does not wait for the other tenant").expect("it is sent");
        assert!(waited.iter().all(Result::is_err), "the store is silent to this tenant");
    });
}

#[test]
fn a_file_too_many_is_not_sent() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        let product = tenant.product("BOLT", "1.00").await.id;
        for _ in 0..50 {
            tenant.post(PATH, &body(&product, HELLO)).await.created();
        }
        let more = shop.client.post(PATH, &body(&product, HELL)).await;
        more.refused(409, "invalid_state_transition");
        assert_eq!((shop.store.puts(), tenant.count("attachment_orphan").await), (0, 0));
    });
}

/// Returns the file `hello` of a record.
fn hello_of(record: &str) -> NewAttachment {
    NewAttachment {
        record: Holder::parse(record).expect("a record"),
        filename: "a.txt".to_owned().into(),
        title: None,
        position: None,
        file_type: FileType::named("text/plain").expect("a type"),
        dimensions: None,
        sha256: Sha256::digest(b"hello").into(),
        bytes: b"hello".to_vec(),
    }
}

#[test]
fn an_upload_whose_object_was_swept_adds_no_file() {
    with_tenant(async |tenant| {
        let store = SmallStore::start().await;
        let (db, client) = (&environment().db, store.client());
        let operator = service::tenant::operator(tenant.id);
        let product = tenant.product("BOLT", "1.00").await.id;
        let new = hello_of(&product);
        let place = send(db, &client, &operator, &new).await.expect("it is sent");
        assert_eq!(sweep(db, &client, tenant.id, Duration::ZERO).await.expect("a sweep"), 1);
        let made = db.write(&operator, async |tx: &Tx| create(tx, &operator, &new, &place).await).await;
        assert!(matches!(made, Err(Error::StoreUnavailable(_))), "{made:?}");
        assert_eq!((tenant.count("attachment").await, store.keys().len()), (0, 0));
        let place = send(db, &client, &operator, &new).await.expect("it is sent again");
        db.write(&operator, async |tx: &Tx| create(tx, &operator, &new, &place).await).await.expect("a file");
        assert_eq!((tenant.count("attachment_orphan").await, store.keys().len()), (0, 1));
    });
}

#[test]
fn a_deletion_without_a_response_loses_no_later_upload() {
    with_tenant(async |tenant| {
        let store = SmallStore::start().await;
        let (db, client) = (&environment().db, store.client());
        let operator = service::tenant::operator(tenant.id);
        let product = tenant.product("BOLT", "1.00").await.id;
        let new = hello_of(&product);
        let place = send(db, &client, &operator, &new).await.expect("it is sent");
        store.change(|state| state.mood = Mood::Silent);
        sweep(db, &client, tenant.id, Duration::ZERO).await.expect_err("the store is silent");
        store.change(|state| state.mood = Mood::Good);
        // The store may still carry the deletion out: neither the upload under way nor another one may rely on the object.
        let made = db.write(&operator, async |tx: &Tx| create(tx, &operator, &new, &place).await).await;
        assert!(matches!(made, Err(Error::StoreUnavailable(_))), "{made:?}");
        let again = send(db, &client, &operator, &new).await;
        assert!(matches!(again, Err(Error::StoreUnavailable(_))), "{again:?}");
        assert_eq!(sweep(db, &client, tenant.id, Duration::ZERO).await.expect("nothing is due"), 0);
        let later = "update attachment_orphan set since = since - interval '6 minutes' where tenant_id = $1";
        sqlx::query(later).bind(tenant.id.0).execute(&environment().root).await.expect("time passes");
        let place = send(db, &client, &operator, &new).await.expect("it is sent again");
        db.write(&operator, async |tx: &Tx| create(tx, &operator, &new, &place).await).await.expect("a file");
        assert_eq!((tenant.count("attachment_orphan").await, store.keys().len()), (0, 1));
    });
}

#[test]
fn contents_move_to_the_store_and_archives_have_them() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        let product = tenant.product("BOLT", "1.00").await.id;
        let made = tenant.post(PATH, &body(&product, HELLO)).await.created();
        tenant.post(PATH, &body(&product, HELL)).await.created();
        assert_eq!(places(tenant).await, [2, 0]);
        let (db, client) = (&environment().db, shop.store.client());
        let operator = service::tenant::operator(tenant.id);
        shop.store.change(|state| state.mood = Mood::Broken);
        copy_to_store(db, &client, &operator).await.expect_err("the store is broken");
        assert_eq!(places(tenant).await, [2, 0]);
        shop.store.change(|state| state.mood = Mood::Good);
        let copied = copy_to_store(db, &client, &operator).await.expect("they move");
        assert_eq!(copied, Copied { contents: 2, bytes: 9 });
        assert_eq!(copy_to_store(db, &client, &operator).await.expect("a repeat"), Copied::default());
        assert_eq!((places(tenant).await, shop.store.keys().len()), ([0, 2], 2));
        assert_eq!(tenant.count("attachment_orphan").await, 0);
        assert_eq!(shop.client.get(url(&made)).await.text, "hello");

        let migrator = environment().database_url().replace("stockwell_app:", "stockwell_migrator:");
        let folder = environment().postgres.home().join(format!("store-{}", tenant.slug));
        let without = stockwell::archive::export(&migrator, &tenant.slug, &folder.join("a"), None).await;
        let error = without.expect_err("the store is not set").to_string();
        assert!(error.contains("STOCKWELL_STORE_ENDPOINT"), "{error}");
        let folder = folder.join("b");
        stockwell::archive::export(&migrator, &tenant.slug, &folder, Some(&client))
            .await
            .expect("an archive");
        let rows = fs::read_to_string(folder.join("attachment_content.ndjson")).expect("the contents");
        assert!(rows.contains(r#""size_bytes":5,"bytes":"\\x68656c6c6f"}"#), "{rows}");
        assert!(!rows.contains("null"), "{rows}");

        let error = service::archive::tenant_of(&migrator, &tenant.slug, None).await.expect_err("no store");
        assert!(error.to_string().contains("are in a store"), "{error}");
        let elsewhere = StoreArgs { store_prefix: Some("shop/two".to_owned()), ..shop.store.args() };
        let elsewhere = elsewhere.read().expect("the settings are right").expect("a store is set");
        let other = service::archive::tenant_of(&migrator, &tenant.slug, Some(&elsewhere)).await;
        let error = other.expect_err("its objects would stay").to_string();
        assert!(error.contains("files/shop/one, and files/shop/two is configured"), "{error}");
        let found = service::archive::tenant_of(&migrator, &tenant.slug, Some(&client)).await;
        assert_eq!(found.expect("the right store"), tenant.id);
        shop.store.change(|state| _ = state.objects.insert("shop/one/other/1".to_owned(), Vec::new()));
        let gone = service::archive::delete_objects(&client, tenant.id).await.expect("they are deleted");
        assert_eq!((gone.deleted, gone.left, shop.store.keys()), (2, 0, vec!["shop/one/other/1".to_owned()]));
    });
}

#[test]
fn an_upload_that_arrives_late_leaves_no_object_of_a_deleted_tenant() {
    environment().runtime.block_on(async {
        let slug = format!("t{}", Uuid::new_v4().simple());
        let wanted = TenantCreate {
            slug: slug.clone(),
            name: "Nordwind Supply".to_owned(),
            currency: "GBP".to_owned(),
            country: "GB".to_owned(),
            time_zone: "Europe/London".to_owned(),
            prices_include_tax: false,
            tax_rounding: TaxRounding::Document,
            mode: KeyMode::Test,
        };
        let id = service::tenant::create(&environment().db, &wanted).await.expect("a tenant").id;
        let store = SmallStore::start().await;
        let client = store.patient_client();
        let migrator = environment().database_url().replace("stockwell_app:", "stockwell_migrator:");
        let deletion = stockwell::archive::delete(&migrator, &slug, &slug, Some(&client));
        // The upload sends its object when the rows are gone, and before its request has to end.
        let upload = async {
            while is_there(id).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            client.put(id, &Sha256::digest(b"hello").into(), b"hello").await
        };
        let (deleted, sent) = futures_util::future::join(deletion, upload).await;
        sent.expect("it is sent");
        let deleted = deleted.expect("it is deleted");
        let objects = deleted.iter().find(|gone| gone.table == OBJECTS).expect("the objects");
        assert_eq!((objects.deleted, objects.left, store.keys().len()), (1, 0, 0));
    });
}

/// Returns whether the row of a tenant is there.
async fn is_there(id: TenantId) -> bool {
    let statement = "select exists (select from tenant where tenant_id = $1)";
    let found = sqlx::query_scalar(statement).bind(id.0).fetch_one(&environment().root).await;
    found.expect("a tenant is looked for")
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    doctor: DoctorArgs,
}

#[test]
fn the_doctor_writes_reads_and_deletes_an_object() {
    environment().runtime.block_on(async {
        let store = SmallStore::start().await;
        let found = async |secret: &str| {
            let args = [
                "doctor",
                "--store-endpoint",
                store.url.as_str(),
                "--store-region",
                "eu-central-1",
                "--store-bucket",
                "files",
                "--store-prefix",
                "shop/one",
                "--store-access-key",
                "stockwell",
                "--store-secret-key",
                secret,
                "--store-path-style",
                "true",
            ];
            let found = examine(&Cli::parse_from(args).doctor).await;
            found.into_iter().find(|finding| finding.part == "store of files").expect("a finding")
        };
        let good = found("a secret/of+the=store").await;
        assert!(!good.is_fault() && store.keys().is_empty() && store.puts() == 1, "{good}");
        let fault = found("another secret").await;
        assert!(fault.is_fault() && fault.state.contains("403"), "{fault}");
    });
}
