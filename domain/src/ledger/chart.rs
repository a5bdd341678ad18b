//! Imports of the chart of accounts: the whole chart is stated, and an account that it lacks is dropped.

use std::collections::{HashMap, HashSet};

use super::AccountKind;
use crate::refusal::Problems;

/// The most accounts of a chart.
pub const ACCOUNTS_MAX: usize = 2_000;
/// The longest code of an account.
const CODE_MAX: usize = 32;

/// An account as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The code.
    pub code: String,
    /// The kind.
    pub kind: AccountKind,
    /// The code of the account above it.
    pub parent: Option<String>,
}

/// An account that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The kind.
    pub kind: AccountKind,
    /// The reason why it is in use, as the end of a sentence. An account in use is neither dropped nor given another kind.
    pub used_by: Option<String>,
}

/// Returns whether a text is the code of an account: letters, digits, dots and hyphens.
pub fn is_code(code: &str) -> bool {
    (1..=CODE_MAX).contains(&code.len())
        && code.bytes().all(|letter| letter.is_ascii_alphanumeric() || b".-".contains(&letter))
}

/// Adds what is wrong with a chart, beside the accounts that are there by their codes.
pub fn check(present: &HashMap<String, Present>, stated: &[Stated], problems: &mut Problems) {
    if stated.is_empty() || stated.len() > ACCOUNTS_MAX {
        problems.invalid("/accounts", format!("A chart has 1 to {ACCOUNTS_MAX} accounts."));
        return;
    }
    let by_code: HashMap<&str, &Stated> =
        stated.iter().map(|account| (account.code.as_str(), account)).collect();
    let mut seen = HashSet::new();
    for (index, account) in stated.iter().enumerate() {
        let pointer = |field: &str| format!("/accounts/{index}/{field}");
        let code = account.code.as_str();
        if !is_code(code) {
            let detail = format!("Expected 1 to {CODE_MAX} letters, digits, dots or hyphens, such as 6200.");
            problems.invalid(pointer("code"), detail);
        }
        if !seen.insert(code) {
            problems.invalid(pointer("code"), format!("The chart names account {code} twice: name it once."));
        }
        if let Some(Present { kind, used_by: Some(used_by) }) = present.get(code)
            && *kind != account.kind
        {
            let word: &str = kind.into();
            problems
                .invalid(pointer("kind"), format!("Account {code} stays of kind {word}, because {used_by}."));
        }
        if let Some(parent) = &account.parent
            && let Err(detail) = check_parent(&by_code, account, parent)
        {
            problems.invalid(pointer("parent"), detail);
        }
    }
    let mut dropped: Vec<(&String, &String)> = present
        .iter()
        .filter(|(code, _)| !by_code.contains_key(code.as_str()))
        .filter_map(|(code, account)| Some((code, account.used_by.as_ref()?)))
        .collect();
    dropped.sort_unstable();
    for (code, used_by) in dropped {
        problems.invalid("/accounts", format!("Account {code} can't be dropped, because {used_by}: add it."));
    }
}

/// Checks the account above another one. A walk upwards that is longer than the chart goes round in a circle.
fn check_parent(by_code: &HashMap<&str, &Stated>, account: &Stated, parent: &str) -> Result<(), String> {
    match by_code.get(parent) {
        None => return Err(format!("The chart has no account {parent}: name one of its accounts.")),
        Some(above) if above.kind != account.kind => {
            let word: &str = account.kind.into();
            return Err(format!("Account {parent} is of another kind: name one of kind {word}."));
        }
        Some(_) => {}
    }
    let mut above = Some(parent);
    for _ in 0..by_code.len() {
        let Some(code) = above else { return Ok(()) };
        if code == account.code {
            break;
        }
        above = by_code.get(code).and_then(|account| account.parent.as_deref());
    }
    match above {
        None => Ok(()),
        Some(_) => Err(format!("Account {} would stand above itself: name another parent.", account.code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(code: &str, kind: AccountKind, parent: Option<&str>) -> Stated {
        Stated { code: code.to_owned(), kind, parent: parent.map(str::to_owned) }
    }

    fn wrong(present: &[(&str, AccountKind, Option<&str>)], chart: &[Stated]) -> Vec<String> {
        let present = present.iter().map(|(code, kind, used_by)| {
            let used_by = used_by.map(str::to_owned);
            ((*code).to_owned(), Present { kind: *kind, used_by })
        });
        let mut problems = Problems::default();
        check(&present.collect(), chart, &mut problems);
        let problems = problems.check().err().map(|refusal| refusal.problems).unwrap_or_default();
        problems.into_iter().map(|problem| format!("{} {}", problem.pointer, problem.detail)).collect()
    }

    #[test]
    fn a_tree_of_accounts_of_one_kind_is_a_chart() {
        use AccountKind::{Asset, Expense};
        let chart = [
            stated("6", Expense, None),
            stated("6.1", Expense, Some("6")),
            stated("6.1-a", Expense, Some("6.1")),
            stated("1", Asset, None),
        ];
        assert_eq!(
            wrong(&[("old", Asset, None)], &chart),
            Vec::<String>::new(),
            "an unused account is dropped"
        );
        let other = [stated("6", Expense, None), stated("1", Asset, Some("6"))];
        assert_eq!(wrong(&[], &other).len(), 1);
        let missing = [stated("6.1", Expense, Some("6"))];
        assert!(wrong(&[], &missing)[0].starts_with("/accounts/0/parent The chart has no account 6"));
    }

    #[test]
    fn a_circle_is_found_and_a_tree_below_it_too() {
        use AccountKind::Expense;
        let circle = [
            stated("a", Expense, Some("b")),
            stated("b", Expense, Some("a")),
            stated("c", Expense, Some("a")),
        ];
        assert_eq!(wrong(&[], &circle).len(), 3);
        assert_eq!(wrong(&[], &[stated("a", Expense, Some("a"))]).len(), 1);
    }

    #[test]
    fn an_account_in_use_is_neither_dropped_nor_changed() {
        use AccountKind::{Asset, Expense};
        let used = [("1000", Asset, Some("documents post to it")), ("6100", Expense, Some("it has entries"))];
        let found = wrong(&used, &[stated("6100", Asset, None)]);
        assert_eq!(
            found,
            [
                "/accounts/0/kind Account 6100 stays of kind expense, because it has entries.",
                "/accounts Account 1000 can't be dropped, because documents post to it: add it.",
            ]
        );
    }

    #[test]
    fn a_chart_names_each_code_once() {
        use AccountKind::Asset;
        let found =
            wrong(&[], &[stated("a b", Asset, None), stated("1", Asset, None), stated("1", Asset, None)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(wrong(&[], &[]).len(), 1);
    }
}
