//! The log of a server has no secret that a caller sent or got.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::with_tenant;
use tokio::time::sleep;
use uuid::Uuid;

use crate::process::{Process, quiet_addr};

const EMAIL: &str = "till-3@shop.example";
const PASSWORD: &str = "seven violet anvils sleep";
const WRONG_PASSWORD: &str = "eight amber lanterns wake";
const CARD: &str = "4111111111111111";
/// Id of the last request.
const LAST: &str = "the-last-request";

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Returns the log once it has the line of the last request.
async fn complete(file: &Path) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let log = fs::read_to_string(file).expect("the log is text");
        if log.contains(LAST) {
            return log;
        }
        assert!(Instant::now() < end, "the log has no line of the last request: {log}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn the_log_has_no_secret() {
    with_tenant(async |tenant| {
        let file = std::env::temp_dir().join(format!("stockwell-log-{}", Uuid::new_v4().simple()));
        let addr = quiet_addr();
        let server = Process::logged(&addr, File::create(&file).expect("a file")).await;
        let here = tenant.at(&format!("http://{addr}"));
        let stranger = here.anonymous();
        let mut secrets = vec![tenant.key.clone()];
        secrets.extend([PASSWORD, WRONG_PASSWORD, CARD].map(str::to_owned));

        let user = json!({ "email": EMAIL, "name": "Till 3", "role": "cashier", "password": PASSWORD });
        here.post("/v1/users", &user).await.created();
        let login = |password: &str| json!({ "tenant": tenant.slug, "email": EMAIL, "password": password });
        let tokens = stranger.post("/v1/auth/login", &login(PASSWORD)).await.ok();
        secrets.extend(["access_token", "refresh_token"].map(|name| text(&tokens[name])));
        let wrong = stranger.post("/v1/auth/login", &login(WRONG_PASSWORD)).await;
        wrong.refused(401, "invalid_credentials");
        let unread = format!(r#"{{"tenant":"{}","password":"{WRONG_PASSWORD}""#, tenant.slug);
        stranger.call(Method::POST, "/v1/auth/login").raw(unread).send().await.expect(400);
        let key = json!({ "name": "A key", "mode": "test", "scopes": ["catalog:read"] });
        secrets.push(text(&here.post("/v1/api-keys", &key).await.created()["secret"]));
        here.get(&format!("/v1/me?api_key={}", tenant.key)).await.refused(400, "invalid_parameter");
        let customer = json!({ "kind": "retail", "name": "Shop", "notes": CARD });
        here.post("/v1/customers", &customer).await.expect(422);
        let last = here.call(Method::GET, "/v1/me").header("x-request-id", LAST);
        last.send().await.ok();

        let log = complete(&file).await;
        server.kill().await;
        fs::remove_file(&file).expect("the file is removed");
        for part in ["/v1/auth/login", "/v1/api-keys", "/v1/customers", "sqlx::query"] {
            assert!(log.contains(part), "the log has no {part}");
        }
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(&secret));
            assert_eq!(line, None, "a line of the log has a secret");
        }
    });
}
