//! A small provider: a description, keys, and an endpoint for tokens, on loopback.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub const CLIENT: &str = "stockwell";
pub const SECRET: &str = "a secret: of 100 %";
const KEY_ID: &str = "key-1";

/// The signature of an id token.
#[derive(Debug, Clone, Copy)]
pub enum Signed {
    Right,
    /// `alg: none`.
    Not,
    /// HS256 with the secret of the client.
    BySecret,
    /// By another key, under the id of the right one.
    ByOther,
    /// By another key, under an id that is not known.
    ByUnknown,
}

/// State of the provider.
#[derive(Debug)]
pub struct Said {
    pub nonce: String,
    /// Challenge of the code (PKCE).
    pub challenge: String,
    /// Claims in place of the usual ones. Null: the claim is left out.
    pub claims: Value,
    pub signed: Signed,
    /// Whether it never sends a token.
    pub is_silent: bool,
    /// Whether a token has no end.
    pub is_endless: bool,
    keys_asked: usize,
}

struct Keys {
    own: EncodingKey,
    other: EncodingKey,
}

/// A running provider. It ends when it is dropped.
pub struct Provider {
    pub issuer: String,
    said: Arc<Mutex<Said>>,
    task: JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let said = Arc::new(Mutex::new(Said {
            nonce: String::new(),
            challenge: String::new(),
            claims: json!({}),
            signed: Signed::Right,
            is_silent: false,
            is_endless: false,
            keys_asked: 0,
        }));
        let keys = Arc::new(Keys { own: key(), other: key() });
        let (shared, own) = (Arc::clone(&said), issuer.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, own.clone(), Arc::clone(&shared), Arc::clone(&keys)));
            }
        });
        Provider { issuer, said, task }
    }

    pub fn change(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.said.lock().expect("the state"));
    }

    /// Returns how often the keys were asked for.
    pub fn keys_asked(&self) -> usize {
        self.said.lock().expect("the state").keys_asked
    }
}

fn key() -> EncodingKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    EncodingKey::from_ec_der(pair.to_pkcs8v1().expect("a document").as_ref())
}

async fn serve(mut stream: TcpStream, issuer: String, said: Arc<Mutex<Said>>, keys: Arc<Keys>) {
    let Some((head, body)) = read(&mut stream).await else { return };
    let path = head.split(' ').nth(1).unwrap_or_default();
    let found = match path {
        "/.well-known/openid-configuration" => Some(json!({ "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys") })),
        "/keys" => {
            said.lock().expect("the state").keys_asked += 1;
            let mut own = Jwk::from_encoding_key(&keys.own, Algorithm::ES256).expect("a key");
            own.common.key_id = Some(KEY_ID.to_owned());
            Some(json!({ "keys": [{ "kty": "future", "kid": "odd" }, own] }))
        }
        "/token" => {
            let (is_silent, is_endless) = {
                let said = said.lock().expect("the state");
                (said.is_silent, said.is_endless)
            };
            if is_silent {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            if is_endless {
                _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
                while stream.write_all(&[b' '; 8192]).await.is_ok() {}
                return;
            }
            token(&head, &body, &issuer, &said.lock().expect("the state"), &keys)
        }
        _ => None,
    };
    let (status, body) = match found {
        Some(found) => ("200 OK", found.to_string()),
        None => ("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned()),
    };
    let length = body.len();
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    _ = stream.write_all(response.as_bytes()).await;
}

/// Exchanges a code, if the client and the verifier are right.
fn token(head: &str, body: &str, issuer: &str, said: &Said, keys: &Keys) -> Option<Value> {
    let form = Url::parse(&format!("http://form/?{body}")).expect("a form");
    let field =
        |name: &str| form.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")?.as_bytes()));
    // Both parts are encoded as in a form (RFC 6749, 2.3.1).
    let login = BASE64_STANDARD.encode(format!("{CLIENT}:a+secret%3A+of+100+%25"));
    let is_client = head.contains(&format!("Basic {login}"));
    let is_right = field("code")? == "good" && challenge == said.challenge && is_client;
    is_right.then(
        || json!({ "token_type": "Bearer", "access_token": "x", "id_token": id_token(issuer, said, keys) }),
    )
}

fn id_token(issuer: &str, said: &Said, keys: &Keys) -> String {
    let now: DateTime<Utc> = SystemTime::now().into();
    let mut claims = json!({ "iss": issuer, "sub": "1", "aud": CLIENT, "iat": now.timestamp(), "exp": now.timestamp() + 300,
        "nonce": said.nonce, "email": "ada@shop.example", "email_verified": true, "name": "Ada L." });
    let members = claims.as_object_mut().expect("claims");
    for (name, value) in said.claims.as_object().expect("claims") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(KEY_ID.to_owned());
    match said.signed {
        Signed::Right => encode(&header, &claims, &keys.own).expect("a token"),
        Signed::ByOther => encode(&header, &claims, &keys.other).expect("a token"),
        Signed::ByUnknown => {
            header.kid = Some("key-2".to_owned());
            encode(&header, &claims, &keys.other).expect("a token")
        }
        Signed::BySecret => {
            header.alg = Algorithm::HS256;
            encode(&header, &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token")
        }
        Signed::Not => {
            let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&json!({ "alg": "none", "kid": KEY_ID })), part(&claims))
        }
    }
}

/// Reads the head and the body of a request.
async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok()).flatten()
            });
            if body.len() >= length.unwrap_or_default() {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
