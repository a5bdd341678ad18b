// The log of requests: which were sent, with what outcome.
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { More, listing } from "./listing.js";
import { Link, filter, place, queryOf } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, request_id: string, actor_kind: string, actor_id: string, method: string, path: string, status: number,
 *   duration_ms: number, response_bytes: number | null, code: string | null, body: string | null, created_at: string}} Logged */

const FILTERS = /** @type {const} */ (["status", "code", "path", "actor_id", "request_id"]);

/** @type {ReturnType<typeof listing<Logged>>} */
const requests = listing("log", "api_keys:read", () => {
  const given = FILTERS.map((name) => [name, place.value[name] ?? ""]);
  const query = queryOf(Object.fromEntries(given));
  return `/v1/request-log?limit=50${query && `&${query}`}`;
});

export function View() {
  const text = texts.value.log;
  const [open, setOpen] = useState(/** @type {Logged | null} */ (null));
  const answer = requests.answer.value;
  const rows = answer.data?.rows ?? [];
  return html`<${Card} id="log" title=${text.title} help=${text.help} scope="api_keys:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${html`<${Filters} />`} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(setOpen)} /><${More} of=${requests} />`} />
    ${open && html`<${Detail} of=${open} close=${() => setOpen(null)} />`}`;
}

function Filters() {
  const text = texts.value.log;
  const now = place.value;
  const options = Object.entries(text.classes).map(([value, label]) => ({ value, label }));
  return html`<form class="filters" key=${queryOf(now)} onSubmit=${filter("log", () => requests.answer.value.again())}>
    <${Select} name="status" label=${text.status} value=${now["status"] ?? ""} options=${options} />
    <${Field} name="code" label=${text.code} value=${now["code"]} required=${false} />
    <${Field} name="path" label=${text.path} value=${now["path"]} required=${false} />
    <${Field} name="actor_id" label=${text.actor} value=${now["actor_id"]} required=${false} />
    <${Field} name="request_id" label=${text.request} value=${now["request_id"]} required=${false} />
    <p class="buttons"><button class="button main">${texts.value.search}</button></p>
  </form>`;
}

/** @param {(of: Logged) => void} open @returns {import("../kit/table.js").Column<Logged>[]} */
function columns(open) {
  const text = texts.value.log;
  return [
    {
      name: "at",
      title: text.at,
      value: (row) => row.created_at,
      show: (row) => html`${show.dayOf(row.created_at)}, ${show.time(row.created_at)}`,
    },
    {
      name: "what",
      title: text.what,
      value: ({ method, path }) => `${path} ${method}`,
      show: ({ method, path }) => html`<code class="path">${method} ${path}</code>`,
    },
    {
      name: "status",
      title: text.status,
      figure: true,
      value: ({ status }) => status,
      show: ({ status }) => (status < 400 ? status : html`<strong class="bad">${status}</strong>`),
    },
    {
      name: "code",
      title: text.code,
      value: ({ code }) => code,
      show: ({ code }) => code && html`<code>${code}</code>`,
    },
    {
      name: "duration",
      title: text.duration,
      figure: true,
      value: ({ duration_ms }) => duration_ms,
      show: ({ duration_ms }) => text.ms(show.whole(duration_ms)),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (row) =>
        html`<button type="button" class="quiet" onClick=${() => open(row)}>${texts.value.details}<span class="hidden">: ${row.request_id}</span></button>`,
    },
  ];
}

/** @param {{of: Logged, close: () => void}} props */
function Detail({ of, close }) {
  const text = texts.value.log;
  return html`<${Dialog} title=${`${of.method} ${of.path}`} close=${close}>
    <dl class="facts">
      <div><dt>${text.status}</dt><dd>${of.status} ${of.code && html`<code>${of.code}</code>`}</dd></div>
      <div><dt>${text.at}</dt><dd>${show.dayOf(of.created_at)}, ${show.time(of.created_at)}</dd></div>
      <div><dt>${text.duration}</dt><dd>${text.ms(show.whole(of.duration_ms))}</dd></div>
      <div><dt>${text.length}</dt><dd>${of.response_bytes == null ? text.streamed : text.bytes(show.whole(of.response_bytes))}</dd></div>
      <div><dt>${text.actor}</dt><dd><code>${of.actor_id}</code></dd></div>
      <div><dt>${text.request}</dt><dd><code>${of.request_id}</code></dd></div>
    </dl>
    <h3>${text.body}</h3>
    ${of.body == null ? html`<p>${text.noBody}</p>` : html`<pre tabindex="0" role="group" aria-label=${text.body}>${of.body}</pre>`}
    <p class="buttons"><button type="button" class="button main" onClick=${close}>${texts.value.close}</button>
      <${Link} to=${{ view: "log", actor_id: of.actor_id }}>${text.sameActor}<//></p>
  <//>`;
}
