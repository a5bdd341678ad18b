//! The order of rows that the caller asks for.

use super::Invalid;
use super::column::Measure;

/// A figure by which rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub column: &'static str,
    is_descending: bool,
}

impl Sort {
    /// Finds the figure of a text such as `-gross_margin`: the greatest first.
    pub fn parse(text: &str, measures: &[Measure]) -> Result<Self, Invalid> {
        let (name, is_descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        match measures.iter().find(|measure| measure.name == name) {
            Some(measure) => Ok(Sort { column: measure.name, is_descending }),
            None => {
                let known: Vec<&str> = measures.iter().map(|measure| measure.name).collect();
                let known = known.join(", ");
                let detail =
                    format!("Rows can be sorted by {known}; a minus in front puts the greatest first.");
                Err(Invalid::not_allowed("sort", detail))
            }
        }
    }

    /// Returns the beginning of an order of rows `m`.
    pub fn order(self) -> String {
        format!("m.{}{} nulls last, ", self.column, if self.is_descending { " desc" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::{Kind, sum};
    use super::*;

    #[test]
    fn a_figure_is_named_with_its_direction() {
        let measures = [sum("units", Kind::Units), sum("cost", Kind::Amount)];
        let order = |text: &str| Sort::parse(text, &measures).map(Sort::order);
        assert_eq!(order("units"), Ok("m.units nulls last, ".to_owned()));
        assert_eq!(order("-cost"), Ok("m.cost desc nulls last, ".to_owned()));
        for text in ["", "-", "--cost", "sku", "cost desc", "cost; drop table x"] {
            assert_eq!(order(text).map_err(|invalid| invalid.parameter), Err("sort"), "{text}");
        }
    }
}
