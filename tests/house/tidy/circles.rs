//! No circles: a module of a crate uses only modules that do not use it, directly or through others.
//!
//! A module and those in its folder may use each other. Among the modules of one folder there is no circle either.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Crate, Uses};
use super::{CRATES, sources};

/// A use that closes a circle and is allowed.
struct Allowed {
    in_crate: &'static str,
    from: &'static str,
    to: &'static [&'static str],
    #[expect(dead_code, reason = "it is for the reader of the list")]
    because: &'static str,
}

/// All circles that are left, by the uses that close them. All are in `domain`. Most concern one question, *who may
/// take which units out of which lot*, which spans four areas.
const ALLOWED: &[Allowed] = &[
    Allowed {
        in_crate: "domain",
        from: "book",
        to: &[
            "bill",
            "bill/matching",
            "count",
            "count/enter",
            "expected_receipt",
            "hold",
            "landed_cost",
            "lot",
            "negative_stock",
            "negative_stock/late",
            "order",
            "payment",
            "pos",
            "promise",
            "purchase_order",
            "sales",
            "stock",
            "stock/cost",
            "supplier_payment",
            "transfer",
            "voucher",
            "pos/give_back",
            "pos/late",
            "pos/session",
            "allocation/allotment",
            "stock/level",
        ],
        because: "the book holds the rows of every area, and every area changes the book",
    },
    Allowed {
        in_crate: "domain",
        from: "command",
        to: &[
            "bill",
            "bill/record",
            "bill/take_back",
            "count",
            "count/enter",
            "count/post",
            "count/reverse",
            "expected_receipt",
            "hold",
            "journal",
            "journal/opening",
            "journal/reverse",
            "journal/valuation",
            "journal/year",
            "landed_cost",
            "landed_cost/post",
            "landed_cost/reverse",
            "lot/recall",
            "needs",
            "open_item",
            "order",
            "order/amend",
            "order/place",
            "order/close",
            "order/credit_note",
            "order/invoice",
            "order/ship",
            "order/undo",
            "payment",
            "payment/pay_out",
            "payment/reverse",
            "payment/voucher",
            "pos",
            "pos/refund",
            "pos/session",
            "promise",
            "purchase_order",
            "purchase_order/end",
            "purchase_order/place",
            "purchase_order/receive",
            "purchase_order/send_back",
            "purchase_order/step",
            "purchase_order/take_back",
            "revaluation",
            "stock_document",
            "supplier_payment",
            "supplier_payment/apply",
            "supplier_payment/reverse",
            "transfer",
            "transfer/cancel",
        ],
        because: "the list of commands names the type of each, and each area states the rule of its commands",
    },
    Allowed {
        in_crate: "domain",
        from: "needs",
        to: &["count", "lot", "sales"],
        because: "a command states what it needs, and what it needs is gathered from its lines",
    },
    Allowed {
        in_crate: "domain",
        from: "line_item",
        to: &["lot"],
        because: "a line names its lots, and a lot rejects a line by the line's pointer",
    },
    Allowed {
        in_crate: "domain",
        from: "lot/share",
        to: &["sales"],
        because: "lots are allocated to the lines of a sale, and a line of a sale names its lots",
    },
    Allowed {
        in_crate: "domain",
        from: "lot/incoming",
        to: &["allocation/serial"],
        because: "a serial number is received if it is not in stock, and allocation knows where it is",
    },
    Allowed {
        in_crate: "domain",
        from: "lot/back",
        to: &["sales", "allocation/serial"],
        because: "a return puts units back into the lots that the sold line had",
    },
    Allowed {
        in_crate: "domain",
        from: "lot/recall",
        to: &["hold"],
        because: "a recall puts what is free of the lot on hold",
    },
    Allowed {
        in_crate: "domain",
        from: "promise",
        to: &["order"],
        because: "lines of orders wait, and an order that is confirmed begins to wait",
    },
    Allowed {
        in_crate: "domain",
        from: "expected_receipt/incoming",
        to: &["purchase_order", "transfer"],
        because: "stock in transit and stock on order are supplies, as an expected receipt is",
    },
    Allowed {
        in_crate: "domain",
        from: "purchase_order/receive",
        to: &["bill/matching"],
        because: "goods that were billed before they came are matched when they come",
    },
    Allowed {
        in_crate: "domain",
        from: "purchase_order/send_back",
        to: &["bill/sent_back"],
        because: "billed goods lose their match when they go back",
    },
    Allowed {
        in_crate: "domain",
        from: "purchase_order/take_back",
        to: &["bill/sent_back"],
        because: "billed goods that did not go back are matched again",
    },
    Allowed {
        in_crate: "domain",
        from: "allocation/demand",
        to: &["allocation/allotment"],
        because: "a demand counts what allotments keep for its requester, which it names",
    },
    Allowed {
        in_crate: "domain",
        from: "allocation/allotment",
        to: &["hold"],
        because: "an allotment is a hold, and a hold picks lots as a sale does",
    },
    Allowed {
        in_crate: "domain",
        from: "allocation/demand",
        to: &["hold"],
        because: "an allotment is a hold, and a hold picks lots as a sale does",
    },
    Allowed {
        in_crate: "domain",
        from: "allocation/pick",
        to: &["hold"],
        because: "an allotment is a hold, and a hold picks lots as a sale does",
    },
    Allowed {
        in_crate: "domain",
        from: "allocation/shelf",
        to: &["promise"],
        because: "the queue of a level waits for what is available on it",
    },
];

type Modules = BTreeSet<String>;

/// Returns the circles among `modules`, each as the set of its modules. A module at the top of its own folder's circle
/// is removed from it, and the rest is examined again.
fn circles(modules: &Modules, uses: &Uses) -> Vec<Modules> {
    let reached: BTreeMap<&String, Modules> =
        modules.iter().map(|module| (module, reach(module, modules, uses))).collect();
    let mut circles: Vec<Modules> = Vec::new();
    for module in modules {
        if circles.iter().any(|circle| circle.contains(module)) {
            continue;
        }
        let both = |other: &&String| reached[module].contains(*other) && reached[*other].contains(module);
        let circle: Modules = modules.iter().filter(both).cloned().collect();
        if circle.len() > 1 {
            circles.push(circle);
        }
    }
    let apart = |circle: Modules| match circle.iter().find(|top| is_top(top, &circle)).cloned() {
        None => vec![circle],
        Some(top) => self::circles(&circle.into_iter().filter(|module| *module != top).collect(), uses),
    };
    circles.into_iter().flat_map(apart).collect()
}

/// Returns every module among `modules` that `module` uses, directly or through others.
fn reach(module: &str, modules: &Modules, uses: &Uses) -> Modules {
    let mut reached = Modules::new();
    let mut next = vec![module];
    while let Some(module) = next.pop() {
        for used in uses[module].iter().filter(|used| modules.contains(*used)) {
            if reached.insert(used.clone()) {
                next.push(used);
            }
        }
    }
    reached
}

/// Whether every other module of the circle is in the folder of `top`. The root's folder contains all modules.
fn is_top(top: &str, circle: &Modules) -> bool {
    let folder = if top.is_empty() { String::new() } else { format!("{top}/") };
    circle.iter().all(|module| module == top || module.starts_with(&folder))
}

/// Returns a circle as the uses in it, to show what has to be broken.
fn shown(circle: &Modules, uses: &Uses) -> String {
    let used = |module: &String| {
        let used: Vec<&str> =
            uses[module].iter().filter(|used| circle.contains(*used)).map(String::as_str).collect();
        format!("    {module} uses {}", used.join(", "))
    };
    circle.iter().map(used).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_module_uses_one_that_uses_it() {
    let sources = sources();
    for name in CRATES {
        let all = Crate::read(name, &sources).uses();
        let modules: Modules = all.keys().cloned().collect();
        let allowed: Vec<(&str, &str)> = ALLOWED
            .iter()
            .filter(|allowed| allowed.in_crate == name)
            .flat_map(|allowed| allowed.to.iter().map(|to| (allowed.from, *to)))
            .collect();
        let without = |allowed: &[(&str, &str)]| {
            let mut uses = all.clone();
            for (from, to) in allowed {
                let found = uses.get_mut(*from).is_some_and(|used| used.remove(*to));
                assert!(found, "{name}: {from} no longer uses {to}: take it off the list");
            }
            uses
        };
        let left = without(&allowed);
        let circles = circles(&modules, &left);
        let shown: Vec<String> = circles.iter().map(|circle| shown(circle, &left)).collect();
        assert!(circles.is_empty(), "a new circle in {name}:\n{}", shown.join("\n  and\n"));
        for place in 0..allowed.len() {
            let (from, to) = allowed[place];
            let others: Vec<(&str, &str)> =
                allowed.iter().filter(|one| **one != (from, to)).copied().collect();
            let closes = !self::circles(&modules, &without(&others)).is_empty();
            assert!(closes, "{name}: that {from} uses {to} closes no circle any more: take it off the list");
        }
    }
}

#[test]
fn circles_are_found_within_folders_and_between_them() {
    let found = |pairs: &[(&str, &str)]| {
        let mut uses = Uses::new();
        for (from, to) in pairs {
            uses.entry((*from).to_owned()).or_default().insert((*to).to_owned());
            uses.entry((*to).to_owned()).or_default();
        }
        let circles = circles(&uses.keys().cloned().collect(), &uses);
        circles.into_iter().map(|circle| circle.into_iter().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(found(&[("a", "b"), ("b", "c"), ("a", "c")]), [""; 0]);
    assert_eq!(found(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]), ["a b c"]);
    // A module and its folder may use each other.
    assert_eq!(found(&[("a", "a/x"), ("a/x", "a"), ("", "a"), ("a", "")]), [""; 0]);
    // Two modules of one folder may not, even if their parent uses both.
    let siblings = [("a", "a/x"), ("a/x", "a"), ("a", "a/y"), ("a/x", "a/y"), ("a/y", "a/x")];
    assert_eq!(found(&siblings), ["a/x a/y"]);
    // A circle between two folders goes through their parents.
    assert_eq!(found(&[("a", "a/x"), ("a/x", "b"), ("b", "a")]), ["a a/x b"]);
}
