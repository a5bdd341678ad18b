//! The list of fixes.

use serde_json::json;
use tests::with_tenant;

use super::{BASE, part, rows, run, text};
use crate::reconcile::example;

#[test]
fn fixes_are_listed_with_their_effect() {
    with_tenant(async |tenant| {
        let path = format!("{BASE}/fixes");
        assert_eq!(tenant.get(&path).await.ok()["data"], json!([]));
        example::send(tenant).await;
        run(tenant).await;
        let all = rows(tenant, "fixes").await;
        assert!(all.len() > 1, "the first fix and the next ones: {all:?}");
        let ids: Vec<&str> = all.iter().map(|fix| text(fix, "id")).collect();
        let mut reversed = rows(tenant, "fixes?sort=created_at").await;
        reversed.reverse();
        assert_eq!(all, reversed);
        assert_eq!(rows(tenant, "fixes?applied=true").await.len(), 0);
        let id = text(&part(tenant, "first-fix").await["fix"], "id").to_owned();
        assert!(ids.contains(&id.as_str()));
        tenant
            .post(&format!("{path}/{id}/applied"), &json!({ "applied_at": "2026-01-18T23:00:00Z" }))
            .await
            .ok();
        run(tenant).await;
        let all = rows(tenant, "fixes").await;
        let applied = rows(tenant, "fixes?applied=true").await;
        assert_eq!(applied.len(), 1, "{applied:?}");
        assert_eq!((&applied[0]["id"], &applied[0]["verdict"]), (&json!(id), &json!("no_change")));
        let mut shown = tenant.get(&format!("{path}/{id}")).await.ok();
        assert_eq!(shown["week_verdicts"].as_array().map(Vec::len), Some(1));
        shown.as_object_mut().expect("a fix").remove("week_verdicts");
        assert_eq!(applied[0], shown);
        let ids: Vec<&str> = all.iter().map(|fix| text(fix, "id")).filter(|other| *other != id).collect();
        let others = rows(tenant, "fixes?applied=false").await;
        assert_eq!(others.iter().map(|fix| text(fix, "id")).collect::<Vec<_>>(), ids);
        let page = tenant.get(&format!("{path}?limit=1")).await.ok();
        let cursor = text(&page["page"], "next_cursor");
        let next = tenant.get(&format!("{path}?limit=1&cursor={cursor}")).await.ok();
        assert_eq!([&page["data"][0]["id"], &next["data"][0]["id"]], [&all[0]["id"], &all[1]["id"]]);
    });
}
