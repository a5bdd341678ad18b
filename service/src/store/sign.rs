//! Signatures of requests to the store: AWS Signature Version 4 in the header `Authorization`, with the SHA-256 of the body.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// The name of the algorithm.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The headers that are signed, in the order of their names.
const SIGNED_HEADERS: &str = "host;x-amz-content-sha256;x-amz-date";

/// The credential of the store, and the region that it is for.
#[derive(Clone, Copy)]
pub(super) struct Signer<'s> {
    pub access_key: &'s str,
    pub secret_key: &'s str,
    pub region: &'s str,
}

/// The parts of a request that are signed.
#[derive(Clone, Copy)]
pub(super) struct Signed<'r> {
    pub method: &'r str,
    pub host: &'r str,
    /// The path as it is sent. Its characters need no percent encoding.
    pub path: &'r str,
    /// The query as it is sent: names in order, values with percent encoding.
    pub query: &'r str,
    /// SHA-256 of the body in hexadecimal digits.
    pub body_sha256: &'r str,
    pub at: DateTime<Utc>,
}

impl Signed<'_> {
    /// Returns the value of `x-amz-date`.
    pub(super) fn date(&self) -> String {
        self.at.format("%Y%m%dT%H%M%SZ").to_string()
    }
}

impl Signer<'_> {
    /// Returns the value of `Authorization`.
    pub(super) fn authorization(&self, signed: &Signed<'_>) -> String {
        let Signed { method, host, path, query, body_sha256, .. } = *signed;
        let date = signed.date();
        let request = format!(
            "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{body_sha256}\nx-amz-date:{date}\n\n{SIGNED_HEADERS}\n\
             {body_sha256}"
        );
        let day = signed.at.format("%Y%m%d").to_string();
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let text = format!("{ALGORITHM}\n{date}\n{scope}\n{}", sha256_hex(request.as_bytes()));
        let first = format!("AWS4{}", self.secret_key);
        let key = [day.as_str(), self.region, "s3", "aws4_request"]
            .iter()
            .fold(first.into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
        let signature = hex(&hmac_sha256(&key, text.as_bytes()));
        let access_key = self.access_key;
        format!(
            "{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}"
        )
    }
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

/// Returns the SHA-256 of a content in hexadecimal digits.
pub(super) fn sha256_hex(content: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(content).into();
    hex(&digest)
}

/// Returns bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example "GET Bucket (List Objects)" of the documentation of S3, whose signed headers are the same three.
    #[test]
    fn signs_the_published_example() {
        let signer = Signer {
            access_key: "AKIAIOSFODNN7EXAMPLE",
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
        };
        let signed = Signed {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/",
            query: "max-keys=2&prefix=J",
            body_sha256: &sha256_hex(b""),
            at: "2013-05-24T00:00:00Z".parse().expect("a time"),
        };
        let authorization = signer.authorization(&signed);
        let expected = "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        assert!(authorization.ends_with(expected), "{authorization}");
    }
}
