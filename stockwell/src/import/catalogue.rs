//! Records that the file does not have: categories, from words in the names of the products; two price lists with a tier of
//! customers each; and no tax on exports. Every imported line states its price, so no figure depends on the price lists.

use std::collections::{BTreeSet, HashMap};

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::client::{Client, ClientError};

/// A category, and words of which a product of it has one in its name.
struct Category {
    code: &'static str,
    name: &'static str,
    words: &'static [&'static str],
}

/// The root of all goods, and of work, postage and fees.
const ROOTS: [(&str, &str); 2] = [("gifts", "Gifts"), ("services", "Services")];

/// Categories of goods. The first one that has a word of the name counts.
const CATEGORIES: [Category; 9] = [
    Category {
        code: "christmas",
        name: "Christmas",
        words: &["CHRISTMAS", "XMAS", "ADVENT", "SANTA", "REINDEER", "SNOWMAN"],
    },
    Category { code: "bags", name: "Bags", words: &["BAG", "HANDBAG", "PURSE", "SHOPPER", "TOTE"] },
    Category {
        code: "lights",
        name: "Lights and candles",
        words: &["CANDLE", "CANDLEHOLDER", "INCENSE", "LAMP", "LAMPSHADE", "LANTERN", "LIGHT"],
    },
    Category {
        code: "kitchen",
        name: "Kitchen and table",
        words: &[
            "APRON",
            "BOTTLE",
            "BOWL",
            "CAKE",
            "CAKESTAND",
            "CUP",
            "CUTLERY",
            "GLASS",
            "JAM",
            "JAR",
            "JUG",
            "KITCHEN",
            "LUNCH",
            "MUG",
            "NAPKIN",
            "PLATE",
            "SPOON",
            "TEA",
            "TEACUP",
            "TEAPOT",
            "TIN",
            "TOWEL",
            "TRAY",
        ],
    },
    Category {
        code: "stationery",
        name: "Stationery and wrapping",
        words: &[
            "CARD", "CHALK", "ENVELOPE", "NOTEBOOK", "PAPER", "PEN", "PENCIL", "RIBBON", "STICKER", "TAPE",
            "TISSUE", "WRAP",
        ],
    },
    Category {
        code: "jewellery",
        name: "Jewellery",
        words: &["BEAD", "BRACELET", "BROOCH", "CHARM", "EARRING", "NECKLACE", "RING"],
    },
    Category {
        code: "toys",
        name: "Toys and games",
        words: &["BALLOON", "CHILDREN", "DOLL", "DOMINOES", "GAME", "JIGSAW", "PLAYING", "PUPPET", "TOY"],
    },
    Category {
        code: "garden",
        name: "Garden",
        words: &["BIRD", "FLOWER", "GARDEN", "PARASOL", "PLANT", "POT", "SEED", "WATERING"],
    },
    Category {
        code: "decoration",
        name: "Decoration",
        words: &[
            "BOX",
            "BUNTING",
            "CLOCK",
            "CUSHION",
            "DECORATION",
            "DOORMAT",
            "FRAME",
            "HANGER",
            "HEART",
            "HOOK",
            "MIRROR",
            "ORNAMENT",
            "SIGN",
            "WALL",
        ],
    },
];

/// Category of goods whose names have none of the words.
const OTHER: (&str, &str) = ("other", "Other gifts");

/// A price list and its tier: code, name, percentage off every list price, share of the customers by the trade of the file.
const TIERS: [(&str, &str, &str, Share); 2] = [
    ("key-accounts", "Key accounts", "10", Share { from: 0, to: 5 }),
    ("regulars", "Regular customers", "5", Share { from: 5, to: 25 }),
];
/// Further percentage off from so many pieces of a product on, in the first of the lists.
const BREAK: (&str, &str) = ("15", "100");

/// Customers by their rank, the greatest first, in percent.
#[derive(Debug, Clone, Copy)]
struct Share {
    from: usize,
    to: usize,
}

/// Ids of the records by their codes.
#[derive(Debug, Default)]
pub struct Catalogue {
    categories: HashMap<String, Value>,
    tiers: HashMap<String, Value>,
}

/// Returns the code of the category of a product.
pub fn category_of(name: &str, is_service: bool) -> &'static str {
    if is_service {
        return ROOTS[1].0;
    }
    let name = name.to_uppercase();
    let words: BTreeSet<&str> = name
        .split(|letter: char| !letter.is_alphabetic())
        .flat_map(|word| [Some(word), word.strip_suffix('S')])
        .flatten()
        .collect();
    let category = CATEGORIES.iter().find(|category| category.words.iter().any(|word| words.contains(word)));
    category.map_or(OTHER.0, |category| category.code)
}

/// Returns the code of the tier of the customer at this place of so many, the one who bought most at place 0.
pub fn tier_of(place: usize, customers: usize) -> Option<&'static str> {
    let percent = place * 100 / customers.max(1);
    let tier = TIERS.iter().find(|(.., share)| (share.from..share.to).contains(&percent));
    tier.map(|(code, ..)| *code)
}

impl Catalogue {
    /// Creates the records that the tenant lacks.
    pub async fn create(client: &Client) -> Result<Self, ClientError> {
        let mut own = Catalogue::default();
        let known = by_code(client.list("/v1/categories").await?);
        for (code, name) in ROOTS {
            own.category(client, &known, json!({ "code": code, "name": name })).await?;
        }
        let goods = own.categories[ROOTS[0].0].clone();
        let named = CATEGORIES.iter().map(|category| (category.code, category.name));
        for (code, name) in named.chain([OTHER]) {
            own.category(client, &known, json!({ "code": code, "name": name, "parent_id": goods })).await?;
        }
        own.tiers(client).await?;
        Ok(own)
    }

    /// Returns the id of a category; null if there is none.
    pub fn category_id(&self, code: &str) -> Value {
        self.categories.get(code).cloned().unwrap_or_default()
    }

    /// Returns the id of a tier, if the customer has one.
    pub fn tier_id(&self, code: Option<&str>) -> Option<Value> {
        self.tiers.get(code?).cloned()
    }

    async fn category(
        &mut self,
        client: &Client,
        known: &HashMap<String, Value>,
        body: Value,
    ) -> Result<(), ClientError> {
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        let id = ensure(client, known, "/v1/categories", body).await?;
        self.categories.insert(code, id);
        Ok(())
    }

    async fn tiers(&mut self, client: &Client) -> Result<(), ClientError> {
        let lists = by_code(client.list("/v1/price-lists").await?);
        let known = by_code(client.list("/v1/price-tiers").await?);
        for (place, (code, name, percent, _)) in TIERS.into_iter().enumerate() {
            let list =
                ensure(client, &lists, "/v1/price-lists", json!({ "code": code, "name": name })).await?;
            let off = json!({ "scope": "all", "method": "percent_off", "value": percent });
            let more =
                json!({ "scope": "all", "method": "percent_off", "value": BREAK.0, "min_quantity": BREAK.1 });
            let wanted = if place == 0 { vec![off, more] } else { vec![off] };
            // The tier comes last: without it, an earlier import may have ended before its list had all rules.
            if !known.contains_key(code) {
                self::rules(client, (code, &list), wanted).await?;
            }
            let tier = json!({ "code": code, "name": name, "price_list_id": list });
            let id = ensure(client, &known, "/v1/price-tiers", tier).await?;
            self.tiers.insert(code.to_owned(), id);
        }
        Ok(())
    }
}

/// Creates the rules that a list lacks. Each has another value.
async fn rules(client: &Client, (code, list): (&str, &Value), wanted: Vec<Value>) -> Result<(), ClientError> {
    let path = format!("/v1/price-lists/{}/rules", list.as_str().unwrap_or_default());
    let there = client.list(&path).await?;
    let value = |rule: &Value| rule["value"].as_str().and_then(|value| value.parse::<Decimal>().ok());
    let is_there = |rule: &Value| there.iter().any(|other| value(other) == value(rule));
    for (number, rule) in wanted.into_iter().enumerate().filter(|(_, rule)| !is_there(rule)) {
        client.post(&path, &format!("online-retail:price-rule:{code}:{number}"), rule).await?;
    }
    Ok(())
}

/// Gives exports to these countries a rate of zero in a tax class, unless they have one.
pub async fn free_exports(
    client: &Client,
    tax_class_id: &str,
    countries: BTreeSet<&'static str>,
) -> Result<(), ClientError> {
    let rates = client.list(&format!("/v1/tax-rates?tax_class_id={tax_class_id}")).await?;
    let known: BTreeSet<&str> = rates.iter().filter_map(|rate| rate["zone"].as_str()).collect();
    for zone in countries.into_iter().filter(|zone| !known.contains(zone)) {
        let rate = json!({ "tax_class_id": tax_class_id, "zone": zone, "rate": "0" });
        client.post("/v1/tax-rates", &format!("online-retail:tax-rate:{tax_class_id}:{zone}"), rate).await?;
    }
    Ok(())
}

/// Returns the id of the record with the code of `body`: the known one, or a new one.
async fn ensure(
    client: &Client,
    known: &HashMap<String, Value>,
    path: &str,
    body: Value,
) -> Result<Value, ClientError> {
    let code = body["code"].as_str().unwrap_or_default();
    if let Some(id) = known.get(code) {
        return Ok(id.clone());
    }
    let key = format!("online-retail:{}:{code}", path.trim_start_matches("/v1/"));
    Ok(client.post(path, &key, body).await?["id"].take())
}

fn by_code(records: Vec<Value>) -> HashMap<String, Value> {
    let pair = |mut record: Value| Some((record["code"].as_str()?.to_owned(), record["id"].take()));
    records.into_iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_name_gives_the_category() {
        for (name, code) in [
            ("WHITE HANGING HEART T-LIGHT HOLDER", "lights"),
            ("JUMBO BAG RED RETROSPOT", "bags"),
            ("SET OF 3 CAKE TINS PANTRY DESIGN", "kitchen"),
            ("Christmas lights, 10 reindeer", "christmas"),
            ("ASSORTED COLOUR BIRD ORNAMENT", "garden"),
            ("PARTY BUNTING", "decoration"),
            ("CARDIGAN", "other"),
            ("", "other"),
        ] {
            assert_eq!(category_of(name, false), code, "{name}");
        }
        assert_eq!(category_of("POSTAGE", true), "services");
    }

    #[test]
    fn the_greatest_customers_have_a_tier() {
        let tiers: Vec<Option<&str>> = (0..100).map(|place| tier_of(place, 100)).collect();
        let count = |code: Option<&str>| tiers.iter().filter(|tier| **tier == code).count();
        assert_eq!((count(Some("key-accounts")), count(Some("regulars")), count(None)), (5, 20, 75));
        assert_eq!(tier_of(0, 1), Some("key-accounts"));
        assert_eq!(tier_of(0, 0), Some("key-accounts"));
    }
}
