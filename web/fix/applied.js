// Fixes that are applied, and whether they worked.
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { applied, fixes, listed } from "./answers.js";
import { clause } from "./say.js";

/** @typedef {import("./answers.js").FixRecord} FixRecord */
/** @typedef {import("./answers.js").Proof} Proof */

/** A sign beside the word, for readers who can't tell the colours apart. @type {Record<string, string>} */
const SIGNS = { worked: "✓", no_change: "=", worse: "▾", too_early: "…" };

export function Applied() {
  const { applied: text, proof } = show.words.value.fix;
  const rows = applied.value;
  const verdict = (/** @type {string | null} */ of) => `${SIGNS[of ?? ""] ?? ""} ${proof[of ?? ""] ?? of ?? ""}`;
  /** @type {import("../kit/table.js").Column<FixRecord>[]} */
  const columns = [
    { name: "fix", title: text.fix, value: clause },
    {
      name: "since",
      title: text.since,
      value: (row) => row.applied_at,
      show: (row) => show.moment(row.applied_at ?? ""),
    },
    { name: "verdict", title: text.verdict, value: (row) => verdict(row.verdict) },
    { name: "before", title: text.before, value: ({ proof }) => (proof ? counts(proof).before : null) },
    { name: "after", title: text.after, value: ({ proof }) => (proof ? counts(proof).after : null) },
  ];
  // Without a fix there is nothing to ask for.
  const none = { ...fixes.value, state: /** @type {const} */ ("ready"), isStale: false, data: [] };
  const asked = fixes.value.state === "idle" ? none : fixes.value;
  const answer = listed.value.data ? asked : listed.value;
  const path = (/** @type {FixRecord} */ { id }) =>
    `curl -s -u "$STOCKWELL_KEY:" '${location.origin}/v1/reconciliation/fixes/${id}'`;
  return html`<${Panel} id="applied" title=${text.title} help=${text.help} answer=${answer} isEmpty=${!rows.length} empty=${text.empty}
    curl=${() => rows.map(path).join("\n")} graphql=${() => ""}
    chart=${() =>
      html`<ul class="proofs">${rows.map(
        (row) => html`<li key=${row.id}><h3>${clause(row)}</h3>
      <p><strong class=${`verdict ${row.verdict}`}>${verdict(row.verdict)}</strong> ${text.on(show.moment(row.applied_at ?? ""))}</p>
      ${row.proof && html`<p>${said(row.proof)}</p>`}
      ${row.week_verdicts.length > 0 && html`<ol>${row.week_verdicts.map((week) => html`<li key=${week.week}>${text.week(show.whole(week.week))}: ${verdict(week.verdict)}</li>`)}</ol>`}
    </li>`,
      )}</ul>`}
    table=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns} />`} />`;
}

/** @param {Proof} proof */
function counts(proof) {
  const { applied: text } = show.words.value.fix;
  return {
    before: text.count(show.whole(proof.episodes_before), show.whole(proof.movements_before)),
    after: text.count(show.whole(proof.episodes_after), show.whole(proof.movements_after)),
  };
}

/** @param {Proof} proof */
function said(proof) {
  const { applied: text } = show.words.value.fix;
  const { before, after } = counts(proof);
  const ratio = proof.rate_ratio;
  const rate = ratio
    ? text.ratio(
        show.percent(Number(ratio.mid) * 100, 0),
        show.percent(Number(ratio.low) * 100, 0),
        show.percent(Number(ratio.high) * 100, 0),
      )
    : "";
  return `${text.before}: ${before}. ${text.after}: ${after}. ${rate}`;
}
