//! The reason of a suggestion in one sentence, made of its figures and rounded for reading.

use super::location::{Assessment, Unsuggested};
use super::micro::Micro;
use super::suggestion::{Action, Suggestion};
use super::target::Target;
use crate::id::LocationId;

/// Returns the reason. `name` returns the code of a location.
pub fn reason<'names>(suggestion: &Suggestion, name: impl Fn(LocationId) -> &'names str) -> String {
    let Some(assessment) = &suggestion.assessment else {
        return unsuggested(Unsuggested::TooLarge).to_owned();
    };
    if let Some(cause) = suggestion.unsuggested {
        return unsuggested(cause).to_owned();
    }
    if suggestion.actions.is_empty() {
        return not_due(suggestion, assessment);
    }
    let steps: Vec<String> = suggestion.actions.iter().map(|action| step(action, &name)).collect();
    let steps = capitalised(&joined(&steps));
    match assessment.min_max {
        Some(set) => format!("{steps}: {}", set_by_buyer(assessment, set, &suggestion.actions)),
        None => format!("{steps}: {}", computed(assessment, &suggestion.actions)),
    }
}

/// Returns a number for reading: whole from ten on, else with at most one decimal.
fn shown(number: Micro) -> String {
    if number.get().abs() >= Micro::whole(10).get() {
        return number.nearest().to_string();
    }
    let tenths = Micro::millionths(100_000);
    let half = Micro::millionths(50_000);
    let rounded = number.plus(half).and_then(|number| number.down_to(tenths)).unwrap_or(number);
    rounded.to_string()
}

fn step<'names>(action: &Action, name: impl Fn(LocationId) -> &'names str) -> String {
    match action {
        Action::Expedite { supply } => {
            format!("ask for the {} expected on {} to come earlier", supply.quantity, supply.on)
        }
        Action::Transfer { from, quantity, .. } => format!("transfer {quantity} from {}", name(*from)),
        Action::Buy { rounded, packs: Some(packs), .. } => {
            let pack = rounded.quantity.quotient(*packs).unwrap_or(rounded.quantity);
            let noun = if *packs == Micro::ONE { "pack" } else { "packs" };
            format!("order {} ({packs} {noun} of {pack})", rounded.quantity)
        }
        Action::Buy { rounded, packs: None, .. } => format!("order {}", rounded.quantity),
    }
}

/// Returns the reason of an order that the rule computed.
fn computed(assessment: &Assessment, actions: &[Action]) -> String {
    let Some(target) = &assessment.target else { return String::new() };
    let days = target.horizon.whole_below();
    let safety = if target.safety.is_positive() {
        format!("{} are kept for {} % service", shown(target.safety), target.service.percent())
    } else {
        "nothing is kept beyond them".to_owned()
    };
    format!(
        "{} are here or due within {days} days, {} will be asked for until a next order could arrive ({} a week{}), {safety}, \
         so the point is {}; {}",
        shown(assessment.position.total),
        shown(target.expected),
        shown(assessment.rate.week),
        season(assessment, target),
        target.reorder_point,
        filled_up(assessment, target.fill_to, actions),
    )
}

/// Returns the part on the season, if one counts: its factor, rounded to two decimals.
fn season(assessment: &Assessment, target: &Target) -> String {
    let is_counted = assessment.season.is_some_and(|trial| trial.is_passed);
    let hundredth = Micro::millionths(10_000);
    let half = Micro::millionths(5_000);
    let rounded = target.seasonal.plus(half).and_then(|factor| factor.down_to(hundredth));
    let rounded = rounded.unwrap_or(target.seasonal);
    if is_counted { format!(", times {rounded} for the season") } else { String::new() }
}

/// Returns the reason of an order below a minimum that the buyer set.
fn set_by_buyer(assessment: &Assessment, (min, max): (Micro, Micro), actions: &[Action]) -> String {
    let days = assessment.target.as_ref().map_or(0, |target| target.horizon.whole_below());
    format!(
        "{} are here or due within {days} days, below the minimum of {min} that was set; {}",
        shown(assessment.position.total),
        filled_up(assessment, max, actions),
    )
}

/// Returns the part on the level that is filled up to, and on rounding.
fn filled_up(assessment: &Assessment, fill_to: Micro, actions: &[Action]) -> String {
    let late = assessment.position.late;
    let up_to = assessment.need.and_then(|need| need.plus(assessment.position.total).ok()).unwrap_or(fill_to);
    let later =
        if late.is_positive() { format!(" ({} more come later)", shown(late)) } else { String::new() };
    let bought = actions.iter().find_map(|action| match action {
        Action::Buy { rounded, .. } => Some(rounded),
        Action::Expedite { .. } | Action::Transfer { .. } => None,
    });
    let rounding = match bought {
        Some(rounded) if rounded.minimum.is_positive() && rounded.pack.is_positive() => {
            ", raised to the minimum and rounded to the pack"
        }
        Some(rounded) if rounded.minimum.is_positive() => " and raised to the minimum",
        Some(rounded) if rounded.pack.is_positive() => " and rounded to the pack",
        Some(_) | None => "",
    };
    format!("filled up to {up_to}{later}{rounding}.")
}

/// Returns the reason why nothing is due yet.
fn not_due(suggestion: &Suggestion, assessment: &Assessment) -> String {
    let days = assessment.target.as_ref().map_or(0, |target| target.horizon.whole_below());
    let (total, point) = (shown(assessment.position.total), assessment.reorder_point().unwrap_or_default());
    let covered = format!("{total} are here or due within {days} days, and the point is {point}");
    if assessment.need.is_some() {
        return format!(
            "{}, but nothing is available at the location that feeds this one.",
            capitalised(&covered)
        );
    }
    match suggestion.order_by {
        Some(day) => format!("Order nothing before {day}: {covered}."),
        None => format!("Order nothing: {covered}."),
    }
}

fn unsuggested(cause: Unsuggested) -> &'static str {
    match cause {
        Unsuggested::Superseded => {
            "Order nothing: another product supersedes this one, and its suggestion counts demand, stock and supply of both."
        }
        Unsuggested::Asleep => "Order nothing: there was no demand in the last 26 weeks.",
        Unsuggested::NoDemand => "Order nothing: no demand is expected.",
        Unsuggested::TooFewWeeks => {
            "Nothing can be computed yet: demand of fewer than two weeks is known, and no similar product stands in for it."
        }
        Unsuggested::ReturnsExceedSales => "Order nothing: more was returned than ordered and sold.",
        Unsuggested::Never => "Order nothing: the product is not reordered.",
        Unsuggested::TooLarge => "Nothing can be computed: the figures are too large.",
    }
}

/// Joins texts by commas and a last "and".
fn joined(texts: &[String]) -> String {
    match texts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns a text with a capital first letter.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
