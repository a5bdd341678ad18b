//! Puts the files of `web/` into the program, and a hash of them all into their addresses.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web").canonicalize()?;
    println!("cargo::rerun-if-changed={}", web.display());
    let mut files = Vec::new();
    collect(&web, &mut files)?;
    files.sort();
    let mut hash = DefaultHasher::new();
    let mut list = String::from("&[");
    for path in &files {
        let name = path.strip_prefix(&web).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        (name.as_str(), fs::read(path)?).hash(&mut hash);
        write!(list, "({name:?}, include_bytes!({path:?})),").map_err(io::Error::other)?;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("web.rs"), format!("{list}]"))?;
    println!("cargo::rustc-env=STOCKWELL_WEB_HASH={:016x}", hash.finish());
    Ok(())
}

/// Collects the files below a folder. Types of scripts (`.d.ts`) are for the type check only.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_none_or(|extension| extension != "ts") {
            files.push(path);
        }
    }
    Ok(())
}
