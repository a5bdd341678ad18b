//! `number_series`: the next number of each series.

use crate::posting::table::saved_row;

saved_row! {
    /// A series and its next number.
    SeriesRow<'a> as "number_series_row_1" {
        series: &'a str,
        next: i64,
    }
}
