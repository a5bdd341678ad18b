//! The program that sends a folder of exports: its answer, and its exit codes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use stockwell::reconcile::{ReconcileArgs, ReconcileError};
use tests::{Tenant, with_tenant};

use super::{part, rows};
use crate::reconcile::example;

/// A folder of exports that is removed after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("stockwell-exports-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder is made");
        Folder(folder)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(path, text).expect("a file is written");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Sends a folder. Returns the exit code as text, because codes can't be compared.
async fn send(tenant: &Tenant, folder: &Path) -> Result<String, ReconcileError> {
    let args = ReconcileArgs {
        folder: folder.to_owned(),
        url: tenant.base_url().to_owned(),
        key: tenant.key.clone().into(),
        time_zone: None,
        through: None,
        json: false,
    };
    Ok(format!("{:?}", stockwell::reconcile::run(&args).await?))
}

fn code(code: u8) -> String {
    format!("{:?}", ExitCode::from(code))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder is made");
    for entry in std::fs::read_dir(from).expect("a folder is listed") {
        let path = entry.expect("an entry").path();
        let copied = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            std::fs::copy(&path, &copied).expect("a file is copied");
        }
    }
}

#[test]
fn the_program_sends_a_folder_and_prints_the_answer() {
    with_tenant(async |tenant| {
        assert_eq!(send(tenant, &example::folder()).await.expect("the folder is sent"), code(0));
        assert_eq!(part(tenant, "first-fix").await["fix"]["class"], "missed_return");
        assert_eq!(rows(tenant, "runs").await.len(), 1);
    });
}

#[test]
fn a_folder_with_a_rejected_row_has_an_answer_of_the_others() {
    with_tenant(async |tenant| {
        let folder = Folder::new("rejected");
        copy(&example::folder(), &folder.0);
        let file = "events/wms.csv";
        let text = std::fs::read_to_string(example::folder().join(file)).expect("a file");
        let bad = "WM-X\tsold\tA-10002\tDC1\t-1\t2026-01-06T12:00:00Z\t\t\t\t";
        folder.write(file, &format!("{}\n{bad}\n", text.trim_end()));
        assert_eq!(send(tenant, &folder.0).await.expect("the folder is sent"), code(3));
        assert_eq!(part(tenant, "first-fix").await["fix"]["class"], "missed_return");
    });
}

#[test]
fn a_folder_without_events_is_not_enough() {
    with_tenant(async |tenant| {
        let folder = Folder::new("short");
        folder.write("systems.json", r#"[{"code":"erp","kind":"erp"},{"code":"shop","kind":"storefront"}]"#);
        folder.write("settings.json", r#"{"reference":"erp"}"#);
        let levels = "taken_at,external_sku,external_location,quantity\n2026-01-05T05:00:00Z,A-1,10,5\n";
        folder.write("snapshots/erp.full.csv", levels);
        assert_eq!(send(tenant, &folder.0).await.expect("the folder is sent"), code(2));
        let told = part(tenant, "first-fix").await;
        assert_eq!(told["verdict"], "not_enough_data", "{told}");
        assert!(told["settle_with"].as_array().is_some_and(|wanted| !wanted.is_empty()), "{told}");
    });
}

#[test]
fn a_file_of_a_system_that_is_not_registered_ends_the_program() {
    with_tenant(async |tenant| {
        let folder = Folder::new("unknown");
        let events = "external_id,type,external_sku,external_location,quantity,occurred_at\n";
        folder.write("events/till.csv", &format!("{events}A-1,sale,0001,S,-1,2026-01-05T12:00:00Z\n"));
        let error = send(tenant, &folder.0).await.expect_err("the system is unknown");
        let ReconcileError::Refused { request, status, .. } = &error else { panic!("{error}") };
        assert_eq!(status.as_u16(), 404);
        assert!(request.starts_with("events/till.csv"), "{request}");
        assert_eq!(rows(tenant, "runs").await.len(), 0);
    });
}
