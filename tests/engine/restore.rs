//! The scripts of `docs/production` copy a database server, and bring it back to an instant.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use local::Postgres;
use sea_orm::sqlx::postgres::{PgConnection, PgPool};
use sea_orm::sqlx::{self, Connection};
use tests::{environment, file_of_repository, sale, superuser};
use tokio::time::{sleep, timeout};

use super::failover::Folder;

/// Time in which a file is archived, and in which a restored server takes writes.
const PATIENCE: Duration = Duration::from_secs(90);
/// Settings of a server that archives. The command runs in the folder of the data.
const ARCHIVING: [&str; 2] = [
    "alter system set archive_mode = on",
    r#"alter system set archive_command = 'sh ../archive-wal.sh "%p" "%f" ../wal'"#,
];

/// Makes a folder of the user that runs the database server.
fn make_folder(path: &Path, of: &Postgres) {
    let owner = std::fs::metadata(of.home()).expect("a folder");
    std::fs::create_dir(path).expect("a folder is made");
    chown(path, Some(owner.uid()), Some(owner.gid())).expect("a folder is handed over");
}

/// Runs a script as the user that runs the database server. Returns the line that it prints.
fn run(script: &str, postgres: &Postgres, arguments: &[&str]) -> String {
    let owner = std::fs::metadata(postgres.home()).expect("a folder");
    let (programs, path) = (postgres.program(""), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("/bin/sh");
    command.arg(postgres.home().join(script)).args(arguments).current_dir(postgres.home());
    command.env("PATH", format!("{}:{path}", programs.display()));
    command.env("PGHOST", "127.0.0.1").env("PGPORT", postgres.port().to_string());
    command.env("PGUSER", "postgres").env("PGPASSWORD", postgres.password());
    let output = command.uid(owner.uid()).gid(owner.gid()).output().expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Starts a server that archives its log into `wal`, with the scripts and a folder `backup` beside its data.
async fn start_archiving(home: &Folder) -> Postgres {
    let postgres = Postgres::start(home.options()).await.expect("PostgreSQL starts");
    for script in ["archive-wal.sh", "base-backup.sh", "restore.sh"] {
        let file = file_of_repository("docs/production").join(script);
        std::fs::copy(file, postgres.home().join(script)).expect("a script is copied");
    }
    for folder in ["wal", "backup"] {
        make_folder(&postgres.home().join(folder), &postgres);
    }
    let mut root = PgConnection::connect(&postgres.admin_url()).await.expect("the superuser connects");
    for statement in ARCHIVING {
        sqlx::query(statement).execute(&mut root).await.expect(statement);
    }
    drop(root);
    postgres.stop().await;
    Postgres::start(home.options()).await.expect("PostgreSQL starts again")
}

/// Waits until the archive has all that was written so far.
async fn wait_until_archived(postgres: &Postgres, root: &PgPool) {
    let switch = sqlx::query_scalar("select pg_walfile_name(pg_switch_wal())");
    let file: String = switch.fetch_one(root).await.expect("the log goes on in another file");
    let file = postgres.home().join("wal").join(file);
    let is_there = async {
        while !file.is_file() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, is_there).await.expect("the log is archived");
}

/// Starts the server of a restored folder, and waits until it takes writes.
async fn start_restored(copy: &Folder) -> (Postgres, PgPool) {
    let restored = Postgres::start(copy.options()).await.expect("the restored server starts");
    let root = superuser(&restored).await;
    let takes_writes = async {
        loop {
            let recovers = sqlx::query_scalar("select pg_is_in_recovery()").fetch_one(&root).await;
            let recovers: bool = recovers.expect("a state");
            if !recovers {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, takes_writes).await.expect("the restored server takes writes");
    (restored, root)
}

#[test]
fn a_server_goes_back_to_an_instant_and_goes_on_from_there() {
    environment().runtime.block_on(async {
        let (home, copy) = (Folder::new(), Folder::new());
        let primary = start_archiving(&home).await;
        if !primary.program("pg_basebackup").is_file() || !primary.program("pg_verifybackup").is_file() {
            let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
            assert!(!is_ci, "this PostgreSQL has no pg_basebackup or pg_verifybackup");
            println!("skipped: this PostgreSQL has no pg_basebackup or pg_verifybackup");
            return;
        }
        let (tenant, _node) = environment().tenant_on(&primary, |_| {}).await;
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        let base = run("base-backup.sh", &primary, &[&text(&primary.home().join("backup"))]);
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let root = superuser(&primary).await;
        let instant: String =
            sqlx::query_scalar("select clock_timestamp()::text").fetch_one(&root).await.expect("an instant");
        // By mistake, all is sold. The backup goes back to the instant before.
        tenant.sell(&till, &[("MUG", "98")]).await.created();
        wait_until_archived(&primary, &root).await;

        make_folder(copy.path(), &primary);
        let data = copy.path().join("data");
        let archive = text(&primary.home().join("wal"));
        run("restore.sh", &primary, &[&base, &archive, &text(&data), &instant]);
        // These mark the folder as one of a private server.
        std::fs::write(copy.path().join("owner.lock"), "").expect("a mark");
        std::fs::copy(primary.home().join("password"), copy.path().join("password")).expect("a password");
        let (restored, root) = start_restored(&copy).await;
        let sales = sqlx::query_scalar("select count(*) from pos_sale where tenant_id = $1");
        let sales: i64 = sales.bind(tenant.id.0).fetch_one(&root).await.expect("sales are counted");
        assert_eq!(sales, 2, "the sale after {instant} is gone, and no other");
        tenant.check_books_in(&root).await;
        let url = restored.url("stockwell_app", "stockwell");
        let node = environment().node_with(|config| config.database_url = url.into()).await;
        let here = tenant.at(&node.base_url);
        here.post("/v1/pos/sales", &sale(&till, &[("MUG", "1")])).await.created();
        let levels = here.get("/v1/stock/levels").await.ok();
        assert_eq!(levels["data"][0]["on_hand"], "97");
        tenant.check_books_in(&root).await;
    });
}
