//! temporary
use std::time::Instant;
use graphql::report::*;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let db = service::Db::connect("postgres://stockwell_app@127.0.0.1:55432/devreport", &service::tx::PoolOptions::default()).await.unwrap();
    let tenant = |n: u8| domain::id::TenantId(format!("0125e72e-7800-7001-8000-00000000000{n}").parse().unwrap());
    let args: Vec<String> = std::env::args().collect();
    if args.get(1).map(String::as_str) == Some("sdl") { println!("{}", graphql::sdl()); return; }
    if args.get(1).map(String::as_str) == Some("gql") {
        let t = Instant::now();
        let before = db.statements();
        let o = graphql::execute(&db, tenant(args[2].parse().unwrap()), graphql::Call { query: args[3].clone(), request_id: "req_1".into(), ..Default::default() }).await;
        eprintln!("{:?} {:?} statements {}", t.elapsed(), o.problem, db.statements() - before);
        println!("{}", serde_json::to_string_pretty(&o).unwrap());
        return;
    }
    let n: u8 = args[2].parse().unwrap();
    let name: Name = args[1].parse().unwrap();
    let mut input = Input::default();
    let mut format = "json".to_owned();
    for pair in &args[3..] {
        let (k, v) = pair.split_once('=').unwrap();
        let list = || v.split(',').map(str::to_owned).collect::<Vec<_>>();
        match k { "from" => input.from = Some(v.into()), "to" => input.to = Some(v.into()), "tz" => input.time_zone = Some(v.into()),
          "by" => input.group_by = Some(Dimension::parse_list(v).unwrap()), "limit" => input.limit = v.parse().ok(), "format" => format = v.into(),
          "product" => input.values.product = list(), "category" => input.values.category = list(), "channel" => input.values.channel = list(), "customer" => input.values.customer = list(), "location" => input.values.location = list(), "country" => input.values.country = list(), _ => panic!() }
    }
    let request = Request::new(name, input).unwrap();
    let before = db.statements();
    let t = Instant::now();
    let table = run(&db, tenant(n), &request).await.unwrap();
    eprintln!("{:?}, statements {}", t.elapsed(), db.statements() - before);
    if format == "none" { eprintln!("rows {}", table.rows.len()); return; }
    let text = if format == "csv" { table.to_csv(false).unwrap() } else if format == "ndjson" { table.to_ndjson().unwrap() } else { table.to_json().unwrap() };
    println!("{}", String::from_utf8(text).unwrap());
}
