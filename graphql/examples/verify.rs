//! temporary
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let db = service::Db::connect("postgres://stockwell_app@127.0.0.1:55432/devreport", &service::tx::PoolOptions::default()).await.unwrap();
    for (tenant, slug) in service::integrity::tenants("postgres://stockwell_migrator@127.0.0.1:55432/devreport").await.unwrap() {
        let before = db.statements();
        let t = std::time::Instant::now();
        let i = service::integrity::check(&db, tenant).await.unwrap();
        println!("{slug} {:?} {} statements holds {}", t.elapsed(), db.statements() - before, i.holds());
        for f in &i.facts { println!("  {f}"); for e in &f.examples { println!("     {} expected {} found {}", e.subject, e.expected, e.found); } }
    }
}
