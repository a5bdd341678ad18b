//! The files of a folder and the requests that send them, in the order in which they are sent.

use std::path::{Component, Path};

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ReconcileError;

/// The file that describes a folder.
const MANIFEST: &str = "manifest.json";
const CSV: &str = "text/csv";
const JSON: &str = "application/json";
/// The beginning of the paths of inputs.
const INPUTS: &str = "/v1/reconciliation/";
/// The path of mappings to products of the tenant's own.
const SKU_MAPPINGS: &str = "/v1/sku-mappings";

/// Files of the tenant as a whole, in the order in which they are sent.
const OF_TENANT: [(&str, Method); 7] = [
    ("systems", Method::POST),
    ("settings", Method::PUT),
    ("ownership", Method::PUT),
    ("location-mappings", Method::POST),
    ("sku-mappings", Method::POST),
    ("items", Method::POST),
    ("bundles", Method::POST),
];
/// Folders of files of one system each, in the order in which they are sent.
const OF_SYSTEM: [&str; 3] = ["snapshots", "events", "touchpoints"];

/// A file and the request that sends it.
#[derive(Debug, PartialEq, Eq)]
pub struct Upload {
    /// Path below the folder.
    pub file: String,
    pub size_bytes: u64,
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub media_type: String,
}

impl Upload {
    pub fn is_csv(&self) -> bool {
        self.media_type.starts_with(CSV)
    }
}

/// An entry of the manifest.
#[derive(Debug, Deserialize)]
struct Entry {
    file: String,
    method: String,
    path: String,
    #[serde(default)]
    query: Map<String, Value>,
    #[serde(rename = "type")]
    media_type: String,
}

/// Reads which files to send: those of the manifest, or all whose names are known.
pub fn read(folder: &Path, time_zone: Option<&str>) -> Result<Vec<Upload>, ReconcileError> {
    let manifest = folder.join(MANIFEST);
    let mut uploads = if manifest.exists() { of_manifest(folder)? } else { of_names(folder)? };
    if uploads.is_empty() {
        let problem = format!(
            "{} has neither {MANIFEST} nor a file that is named as `stockwell help reconcile` lists",
            folder.display()
        );
        return Err(ReconcileError::Folder(problem));
    }
    if let Some(zone) = time_zone {
        for upload in uploads.iter_mut().filter(|upload| has_instants(&upload.path)) {
            if !upload.query.iter().any(|(name, _)| name == "time_zone") {
                upload.query.push(("time_zone".to_owned(), zone.to_owned()));
            }
        }
    }
    Ok(uploads)
}

/// Whether a manifest may name a path. The path is compared as a whole: `..`, in one of its forms, would lead to another one.
fn is_input(path: &str) -> bool {
    let Some(kind) = path.strip_prefix(INPUTS) else { return path == SKU_MAPPINGS };
    OF_SYSTEM.contains(&kind) || OF_TENANT.iter().any(|(known, _)| *known == kind)
}

fn has_instants(path: &str) -> bool {
    OF_SYSTEM.iter().any(|kind| path.ends_with(kind))
}

fn of_manifest(folder: &Path) -> Result<Vec<Upload>, ReconcileError> {
    let text =
        std::fs::read_to_string(folder.join(MANIFEST)).map_err(|source| unreadable(MANIFEST, source))?;
    let entries: Vec<Entry> = serde_json::from_str(&text)
        .map_err(|error| ReconcileError::Folder(format!("{MANIFEST}: {error}")))?;
    entries.into_iter().map(|entry| of_entry(folder, entry)).collect()
}

fn of_entry(folder: &Path, entry: Entry) -> Result<Upload, ReconcileError> {
    let Entry { file, method, path, query, media_type } = entry;
    let problem = |problem: &str| ReconcileError::Folder(format!("{MANIFEST}, {file}: {problem}"));
    let method = match method.as_str() {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        _ => return Err(problem("the method is POST or PUT")),
    };
    if !is_input(&path) {
        let known = OF_TENANT.iter().map(|(kind, _)| *kind).chain(OF_SYSTEM).collect::<Vec<_>>().join(", ");
        return Err(problem(&format!("the path is {SKU_MAPPINGS}, or {INPUTS} and one of {known}")));
    }
    if !Path::new(&file).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(problem("the file lies in the folder or below it"));
    }
    let mut pairs = Vec::new();
    for (name, value) in query {
        pairs.push((name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    let size_bytes = size(folder, &file)?;
    Ok(Upload { file, size_bytes, method, path, query: pairs, media_type })
}

fn of_names(folder: &Path) -> Result<Vec<Upload>, ReconcileError> {
    let mut uploads = Vec::new();
    for (name, method) in OF_TENANT {
        for (ending, media_type) in [("json", JSON), ("csv", CSV)] {
            let file = format!("{name}.{ending}");
            if folder.join(&file).is_file() {
                uploads.push(Upload {
                    size_bytes: size(folder, &file)?,
                    file,
                    method: method.clone(),
                    path: format!("/v1/reconciliation/{name}"),
                    query: Vec::new(),
                    media_type: media_type.to_owned(),
                });
            }
        }
    }
    for kind in OF_SYSTEM {
        uploads.extend(of_system(folder, kind)?);
    }
    Ok(uploads)
}

/// Returns the files of one kind, by the name of their system.
fn of_system(folder: &Path, kind: &str) -> Result<Vec<Upload>, ReconcileError> {
    let below = folder.join(kind);
    if !below.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&below).map_err(|source| unreadable(kind, source))? {
        let entry = entry.map_err(|source| unreadable(kind, source))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    let mut uploads = Vec::new();
    for name in names {
        let Some((stem, ending)) = name.rsplit_once('.') else { continue };
        let media_type = match ending {
            "csv" | "tsv" | "txt" => CSV,
            "json" => JSON,
            _ => continue,
        };
        let (system, extent) = match (kind, stem.rsplit_once('.')) {
            ("snapshots", Some((system, "full"))) => (system, Some("true")),
            ("snapshots", Some((system, "partial"))) => (system, Some("false")),
            ("snapshots", _) => {
                let problem = format!(
                    "{kind}/{name}: name it {stem}.full.{ending} if it lists every item of its places, or {stem}.partial.{ending}"
                );
                return Err(ReconcileError::Folder(problem));
            }
            _ => (stem, None),
        };
        let mut query = vec![("system".to_owned(), system.to_owned())];
        query.extend(extent.map(|extent| ("full".to_owned(), extent.to_owned())));
        let file = format!("{kind}/{name}");
        uploads.push(Upload {
            size_bytes: size(folder, &file)?,
            file,
            method: Method::POST,
            path: format!("/v1/reconciliation/{kind}"),
            query,
            media_type: media_type.to_owned(),
        });
    }
    Ok(uploads)
}

fn size(folder: &Path, file: &str) -> Result<u64, ReconcileError> {
    let found = std::fs::metadata(folder.join(file)).map_err(|source| unreadable(file, source))?;
    Ok(found.len())
}

fn unreadable(file: &str, source: std::io::Error) -> ReconcileError {
    ReconcileError::File { file: file.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a folder of its own with these files, each with the text `a`.
    fn folder(name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("stockwell-plan-{name}-{}", std::process::id()));
        for (file, text) in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            std::fs::write(path, text).expect("a file is written");
        }
        folder
    }

    #[test]
    fn names_say_what_a_file_is() {
        let files = [
            "events/pos.csv",
            "snapshots/pos.full.csv",
            "snapshots/erp.partial.csv",
            "systems.json",
            "notes.md",
        ];
        let folder = folder("names", &files.map(|file| (file, "a")));
        let uploads = read(&folder, Some("Europe/Berlin")).expect("uploads");
        let told: Vec<String> = uploads
            .iter()
            .map(|upload| {
                let query: Vec<String> =
                    upload.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{} {}?{}", upload.method, upload.path, query.join("&"))
            })
            .collect();
        assert_eq!(
            told,
            [
                "POST /v1/reconciliation/systems?",
                "POST /v1/reconciliation/snapshots?system=erp&full=false&time_zone=Europe/Berlin",
                "POST /v1/reconciliation/snapshots?system=pos&full=true&time_zone=Europe/Berlin",
                "POST /v1/reconciliation/events?system=pos&time_zone=Europe/Berlin",
            ]
        );
        std::fs::remove_dir_all(folder).expect("the folder is removed");
    }

    #[test]
    fn a_manifest_sends_only_what_lies_in_the_folder_to_the_reconciliation() {
        let entry = |file: &str, path: &str| {
            format!(
                r#"[{{"file":"{file}","method":"POST","path":"{path}","query":{{"full":true}},"type":"text/csv"}}]"#
            )
        };
        let good = entry("a.csv", "/v1/reconciliation/snapshots");
        let kept = folder("manifest", &[("a.csv", "a"), (MANIFEST, &good)]);
        let uploads = read(&kept, None).expect("uploads");
        assert_eq!(uploads[0].query, [("full".to_owned(), "true".to_owned())]);
        std::fs::write(kept.join(MANIFEST), entry("a.csv", SKU_MAPPINGS)).expect("a manifest");
        assert_eq!(read(&kept, None).expect("uploads")[0].path, SKU_MAPPINGS);
        let elsewhere = [
            "/v1/orders",
            "/v1/reconciliation/../orders",
            "/v1/reconciliation/%2e%2e/orders",
            "/v1/reconciliation/snapshots/%2E./../../orders",
            "/v1/reconciliation/snapshots?full=false",
            "/v1/reconciliation/runs",
            "/v1/sku-mappings/../orders",
        ];
        let bad = elsewhere.map(|path| entry("a.csv", path));
        for bad in [entry("../a.csv", "/v1/reconciliation/snapshots")].iter().chain(&bad) {
            std::fs::write(kept.join(MANIFEST), bad).expect("a manifest");
            assert!(matches!(read(&kept, None), Err(ReconcileError::Folder(_))), "{bad}");
        }
        std::fs::remove_dir_all(kept).expect("the folder is removed");
    }

    #[test]
    fn a_snapshot_must_say_whether_it_is_whole() {
        let folder = folder("extent", &[("snapshots/pos.csv", "a")]);
        let error = read(&folder, None).expect_err("no upload");
        assert!(error.to_string().contains("pos.full.csv"), "{error}");
        std::fs::remove_dir_all(folder).expect("the folder is removed");
    }
}
