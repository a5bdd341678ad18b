// Integrity: whether the figures that are stored agree with the records that they come from.
import { may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { place } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {{subject: string, expected: string, found: string}} Difference */
/** @typedef {{fact: number, statement: string, checked: number, differences: number, largest_difference: string, examples: Difference[]}} Fact */

const PATH = "/v1/integrity";
const SCOPES = ["reports:read", "costs:read"];
const lacking = () => SCOPES.find((scope) => !may(scope));

const checked = ask(
  () => (place.value.view === "integrity" && !lacking() ? { paths: [PATH] } : null),
  (/** @type {{holds: boolean, checked_at: string, facts: Fact[]}[]} */ [found]) => found ?? null,
  0,
);

export function View() {
  const text = texts.value.integrity;
  const answer = checked.value;
  const found = answer.data;
  const rows = found?.facts ?? [];
  /** @type {import("../kit/table.js").Column<Fact>[]} */
  const columns = [
    {
      name: "statement",
      title: text.statement,
      value: ({ fact }) => fact,
      show: ({ statement, examples }) =>
        html`<span class="wrap statement" lang="en">${statement}</span><${Examples} of=${examples} />`,
    },
    {
      name: "holds",
      title: text.holds,
      value: ({ differences }) => (differences ? 1 : 0),
      show: ({ differences }) => (differences ? html`<strong class="bad">✗ ${text.no}</strong>` : `✓ ${text.yes}`),
    },
    {
      name: "checked",
      title: text.checked,
      figure: true,
      value: (row) => row.checked,
      show: (row) => show.whole(row.checked),
    },
    {
      name: "differences",
      title: text.differences,
      figure: true,
      value: (row) => row.differences,
      show: (row) => show.whole(row.differences),
    },
    {
      name: "largest",
      title: text.largest,
      figure: true,
      value: (row) => Number(row.largest_difference),
      show: (row) => show.quantity(row.largest_difference),
    },
  ];
  const actions = html`<p class="buttons"><button type="button" class="button main" aria-disabled=${answer.state === "waiting"} onClick=${() => answer.state !== "waiting" && answer.again()}>${text.again}</button></p>`;
  return html`<${Card} id="integrity" title=${text.title} help=${text.help} scope=${lacking()} answer=${answer} isEmpty=${!rows.length} empty=${text.empty}
    failed=${texts.value.list.failed} actions=${actions} paths=${[PATH]} content=${() => html`<p class="verdict" role="status"><strong class=${found?.holds ? "good" : "bad"}>${found?.holds ? `✓ ${text.all}` : `✗ ${text.some}`}</strong>
      ${" "}${found && text.at(show.moment(found.checked_at))}</p>
      <${Table} caption=${text.title} rows=${rows} columns=${columns} />`} />`;
}

/** @param {{of: Difference[]}} props */
function Examples({ of }) {
  const text = texts.value.integrity;
  if (!of.length) return null;
  return html`<details><summary>${text.examples}</summary><ul class="plain">${of.map(
    ({ subject, expected, found }) =>
      html`<li>${text.example(subject, show.quantity(expected), show.quantity(found))}</li>`,
  )}</ul></details>`;
}
