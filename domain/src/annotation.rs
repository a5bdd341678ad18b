//! Additions of callers to a record, for people and front ends: tags, links and contacts.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::address::Phone;
use crate::metadata::Metadata;
use crate::refusal::Problems;
use crate::text::{LineRule, Name, NameRule, ProseRule, Rule, Text};

/// Most tags of one record.
pub const TAGS_MAX: usize = 50;
/// Most links of one record in one list.
pub const LINKS_MAX: usize = 20;
/// Most contacts of one customer or supplier.
pub const CONTACTS_MAX: usize = 20;
const URL_LENGTH_MAX: usize = 2000;
const EMAIL_LENGTH_MAX: usize = 254;

/// A tag.
pub type Tag = Text<40, NameRule>;
/// Notes of people on a record.
pub type Notes = Text<5_000, ProseRule>;

/// Additions of a caller to a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotations {
    /// Notes by name, for programs.
    pub metadata: Metadata,
    /// Notes for people.
    pub notes: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A link to a file or an image that is stored elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Address of the file: `https://…` or `http://…`.
    #[schema(min_length = 8, max_length = 2000, example = "https://cdn.example.com/bolt-m8.jpg")]
    pub url: String,
    /// Title of the file, or what the image shows.
    #[serde(default)]
    pub title: Option<Name>,
}

/// A person to contact at a customer or a supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name of the person.
    pub name: Name,
    /// Duty of the person, such as purchasing.
    #[serde(default)]
    pub role: Option<Name>,
    /// E-mail address of the person.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 254, example = "purchasing@nordwind.example")]
    pub email: Option<String>,
    /// Telephone number of the person.
    #[serde(default)]
    pub phone: Option<Phone>,
}

/// Reads tags that were stored, also in a form that is older than the rule.
pub fn stored_tags(json: &Value) -> Vec<Tag> {
    json.as_array().into_iter().flatten().filter_map(Value::as_str).map(Tag::stored).collect()
}

/// Reads links that were stored, as [`stored_tags`] does. Entries that this version can't read are left out.
pub fn stored_links(json: &Value) -> Vec<Link> {
    let read = |entry: &Value| {
        let link = Link::deserialize(entry).ok()?;
        Some(Link { title: entry["title"].as_str().map(Name::stored), ..link })
    };
    json.as_array().into_iter().flatten().filter_map(read).collect()
}

/// Reads contacts that were stored, as [`stored_links`] does.
pub fn stored_contacts(json: &Value) -> Vec<Contact> {
    let read = |entry: &Value| {
        let contact = Contact::deserialize(entry).ok()?;
        Some(Contact {
            name: Name::stored(entry["name"].as_str()?),
            role: entry["role"].as_str().map(Name::stored),
            phone: entry["phone"].as_str().map(Phone::stored),
            ..contact
        })
    };
    json.as_array().into_iter().flatten().filter_map(read).collect()
}

/// Adds a problem for each tag that is not allowed.
pub fn check_tags(problems: &mut Problems, tags: &[Tag]) {
    if tags.len() > TAGS_MAX {
        problems.invalid("/tags", format!("A record has at most {TAGS_MAX} tags."));
        return;
    }
    let mut seen = HashSet::with_capacity(tags.len());
    for (index, tag) in tags.iter().enumerate() {
        tag.check(problems, &format!("/tags/{index}"));
        if !seen.insert(tag.as_str()) {
            problems.invalid(format!("/tags/{index}"), "The record has this tag already.");
        }
    }
}

/// Adds a problem for each link of the list `field` that is not allowed.
pub fn check_links(problems: &mut Problems, field: &str, links: &[Link]) {
    if links.len() > LINKS_MAX {
        problems.invalid(format!("/{field}"), format!("A record has at most {LINKS_MAX} of these links."));
        return;
    }
    for (index, Link { url, title }) in links.iter().enumerate() {
        check_url(problems, &format!("/{field}/{index}/url"), url);
        if let Some(title) = title {
            title.check(problems, &format!("/{field}/{index}/title"));
        }
    }
}

/// Adds what is wrong with an address on the web to `problems`.
pub fn check_url(problems: &mut Problems, pointer: &str, url: &str) {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if url.chars().nth(URL_LENGTH_MAX).is_some() {
        problems.invalid(pointer, format!("This may have at most {URL_LENGTH_MAX} characters."));
    } else if host.is_none_or(str::is_empty)
        || url.chars().any(|letter| letter.is_whitespace() || letter.is_control())
    {
        problems.invalid(pointer, "Expected an address on the web such as https://example.com/file.pdf.");
    }
}

/// Adds a problem for each contact that is not allowed.
pub fn check_contacts(problems: &mut Problems, contacts: &[Contact]) {
    if contacts.len() > CONTACTS_MAX {
        problems.invalid("/contacts", format!("Send at most {CONTACTS_MAX} contacts."));
        return;
    }
    for (index, Contact { name, role, email, phone }) in contacts.iter().enumerate() {
        let pointer = format!("/contacts/{index}");
        name.check(problems, &format!("{pointer}/name"));
        if let Some(role) = role {
            role.check(problems, &format!("{pointer}/role"));
        }
        if let Some(email) = email {
            check_email(problems, &format!("{pointer}/email"), email);
        }
        if let Some(phone) = phone {
            phone.check(problems, &format!("{pointer}/phone"));
        }
    }
}

/// Adds what is wrong with an e-mail address to `problems`. Only a delivered letter can prove more.
pub fn check_email(problems: &mut Problems, pointer: &str, email: &str) {
    LineRule::check(email, EMAIL_LENGTH_MAX, |detail| problems.invalid(pointer, detail));
    let has_form = email.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !domain.contains(['@', ' '])
    });
    if !has_form {
        problems.invalid(pointer, "Expected an e-mail address such as invoices@nordwind.example.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(check: impl FnOnce(&mut Problems)) -> Vec<String> {
        let mut problems = Problems::default();
        check(&mut problems);
        let refused = problems.check().err();
        refused.into_iter().flat_map(|refusal| refusal.problems).map(|problem| problem.pointer).collect()
    }

    #[test]
    fn a_tag_is_named_once() {
        let tags = ["new", "sale", "new", ""].map(Tag::from);
        assert_eq!(pointers(|problems| check_tags(problems, &tags)), ["/tags/2", "/tags/3"]);
        let many: Vec<Tag> = (0..51).map(|number| Tag::from(number.to_string())).collect();
        assert_eq!(pointers(|problems| check_tags(problems, &many)), ["/tags"]);
    }

    #[test]
    fn a_link_leads_to_the_web() {
        let link = |url: &str| Link { url: url.to_owned(), title: None };
        let links = [
            "https://a.example/b?c=d#e",
            "http://a",
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "data:x",
        ];
        let links = links.map(link);
        let expected = ["/images/2/url", "/images/3/url", "/images/4/url", "/images/5/url"];
        assert_eq!(pointers(|problems| check_links(problems, "images", &links)), expected);
    }

    #[test]
    fn a_contact_can_be_reached() {
        let contact = |email: &str| Contact {
            name: "Purchasing".into(),
            role: None,
            email: Some(email.to_owned()),
            phone: None,
        };
        let contacts = [contact("a@b.example"), contact("a.b.example")];
        assert_eq!(pointers(|problems| check_contacts(problems, &contacts)), ["/contacts/1/email"]);
    }
}
