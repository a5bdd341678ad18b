//! Settings of the store of files, for servers, workers and commands of the operator.

use std::convert::Infallible;
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use service::store::{Settings, Store};
use url::{Host, Url};

use super::secret;

/// Longest name of a bucket.
const BUCKET_LENGTH_MAX: usize = 63;
/// Longest prefix.
const PREFIX_LENGTH_MAX: usize = 200;
/// Longest region and longest id of a credential.
const WORD_LENGTH_MAX: usize = 128;
/// Milliseconds that a request may take, unless it is set.
const TIMEOUT_MS: u64 = 10_000;
/// Most milliseconds that a request may take. A deletion is reserved for longer.
const TIMEOUT_MS_MAX: u64 = 60_000;

/// The store of the contents of files: a bucket that speaks the protocol of S3. Without an endpoint they are in the database.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// The endpoint of the store, such as `https://s3.eu-central-1.amazonaws.com`. Without it, files are in the database.
    #[arg(long, env = "STOCKWELL_STORE_ENDPOINT")]
    pub store_endpoint: Option<String>,
    /// The region that signatures name, such as eu-central-1.
    #[arg(long, env = "STOCKWELL_STORE_REGION")]
    pub store_region: Option<String>,
    /// The bucket.
    #[arg(long, env = "STOCKWELL_STORE_BUCKET")]
    pub store_bucket: Option<String>,
    /// The beginning of all keys. Each database has a prefix of its own.
    #[arg(long, env = "STOCKWELL_STORE_PREFIX")]
    pub store_prefix: Option<String>,
    /// The id of the credential.
    #[arg(long, env = "STOCKWELL_STORE_ACCESS_KEY")]
    pub store_access_key: Option<String>,
    /// The secret of the credential, or file:PATH.
    #[arg(long, env = "STOCKWELL_STORE_SECRET_KEY", hide_env_values = true, value_parser = unread)]
    pub store_secret_key: Option<SecretString>,
    /// Whether the bucket is in the path of a URL rather than in its host: true or false.
    #[arg(long, env = "STOCKWELL_STORE_PATH_STYLE", value_name = "true|false")]
    pub store_path_style: Option<String>,
    /// Milliseconds that a request to the store may take: 100 to 60000. 10000 if absent.
    #[arg(long, env = "STOCKWELL_STORE_TIMEOUT_MS")]
    pub store_timeout_ms: Option<String>,
}

/// Settings of the store that can't be used. Each fault is named.
#[derive(Debug, thiserror::Error)]
#[error("the store of files can't be used: {}", .0.join("; "))]
pub struct StoreFaults(pub Vec<String>);

/// Keeps a secret as it was stated. It is read with the other settings, so that all faults are named at once.
fn unread(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}

impl StoreArgs {
    /// Checks the settings, and makes the client of the store: none if nothing is set.
    pub fn read(&self) -> Result<Option<Store>, StoreFaults> {
        if !self.is_set() {
            return Ok(None);
        }
        let mut faults = Vec::new();
        let endpoint = self.endpoint(&mut faults);
        let is_word = |text: &str| {
            text.len() <= WORD_LENGTH_MAX
                && text.bytes().all(|letter| letter.is_ascii_graphic() && letter != b'/')
        };
        let region = required(&mut faults, "STOCKWELL_STORE_REGION", self.store_region.as_deref(), is_word);
        let bucket = required(&mut faults, "STOCKWELL_STORE_BUCKET", self.store_bucket.as_deref(), is_bucket);
        let prefix = required(&mut faults, "STOCKWELL_STORE_PREFIX", self.store_prefix.as_deref(), is_prefix);
        let access_key =
            required(&mut faults, "STOCKWELL_STORE_ACCESS_KEY", self.store_access_key.as_deref(), is_word);
        let secret_key = self.secret_key(&mut faults);
        let is_path_style = self.is_path_style(&mut faults);
        if let Some(endpoint) = endpoint.as_ref().filter(|_| self.store_path_style.as_deref() != Some("true"))
        {
            check_host(&mut faults, endpoint, &bucket);
        }
        let timeout = self.timeout(&mut faults);
        let (Some(endpoint), Some(secret_key)) = (endpoint, secret_key) else {
            return Err(StoreFaults(faults));
        };
        if !faults.is_empty() {
            return Err(StoreFaults(faults));
        }
        let settings =
            Settings { endpoint, region, bucket, prefix, access_key, secret_key, is_path_style, timeout };
        Store::new(settings).map(Some).map_err(|error| StoreFaults(vec![error.to_string()]))
    }

    fn is_set(&self) -> bool {
        let texts = [
            &self.store_endpoint,
            &self.store_region,
            &self.store_bucket,
            &self.store_prefix,
            &self.store_access_key,
            &self.store_path_style,
            &self.store_timeout_ms,
        ];
        texts.into_iter().any(Option::is_some) || self.store_secret_key.is_some()
    }

    fn endpoint(&self, faults: &mut Vec<String>) -> Option<Url> {
        const NAME: &str = "STOCKWELL_STORE_ENDPOINT";
        let Some(text) = &self.store_endpoint else {
            faults.push(format!("{NAME} is not set"));
            return None;
        };
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.host_str().is_some()
                && url.username().is_empty()
                && url.password().is_none()
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if url.is_none() {
            faults.push(format!("{NAME}: expected scheme, host and port, such as https://s3.example"));
        }
        url
    }

    fn secret_key(&self, faults: &mut Vec<String>) -> Option<SecretString> {
        const NAME: &str = "STOCKWELL_STORE_SECRET_KEY";
        let Some(stated) = &self.store_secret_key else {
            faults.push(format!("{NAME} is not set"));
            return None;
        };
        secret(stated.expose_secret()).map_err(|reason| faults.push(format!("{NAME}: {reason}"))).ok()
    }

    fn is_path_style(&self, faults: &mut Vec<String>) -> bool {
        match self.store_path_style.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                faults.push("STOCKWELL_STORE_PATH_STYLE: expected true or false".to_owned());
                false
            }
        }
    }

    fn timeout(&self, faults: &mut Vec<String>) -> Duration {
        let stated = self.store_timeout_ms.as_deref().map_or(Ok(TIMEOUT_MS), |text| text.parse::<u64>());
        match stated {
            Ok(milliseconds @ 100..=TIMEOUT_MS_MAX) => Duration::from_millis(milliseconds),
            _ => {
                faults.push(format!("STOCKWELL_STORE_TIMEOUT_MS: expected 100 to {TIMEOUT_MS_MAX}"));
                Duration::from_millis(TIMEOUT_MS)
            }
        }
    }
}

/// Returns a setting that must be there. Notes a fault.
fn required(
    faults: &mut Vec<String>,
    name: &str,
    stated: Option<&str>,
    is_valid: impl Fn(&str) -> bool,
) -> String {
    match stated {
        None => faults.push(format!("{name} is not set")),
        Some(text) if text.is_empty() || !is_valid(text) => {
            faults.push(format!("{name}: {text} has a character that is not allowed, or is too long"));
        }
        Some(_) => {}
    }
    stated.unwrap_or_default().to_owned()
}

/// Notes a host that can't have the bucket before it.
fn check_host(faults: &mut Vec<String>, endpoint: &Url, bucket: &str) {
    let reason = match endpoint.host() {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => "an address has no bucket before it",
        Some(Host::Domain(_)) if endpoint.scheme() == "https" && bucket.contains('.') => {
            "no certificate fits a host with a bucket that has dots"
        }
        Some(Host::Domain(_)) | None => return,
    };
    faults.push(format!("STOCKWELL_STORE_PATH_STYLE: set true, because {reason}"));
}

fn is_bucket(text: &str) -> bool {
    let is_letter = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    (3..=BUCKET_LENGTH_MAX).contains(&text.len())
        && text.bytes().all(is_letter)
        && !text.starts_with(['.', '-'])
        && !text.ends_with(['.', '-'])
        && !text.contains("..")
}

/// Whether each part of a prefix has letters that need no encoding, and is no `.` or `..`.
fn is_prefix(text: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'.' | b'_' | b'-');
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_letter);
    text.len() <= PREFIX_LENGTH_MAX && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_named_at_once() {
        assert!(StoreArgs::default().read().expect("nothing is set").is_none());
        let wrong = StoreArgs {
            store_endpoint: Some("ftp://s3.example/path".to_owned()),
            store_bucket: Some("Files".to_owned()),
            store_prefix: Some("../shop".to_owned()),
            store_secret_key: Some("file:/nowhere/secret".into()),
            store_path_style: Some("yes".to_owned()),
            store_timeout_ms: Some("1".to_owned()),
            ..StoreArgs::default()
        };
        let faults = wrong.read().expect_err("no setting is right").0;
        for name in
            ["ENDPOINT", "REGION", "BUCKET", "PREFIX", "ACCESS_KEY", "SECRET_KEY", "PATH_STYLE", "TIMEOUT_MS"]
        {
            let named = format!("STOCKWELL_STORE_{name}");
            assert_eq!(
                faults.iter().filter(|fault| fault.starts_with(&named)).count(),
                1,
                "{named}: {faults:?}"
            );
        }
        let right = StoreArgs {
            store_endpoint: Some("http://127.0.0.1:9000".to_owned()),
            store_region: Some("us-east-1".to_owned()),
            store_bucket: Some("files".to_owned()),
            store_prefix: Some("shop/one".to_owned()),
            store_access_key: Some("key".to_owned()),
            store_secret_key: Some("secret".into()),
            store_path_style: Some("true".to_owned()),
            ..StoreArgs::default()
        };
        assert_eq!(right.read().expect("settings").expect("a store").name(), "files/shop/one");
        for (milliseconds, is_right) in [("100", true), ("60000", true), ("60001", false), ("99", false)] {
            let set = StoreArgs { store_timeout_ms: Some(milliseconds.to_owned()), ..right.clone() };
            assert_eq!(set.read().is_ok(), is_right, "{milliseconds}");
        }
        for (endpoint, bucket, is_right) in [
            ("http://127.0.0.1:9000", "files", false),
            ("http://[::1]:9000", "files", false),
            ("https://s3.example", "files.one", false),
            ("https://s3.example", "files", true),
            ("http://s3.example", "files.one", true),
        ] {
            let in_host = StoreArgs {
                store_endpoint: Some(endpoint.to_owned()),
                store_bucket: Some(bucket.to_owned()),
                store_path_style: None,
                ..right.clone()
            };
            let faults = in_host.read().map_or_else(|faults| faults.0, |_| Vec::new());
            let named =
                faults.iter().filter(|fault| fault.starts_with("STOCKWELL_STORE_PATH_STYLE: set true"));
            assert_eq!(
                (faults.len(), named.count()),
                if is_right { (0, 0) } else { (1, 1) },
                "{endpoint} {bucket}"
            );
        }
    }
}
