// The audit trail: who did what, and to which document or record.
import { Card } from "../kit/card.js";
import { Field } from "../kit/field.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html } from "../vendor/ui.js";
import { More, listing } from "./listing.js";
import { Link, filter, place, queryOf } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, name: string, actor_kind: string, actor_id: string, actor_name: string | null, status: number,
 *   document_id: string | null, created_at: string}} Command */

const FILTERS = /** @type {const} */ (["number", "document_id", "actor_id", "name"]);

/** @type {ReturnType<typeof listing<Command>>} */
const commands = listing("audit", "ledger:read", () => {
  const given = FILTERS.map((name) => [name, place.value[name] ?? ""]);
  const query = queryOf({ ...Object.fromEntries(given), "created_at[gte]": startOf(place.value["from"]) });
  return `/v1/commands?limit=50${query && `&${query}`}`;
});

/** The instant at which a day begins by the reader's clock. @param {string | undefined} day */
function startOf(day) {
  const at = new Date(`${day}T00:00`);
  return day && !Number.isNaN(at.getTime()) ? at.toISOString() : "";
}

export function View() {
  const text = texts.value.audit;
  const answer = commands.answer.value;
  const rows = answer.data?.rows ?? [];
  return html`<${Card} id="audit" title=${text.title} help=${text.help} scope="ledger:read" answer=${answer} isEmpty=${!rows.length}
    empty=${text.empty} failed=${texts.value.list.failed} actions=${html`<${Filters} />`} paths=${answer.about ? [answer.about] : []}
    content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns()} /><${More} of=${commands} />`} />`;
}

function Filters() {
  const text = texts.value.audit;
  const now = place.value;
  return html`<form class="filters" key=${queryOf(now)} onSubmit=${filter("audit", () => commands.answer.value.again())}>
    <${Field} name="number" label=${text.number} value=${now["number"]} required=${false} help=${text.numberHelp} />
    <${Field} name="document_id" label=${text.document} value=${now["document_id"]} required=${false} help=${text.documentHelp} />
    <${Field} name="actor_id" label=${text.actor} value=${now["actor_id"]} required=${false} help=${text.actorHelp} />
    <${Field} name="name" label=${text.what} value=${now["name"]} required=${false} help=${text.whatHelp} />
    <${Field} name="from" label=${text.from} type="date" value=${now["from"]} required=${false} />
    <p class="buttons"><button class="button main">${texts.value.search}</button></p>
  </form>`;
}

/** The caller. The commands of a key or a user can be searched for. @param {Command} row */
function who({ actor_id, actor_kind, actor_name }) {
  const name = actor_name ?? texts.value.actors[actor_kind] ?? actor_kind;
  const isKnown = actor_kind === "api_key" || actor_kind === "user";
  return isKnown ? html`<${Link} to=${{ view: "audit", actor_id }}>${name}<//>` : name;
}

/** @returns {import("../kit/table.js").Column<Command>[]} */
function columns() {
  const text = texts.value.audit;
  const about = (/** @type {string} */ document_id) =>
    html`<${Link} to=${{ view: "audit", document_id }}><code>${document_id}</code><//>`;
  return [
    {
      name: "at",
      title: text.at,
      value: (row) => row.created_at,
      show: (row) => html`${show.dayOf(row.created_at)}, ${show.time(row.created_at)}`,
    },
    {
      name: "who",
      title: text.who,
      value: ({ actor_name, actor_kind }) => actor_name ?? actor_kind,
      show: who,
    },
    { name: "what", title: text.what, value: ({ name }) => name, show: ({ name }) => html`<code>${name}</code>` },
    {
      name: "outcome",
      title: text.outcome,
      value: ({ status }) => status,
      show: ({ status }) =>
        status < 400 ? text.accepted : html`<strong class="bad">${text.rejected(String(status))}</strong>`,
    },
    {
      name: "document",
      title: text.document,
      value: ({ document_id }) => document_id,
      show: ({ document_id }) => (document_id ? about(document_id) : "–"),
    },
  ];
}
