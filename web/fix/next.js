// The fixes after the first one.
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { copies, first } from "./answers.js";
import { advice, clause } from "./say.js";

/** @typedef {import("./answers.js").Fix} Fix */

export function Next() {
  const text = show.words.value.fix.next;
  const fixes = first.value.data?.next ?? [];
  /** @type {import("../kit/table.js").Column<Fix>[]} */
  const columns = [
    { name: "fix", title: text.cause, value: clause },
    { name: "from", title: text.from, value: ({ edge }) => edge.from },
    { name: "to", title: text.to, value: ({ edge }) => edge.to },
    { name: "episodes", title: text.episodes, figure: true, value: ({ episodes }) => episodes },
    {
      name: "minutes",
      title: text.minutes,
      figure: true,
      value: (fix) => Number(fix.minutes_per_week),
      show: (fix) => show.number(fix.minutes_per_week),
    },
    {
      name: "effort",
      title: text.effort,
      figure: true,
      value: (fix) => Number(fix.effort_days),
      show: (fix) => show.number(fix.effort_days),
    },
  ];
  return html`<${Panel} id="next" title=${text.title} help=${text.help} answer=${first.value} isEmpty=${!fixes.length}
    empty=${text.empty} ...${copies("first")}
    chart=${() =>
      html`<ol class="next">${fixes.map(
        (fix) => html`<li key=${fix.id}><h3>${clause(fix)}</h3><p>${advice(fix)}</p>
      <p><small>${text.figures(show.whole(fix.episodes), show.number(fix.minutes_per_week), show.number(fix.effort_days))}</small></p></li>`,
      )}</ol>`}
    table=${() => html`<${Table} caption=${text.title} rows=${fixes} columns=${columns} />`} />`;
}
