// Webhooks: the endpoints, what was sent to each, and what is sent again.
import { change, may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { Confirm } from "./confirm.js";
import { Deliveries, deliveries } from "./deliveries.js";
import { More, focusCard, listing } from "./listing.js";
import { Link } from "./place.js";
import { Secret } from "./secret.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, url: string, description: string | null, event_types: string[], payload: string, active: boolean, disabled_reason: string | null,
 *   failures: number, paused_until: string | null, created_at: string}} Endpoint */
/** @typedef {"secret" | "replay" | "off" | "on" | "remove"} Act */

/** @type {ReturnType<typeof listing<Endpoint>>} */
const endpoints = listing("webhooks", "webhooks:read", () => "/v1/webhook-endpoints?limit=50");

/** @param {Endpoint} endpoint */
const nameOf = ({ description, url }) => description || url;

export function View() {
  const text = texts.value.webhooks;
  const [open, setOpen] = useState(/** @type {{what: "new"} | {what: Act, endpoint: Endpoint} | null} */ (null));
  const answer = endpoints.answer.value;
  const rows = answer.data?.rows ?? [];
  const close = () => setOpen(null);
  const renew = () => {
    endpoints.answer.value.again();
    focusCard("endpoints");
  };
  const mayWrite = may("webhooks:write");
  const actions = mayWrite
    ? html`<button type="button" class="button main" onClick=${() => setOpen({ what: "new" })}>${text.create}</button>`
    : html`<p class="note">${texts.value.needs} <code>webhooks:write</code></p>`;
  return html`<${Card} id="endpoints" title=${text.title} help=${text.help} scope="webhooks:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<ul class="endpoints">${rows.map((row) => html`<${One} key=${row.id} endpoint=${row} mayWrite=${mayWrite} open=${setOpen} />`)}</ul><${More} of=${endpoints} />`} />
    <${Deliveries} names=${new Map(rows.map((row) => [row.id, nameOf(row)]))} />
    ${open?.what === "new" && html`<${NewEndpoint} close=${close} made=${renew} />`}
    ${open && open.what !== "new" && html`<${Change} what=${open.what} endpoint=${open.endpoint} close=${close} done=${renew} />`}`;
}

/** @param {{endpoint: Endpoint, mayWrite: boolean, open: (open: {what: Act, endpoint: Endpoint}) => void}} of */
function One({ endpoint, mayWrite, open }) {
  const text = texts.value.webhooks;
  const { id, url, description, event_types, active, disabled_reason, failures, paused_until } = endpoint;
  const act = (/** @type {Act} */ what) =>
    html`<button type="button" class="quiet" onClick=${() => open({ what, endpoint })}>${text.acts[what]}<span class="hidden">: ${nameOf(endpoint)}</span></button>`;
  const state = active ? text.on : text.off(text.reasons[disabled_reason ?? ""] ?? "");
  return html`<li>
    <h3>${description || html`<code>${url}</code>`}</h3>
    ${description && html`<p><code>${url}</code></p>`}
    <p>${state} ${failures > 0 && text.failures(show.whole(failures))} ${paused_until && new Date(paused_until) > new Date() && text.paused(show.moment(paused_until))}
      ${text.types(event_types.length ? event_types.join(", ") : "*")}</p>
    <p class="ways">
      <${Link} to=${{ view: "webhooks", endpoint_id: id }}>${text.sent}<span class="hidden">: ${nameOf(endpoint)}</span><//>
      ${mayWrite && html`<${Ping} endpoint=${endpoint} /> ${act(active ? "off" : "on")} ${act("replay")} ${act("secret")} ${act("remove")}`}
    </p>
  </li>`;
}

/** Sends a test. @param {{endpoint: Endpoint}} of */
function Ping({ endpoint }) {
  const text = texts.value.webhooks;
  const { isSending, problem, run } = useSending();
  const [isSent, note] = useState(false);
  const send = async () => {
    note(false);
    if (!(await run(() => change("POST", `/v1/webhook-endpoints/${endpoint.id}/test`)))) return;
    note(true);
    deliveries.answer.value.again();
  };
  return html`<span><button type="button" class="quiet" aria-disabled=${isSending} onClick=${send}>${text.test}<span class="hidden">: ${nameOf(endpoint)}</span></button>
    <span role="status">${isSent && html` ${text.tested}`}</span><${Wrong} problem=${problem} /></span>`;
}

/** @param {{what: Act, endpoint: Endpoint, close: () => void, done: () => void}} of */
function Change({ what, endpoint, close, done }) {
  const text = texts.value.webhooks;
  const path = `/v1/webhook-endpoints/${endpoint.id}`;
  if (what === "secret") return html`<${NewSecret} endpoint=${endpoint} close=${close} />`;
  if (what === "replay") return html`<${Replay} endpoint=${endpoint} close=${close} done=${done} />`;
  const act = () => (what === "remove" ? change("DELETE", path) : change("PATCH", path, { active: what === "on" }));
  return html`<${Confirm} title=${text.titles[what](nameOf(endpoint))} said=${text.said[what]} verb=${text.acts[what]} act=${act} close=${close} done=${done} />`;
}

/** @param {{close: () => void, made: () => void}} of */
function NewEndpoint({ close, made }) {
  const text = texts.value.webhooks;
  const { isSending, problem, run } = useSending();
  const [secret, reveal] = useState("");
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    const event_types = given("types")
      .split(/[\s,]+/)
      .filter(Boolean);
    const body = {
      url: given("url"),
      description: given("description") || undefined,
      payload: given("payload"),
      ...(event_types.length ? { event_types } : {}),
    };
    await run(async () => reveal((await change("POST", "/v1/webhook-endpoints", body)).secret));
  };
  const end = () => {
    close();
    if (secret) made();
  };
  if (secret)
    return html`<${Dialog} title=${text.made} close=${end}><${Secret} label=${text.secret} value=${secret} warning=${text.once} close=${end} /><//>`;
  const payloads = Object.entries(text.payloads).map(([value, label]) => ({ value, label }));
  return html`<${Dialog} title=${text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="url" label=${text.url} type="url" help=${text.urlHelp} wrong=${wrongAt(problem, "url")} />
      <${Field} name="description" label=${text.description} required=${false} wrong=${wrongAt(problem, "description")} />
      <${Field} name="types" label=${text.eventTypes} required=${false} help=${text.typesHelp} wrong=${wrongAt(problem, "event_types")} />
      <${Select} name="payload" label=${text.payload} value="thin" options=${payloads} wrong=${wrongAt(problem, "payload")} />
    </div>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}

/** @param {{endpoint: Endpoint, close: () => void}} of */
function NewSecret({ endpoint, close }) {
  const text = texts.value.webhooks;
  const { isSending, problem, run } = useSending();
  const [secret, reveal] = useState("");
  const send = () =>
    run(async () => reveal((await change("POST", `/v1/webhook-endpoints/${endpoint.id}/rotate-secret`, {})).secret));
  return html`<${Dialog} title=${text.titles.secret(nameOf(endpoint))} close=${close}>
    ${
      secret
        ? html`<${Secret} label=${text.secret} value=${secret} warning=${text.once} close=${close} />`
        : html`<p>${text.said.secret}</p><${Wrong} problem=${problem} />
          <p class="buttons"><button type="button" class="button main" aria-disabled=${isSending} onClick=${send}>${text.acts.secret}</button>
            <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>`
    }
  <//>`;
}

/** @param {{endpoint: Endpoint, close: () => void, done: () => void}} of */
function Replay({ endpoint, close, done }) {
  const text = texts.value.webhooks;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const since = new Date(String(new FormData(event.currentTarget).get("since") ?? "")).toISOString();
    if (!(await run(() => change("POST", `/v1/webhook-endpoints/${endpoint.id}/replay`, { since })))) return;
    close();
    done();
  };
  return html`<${Dialog} title=${text.titles.replay(nameOf(endpoint))} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <p>${text.said.replay}</p>
    <${Field} name="since" label=${text.since} type="datetime-local" help=${text.sinceHelp} wrong=${wrongAt(problem, "since")} />
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.acts.replay}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}
