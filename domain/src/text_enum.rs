//! Enumerations whose values are texts.

/// Declares an enumeration whose values are texts in snake case: the same text in JSON, in SQL, in a URL and in the description of the
/// API. Its other derives and attributes stand before `pub enum`, as usual.
///
/// ```
/// use domain::text_enum;
///
/// text_enum! {
///     /// Whether a customer may buy.
///     #[derive(Default)]
///     pub enum Status {
///         /// May buy.
///         #[default]
///         Active,
///         /// May not buy until all invoices are paid.
///         OnHold,
///     }
/// }
///
/// assert_eq!(<&str>::from(Status::OnHold), "on_hold");
/// assert_eq!("on_hold".parse(), Ok(Status::OnHold));
/// ```
#[macro_export]
macro_rules! text_enum {
    ($(#[$($attribute:tt)*])* pub enum $name:ident { $($values:tt)* }) => {
        #[derive(
            Debug,
            Clone,
            Copy,
            PartialEq,
            Eq,
            Hash,
            ::serde::Serialize,
            ::serde::Deserialize,
            ::utoipa::ToSchema,
            ::strum::IntoStaticStr,
            ::strum::EnumString,
        )]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        $(#[$($attribute)*])*
        pub enum $name {
            $($values)*
        }
    };
}
