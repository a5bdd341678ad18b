// How the events of a process flow from system to system, with the edge of the first fix marked.
import { Flow } from "../kit/flow.js";
import * as show from "../kit/format.js";
import { Panel } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { copies, first, flow, process, setup } from "./answers.js";

const { words } = show;

/** @typedef {import("./answers.js").FlowEdge} FlowEdge */
/** @typedef {import("./answers.js").FlowMap} FlowMap */

/** Processes, as the API names them. */
const PROCESSES = ["sale", "return", "transfer", "adjustment", "receipt"];
/** The process to which events of a type belong. @type {Record<string, string>} */
const OF_TYPE = {
  transfer_out: "transfer",
  transfer_in: "transfer",
  count: "adjustment",
  overwrite: "adjustment",
};

export function FlowCard() {
  const text = words.value.fix.flow;
  const map = flow.value.data;
  return html`<${Panel} id="flow" title=${text.title} help=${text.help} choose=${html`<${Choose} map=${map} />`} answer=${flow.value}
    isEmpty=${!map?.edges.length} empty=${text.empty} note=${map && html`<${Findings} map=${map} />`} ...${copies("flow")}
    chart=${() => map && html`<${Flow} nodes=${nodes(map)} edges=${edges(map)} /><${Hidden} map=${map} />`}
    table=${() => map && html`<${Edges} map=${map} />`} />`;
}

/** @param {{map: FlowMap | null}} of */
function Choose({ map }) {
  const text = words.value.fix;
  const chosen = process.value ?? map?.process;
  return html`<fieldset class="choice"><legend class="hidden">${text.flow.process}</legend>
    ${PROCESSES.map(
      (name) =>
        html`<label key=${name}><input type="radio" name="process" value=${name} checked=${name === chosen} onChange=${() => (process.value = name)} /><span>${text.process[name]}</span></label>`,
    )}
  </fieldset>`;
}

/** @param {FlowMap} map @param {FlowEdge} edge */
function isBroken(map, { from, to }) {
  const fix = first.value.data?.fix;
  if (!fix || fix.edge.from !== from || fix.edge.to !== to) return false;
  return !fix.type || (OF_TYPE[fix.type] ?? fix.type) === map.process;
}

/** Events that never arrived. @param {FlowEdge} edge */
const lost = ({ events, loss }) => Math.round(events * Number(loss));

/** @param {string} code */
const nameOf = (code) => setup.value.data?.systems.find((system) => system.code === code)?.name ?? code;

/** @param {FlowMap} map */
const nodes = (map) =>
  map.nodes.map(({ system, events }) => ({
    id: system,
    name: nameOf(system),
    note: words.value.fix.flow.events(show.whole(events)),
  }));

/** @param {FlowMap} map @returns {import("../kit/flow.js").Edge[]} */
const edges = (map) =>
  map.edges.map((edge) => ({
    from: edge.from,
    to: edge.to,
    kind: isBroken(map, edge) ? "broken" : lost(edge) > 0 ? "faulty" : "usual",
    text: words.value.fix.flow.lost(show.whole(lost(edge)), show.whole(edge.events)),
  }));

/** The same edges for readers who don't see the map. @param {{map: FlowMap}} of */
function Hidden({ map }) {
  const text = words.value.fix.flow;
  return html`<div class="hidden"><table>
    <caption>${text.title}</caption>
    <thead><tr>${[text.from, text.to, text.sent, text.missing, text.state].map((title) => html`<th key=${title} scope="col">${title}</th>`)}</tr></thead>
    <tbody>${map.edges.map(
      (edge) =>
        html`<tr key=${`${edge.from} ${edge.to}`}><th scope="row">${nameOf(edge.from)}</th><td>${nameOf(edge.to)}</td>
        <td>${show.whole(edge.events)}</td><td>${show.whole(lost(edge))}</td><td>${isBroken(map, edge) ? text.broken : ""}</td></tr>`,
    )}</tbody>
  </table></div>`;
}

/** @param {{map: FlowMap}} of */
function Edges({ map }) {
  const text = words.value.fix.flow;
  /** @param {string} name @param {string} title @param {(edge: FlowEdge) => string | number | null} value @returns {import("../kit/table.js").Column<FlowEdge>} */
  const figure = (name, title, value) => ({
    name,
    title,
    figure: true,
    value: (edge) => (value(edge) == null ? null : Number(value(edge))),
    show: (edge) => show.number(value(edge)),
  });
  /** @type {import("../kit/table.js").Column<FlowEdge>[]} */
  const columns = [
    { name: "from", title: text.from, value: ({ from }) => nameOf(from) },
    { name: "to", title: text.to, value: ({ to }) => nameOf(to) },
    figure("events", text.sent, ({ events }) => events),
    figure("lost", text.missing, lost),
    figure("p50", text.half, (edge) => edge.p50_minutes),
    figure("p95", text.most, (edge) => edge.p95_minutes),
    figure("duplicates", text.twice, ({ duplicates }) => duplicates),
    {
      ...figure("manual", text.manual, (edge) => edge.manual_share),
      show: (edge) => show.percent(Number(edge.manual_share) * 100, 0),
    },
    { name: "declared", title: text.declared, value: ({ declared }) => (declared ? text.yes : text.no) },
    { name: "state", title: text.state, value: (edge) => (isBroken(map, edge) ? text.broken : "") },
  ];
  return html`<${Table} caption=${text.title} rows=${map.edges} columns=${columns} />`;
}

/** @param {{map: FlowMap}} of */
function Findings({ map }) {
  const text = words.value.fix;
  const broken = map.edges.find((edge) => isBroken(map, edge));
  return html`<ul class="plain">
    ${broken && html`<li><strong>${text.flow.brokenAt(nameOf(broken.from), nameOf(broken.to))}</strong> ${text.flow.legend}</li>`}
    ${map.findings.map(({ kind, edge, place }) => {
      const at = [edge && `${nameOf(edge.from)} → ${nameOf(edge.to)}`, place].filter(Boolean).join(", ");
      return html`<li>${text.finding[kind] ?? kind}${at && `: ${at}`}</li>`;
    })}
  </ul>`;
}
