//! `stockwell doctor` finds each fault of an installation and names its fix.

use clap::Parser;
use local::Redis;
use stockwell::doctor::{DoctorArgs, Finding, examine};
use tests::environment;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    doctor: DoctorArgs,
}

/// Returns the findings for these arguments.
async fn findings(arguments: &[(&str, &str)]) -> Vec<Finding> {
    let flat = arguments.iter().flat_map(|(name, value)| [*name, *value]);
    examine(&Cli::parse_from(std::iter::once("doctor").chain(flat)).doctor).await
}

/// Returns the state of a part that must be a fault.
#[track_caller]
fn fault<'f>(found: &'f [Finding], part: &str) -> &'f str {
    let fault = found.iter().find(|finding| finding.part == part && finding.is_fault());
    &fault.unwrap_or_else(|| panic!("no fault of {part}: {found:?}")).state
}

#[test]
fn an_installation_without_fault_has_none() {
    environment().runtime.block_on(async {
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        let key_file = environment().signing_key_file.to_str().expect("a path");
        let migrator = environment().database_url().replace("stockwell_app", "stockwell_migrator");
        let found = findings(&[
            ("--database-url", &environment().database_url()),
            ("--relay-database-url", &environment().relay_database_url()),
            ("--migrator-database-url", &migrator),
            ("--redis-url", &redis.url()),
            ("--signing-key-file", key_file),
        ])
        .await;
        // Other tests start and stop workers, so events may wait.
        let faults: Vec<&Finding> =
            found.iter().filter(|finding| finding.is_fault() && finding.part != "worker").collect();
        assert!(faults.is_empty(), "{faults:?}");
        let parts: Vec<&str> = found.iter().map(|finding| finding.part).collect();
        let expected = [
            "settings",
            "database of the service",
            "schema",
            "clocks",
            "database of the worker",
            "database of the migrator",
            "signing key",
            "Redis",
            "worker",
        ];
        assert_eq!(parts, expected);
    });
}

#[test]
fn each_fault_is_found_with_its_fix() {
    environment().runtime.block_on(async {
        let found = findings(&[("--redis-url", "file:/nowhere/redis_url")]).await;
        let settings = found.iter().filter(|finding| finding.part == "settings" && finding.is_fault());
        let states: Vec<&str> = settings.map(|finding| finding.state.as_str()).collect();
        assert_eq!(states.len(), 3, "{states:?}");
        assert!(states[0].starts_with("STOCKWELL_REDIS_URL: reading /nowhere/redis_url"), "{states:?}");

        let superuser = environment().database_url().replace("stockwell_app", "postgres");
        let found = findings(&[
            ("--database-url", &superuser),
            ("--relay-database-url", &environment().database_url()),
            ("--migrator-database-url", &environment().relay_database_url()),
            ("--redis-url", "redis://127.0.0.1:1/"),
            ("--signing-key-file", "/nowhere/signing.pem"),
        ])
        .await;
        assert!(fault(&found, "database of the service").contains("passes row-level security"), "{found:?}");
        assert!(fault(&found, "database of the worker").contains("may not"), "{found:?}");
        assert!(fault(&found, "database of the migrator").contains("does not pass"), "{found:?}");
        assert!(fault(&found, "signing key").contains("/nowhere/signing.pem"), "{found:?}");
        fault(&found, "Redis");

        let empty =
            environment().empty_database("doctor").await.replace("stockwell_migrator", "stockwell_app");
        let found = findings(&[("--database-url", &empty)]).await;
        assert!(fault(&found, "database of the service").contains("may not read products"), "{found:?}");
        fault(&found, "schema");
        let nowhere = "postgres://stockwell_app:x@127.0.0.1:1/stockwell";
        let found = findings(&[("--database-url", nowhere)]).await;
        assert!(fault(&found, "database of the service").contains("connecting"), "{found:?}");
        assert!(found.iter().all(|finding| !finding.to_string().contains(":x@")), "no password is shown");
    });
}
