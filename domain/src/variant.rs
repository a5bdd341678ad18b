//! Products that come in variants. A group has options such as size and colour, and each variant has one
//! value of every option.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::refusal::Problems;
use crate::text::{breaks_line, is_blank};

/// The most options of a group.
pub const OPTIONS_MAX: usize = 5;
/// The most values of an option.
pub const VALUES_MAX: usize = 100;
/// The most variants that the options of a group may allow.
pub const VARIANTS_MAX: usize = 500;
/// The longest name of an option, and the longest value, in characters.
pub const WORD_LENGTH_MAX: usize = 64;

/// An option in which the variants of a group differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GroupOption)]
pub struct GroupOption {
    /// Its name, unique in the group.
    #[schema(min_length = 1, max_length = 64, example = "Size")]
    pub name: String,
    /// The values to choose from, in the order in which they are shown.
    #[schema(min_items = 1, max_items = 100, example = json!(["S", "M", "L"]))]
    pub values: Vec<String>,
}

/// Reads the options of a group from the JSON of [`options_json`].
///
/// # Errors
/// Fails if the JSON is no list of options.
pub fn parse_options(json: &Value) -> Result<Vec<GroupOption>, serde_json::Error> {
    Deserialize::deserialize(json)
}

/// Returns the options of a group as JSON, to be stored.
pub fn options_json(options: &[GroupOption]) -> Value {
    let option = |option: &GroupOption| serde_json::json!({ "name": option.name, "values": option.values });
    Value::Array(options.iter().map(option).collect())
}

/// The choice of a variant: the value of each option by the option's name.
pub type Choice = BTreeMap<String, String>;

/// Adds to `problems` what is wrong with the options of a group, below `/options`.
///
/// An option or a value must not occur twice: one variant would look like two.
pub fn check_options(problems: &mut Problems, options: &[GroupOption]) {
    if options.is_empty() || options.len() > OPTIONS_MAX {
        problems.invalid("/options", format!("A group has 1 to {OPTIONS_MAX} options."));
    }
    let mut names = HashSet::new();
    for (place, option) in options.iter().enumerate() {
        let pointer = format!("/options/{place}/name");
        check_word(problems, &pointer, &option.name);
        if !names.insert(option.name.as_str()) {
            problems.invalid(pointer, "This option occurs twice.");
        }
        check_values(problems, place, &option.values);
    }
    if problems.is_empty() && variant_count(options) > VARIANTS_MAX {
        let detail = format!("These options allow more than {VARIANTS_MAX} variants.");
        problems.invalid("/options", detail);
    }
}

fn check_values(problems: &mut Problems, option: usize, values: &[String]) {
    if values.is_empty() || values.len() > VALUES_MAX {
        let detail = format!("An option has 1 to {VALUES_MAX} values.");
        problems.invalid(format!("/options/{option}/values"), detail);
    }
    let mut seen = HashSet::new();
    for (place, value) in values.iter().enumerate() {
        let pointer = format!("/options/{option}/values/{place}");
        check_word(problems, &pointer, value);
        if !seen.insert(value) {
            problems.invalid(pointer, "This value occurs twice.");
        }
    }
}

fn check_word(problems: &mut Problems, pointer: &str, word: &str) {
    let length = word.chars().count();
    if is_blank(word) || length > WORD_LENGTH_MAX {
        problems.invalid(pointer, format!("This must have 1 to {WORD_LENGTH_MAX} characters."));
    } else if word.chars().any(|letter| breaks_line(letter) || matches!(letter, '{' | '}'))
        || word.trim() != word
    {
        problems.invalid(
            pointer,
            "This must be one line without braces that does not begin or end with a space.",
        );
    }
}

/// Adds to `problems` what is wrong with the choice of a variant, below `/options`. It must have a value for
/// every option of the group, and for no other.
pub fn check_choice(problems: &mut Problems, options: &[GroupOption], choice: &Choice) {
    for option in options {
        match choice.get(&option.name) {
            None => problems.invalid(
                pointer_of(&option.name),
                "The variant must have a value for this option of its group.",
            ),
            Some(value) if !option.values.contains(value) => {
                let known = option.values.join(", ");
                problems
                    .invalid(pointer_of(&option.name), format!("The group allows these values: {known}."));
            }
            Some(_) => {}
        }
    }
    let foreign = choice.keys().filter(|name| !options.iter().any(|option| option.name == **name));
    for name in foreign {
        problems.invalid(pointer_of(name), "The group has no such option.");
    }
}

/// Returns the JSON pointer of an option of a product.
pub fn pointer_of(name: &str) -> String {
    format!("/options/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Returns the number of variants that the options allow.
fn variant_count(options: &[GroupOption]) -> usize {
    options.iter().fold(1, |count: usize, option| count.saturating_mul(option.values.len()))
}

/// Returns every variant that the options allow. The last option changes fastest.
pub fn choices(options: &[GroupOption]) -> Vec<Choice> {
    let mut choices = vec![Choice::new()];
    for option in options {
        let with = |choice: &Choice, value: &String| {
            let mut choice = choice.clone();
            choice.insert(option.name.clone(), value.clone());
            choice
        };
        choices = choices
            .iter()
            .flat_map(|choice| option.values.iter().map(move |value| with(choice, value)))
            .collect();
    }
    choices
}

/// Returns `pattern` with the chosen value in place of each `{Option}`.
pub fn fill_pattern(pattern: &str, choice: &Choice) -> String {
    choice.iter().fold(pattern.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(name: &str, values: &[&str]) -> GroupOption {
        GroupOption {
            name: name.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    fn pointers(check: impl FnOnce(&mut Problems)) -> Vec<String> {
        let mut problems = Problems::default();
        check(&mut problems);
        let refused = problems.check().err();
        refused.into_iter().flat_map(|refusal| refusal.problems).map(|problem| problem.pointer).collect()
    }

    fn choice(pairs: &[(&str, &str)]) -> Choice {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_word_of_an_option_is_one_line_that_can_be_seen() {
        for word in ["", " ", "a\nb", "a\u{2028}b", "\u{200b}", "{a}"] {
            let wrong = [option("Size", &[word])];
            assert_eq!(
                pointers(|problems| check_options(problems, &wrong)),
                ["/options/0/values/0"],
                "{word:?}"
            );
        }
    }

    #[test]
    fn options_and_values_stand_once() {
        let wrong = [option("Size", &["S", "S"]), option("Size", &[]), option(" x", &["{a}"])];
        let expected = [
            "/options/0/values/1",
            "/options/1/name",
            "/options/1/values",
            "/options/2/name",
            "/options/2/values/0",
        ];
        assert_eq!(pointers(|problems| check_options(problems, &wrong)), expected);
        assert_eq!(pointers(|problems| check_options(problems, &[])), ["/options"]);
    }

    #[test]
    fn options_are_read_as_they_were_stored() {
        let options = [option("Size", &["S", "M"]), option("Colour", &["Red"])];
        assert_eq!(parse_options(&options_json(&options)).expect("options"), options);
        assert!(parse_options(&Value::Null).is_err());
    }

    #[test]
    fn options_allow_no_more_variants_than_a_group_holds() {
        let numbers: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let many = [option("a", &numbers), option("b", &numbers)];
        assert_eq!(pointers(|problems| check_options(problems, &many)), ["/options"]);
        let enough = [option("a", &numbers), option("b", &numbers[..16])];
        assert_eq!(pointers(|problems| check_options(problems, &enough)), Vec::<String>::new());
        assert_eq!(choices(&enough).len(), 480);
    }

    #[test]
    fn a_variant_chooses_every_option_of_its_group_and_no_other() {
        let options = [option("Size", &["S", "M"]), option("Colour", &["Red"])];
        let of = |pairs: &[(&str, &str)]| {
            let choice = choice(pairs);
            pointers(|problems| check_choice(problems, &options, &choice))
        };
        assert_eq!(of(&[("Size", "S"), ("Colour", "Red")]), Vec::<String>::new());
        assert_eq!(
            of(&[("Size", "XL"), ("Weight", "1")]),
            ["/options/Size", "/options/Colour", "/options/Weight"]
        );
    }

    #[test]
    fn every_choice_is_made_once() {
        let options = [option("Size", &["S", "M"]), option("Colour", &["Red", "Blue", "Green"])];
        let choices = choices(&options);
        assert_eq!(choices.len(), 6);
        assert_eq!(choices.iter().collect::<HashSet<_>>().len(), 6);
        assert_eq!(choices[1], choice(&[("Size", "S"), ("Colour", "Blue")]));
        assert_eq!(fill_pattern("SHIRT-{Size}-{Colour}", &choices[1]), "SHIRT-S-Blue");
    }
}
