//! The settings of the demo's import. An import that was interrupted goes on with the same ones: with others, its records and
//! documents would be of two kinds.

use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The tax class of all imported products.
pub const TAX_CLASS: &str = "standard";

/// Dates of the imported trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Dates {
    /// They end less than 8 days ago.
    Recent,
    /// As the file has them.
    Original,
}

/// An import that has begun, as `demo.json` notes it before the first request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// File name of the data set.
    pub dataset: String,
    /// Dates of the trade.
    pub dates: Dates,
    /// The day before which recent trade ends.
    #[serde(default, deserialize_with = "domain::day::optional")]
    pub before: Option<NaiveDate>,
    /// Code of the tax class of all products.
    pub tax_class: String,
}

impl Begun {
    /// Returns why the import can't go on with a data set and dates. It can with the dates that it began with, and without any.
    pub fn differs(&self, dataset: &Path, dates: Option<Dates>) -> Option<String> {
        let name = file_name(dataset);
        let has = |was: &str, is: &str| Some(format!("its {was}, not with {is}"));
        let dates_of = |dates: Dates| match dates {
            Dates::Recent => "recent dates",
            Dates::Original => "original dates",
        };
        if name != self.dataset {
            return has(&format!("data set {}", self.dataset), &name);
        }
        if let Some(dates) = dates.filter(|dates| *dates != self.dates) {
            return has(dates_of(self.dates), dates_of(dates));
        }
        if self.tax_class != TAX_CLASS {
            return has(&format!("tax class {}", self.tax_class), TAX_CLASS);
        }
        None
    }
}

/// Returns the name of a file without its folder.
pub fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_goes_on_with_the_settings_that_it_began_with() {
        let text = r#"{"dataset":"cut.csv","dates":"recent","before":"2026-11-30","tax_class":"standard"}"#;
        let begun: Begun = serde_json::from_str(text).expect("as demo.json has it");
        assert_eq!(serde_json::to_string(&begun).expect("JSON"), text);
        let file = Path::new("/data/cut.csv");
        assert_eq!(begun.differs(file, None), None);
        assert_eq!(begun.differs(file, Some(Dates::Recent)), None);
        let differs = begun.differs(file, Some(Dates::Original));
        assert_eq!(differs.as_deref(), Some("its recent dates, not with original dates"));
        let differs = begun.differs(Path::new("/data/whole.csv.zst"), None);
        assert_eq!(differs.as_deref(), Some("its data set cut.csv, not with whole.csv.zst"));
        let untaxed = Begun { tax_class: "zero".to_owned(), ..begun };
        assert_eq!(untaxed.differs(file, None).as_deref(), Some("its tax class zero, not with standard"));
    }
}
