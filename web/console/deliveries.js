// What was sent to endpoints of webhooks, each attempt with the response, and a way to send it again.
import { change, may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Select } from "../kit/field.js";
import { Wrong, useSending } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Failed } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html, signal, useEffect, useState } from "../vendor/ui.js";
import { More, listing } from "./listing.js";
import { filter, place, queryOf } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {{number: number, attempted_at: string, duration_ms: number, error: string | null, request: string, response: string | null,
 *   response_status: number | null, is_cut: boolean}} Attempt */
/** @typedef {{id: string, endpoint_id: string, event_id: string, type: string, status: "pending" | "delivered" | "dead", attempts: number,
 *   error: string | null, response_status: number | null, next_attempt_at: string | null, created_at: string, log?: Attempt[] | null}} Delivery */

/** @type {ReturnType<typeof listing<Delivery>>} */
export const deliveries = listing("webhooks", "webhooks:read", () => {
  const { endpoint_id = "", status = "" } = place.value;
  const query = queryOf({ endpoint_id, status });
  return `/v1/webhook-deliveries?limit=50${query && `&${query}`}`;
});
/** The delivery whose attempts are shown. */
const opened = signal("");
const attempts = ask(
  () =>
    place.value.view === "webhooks" && opened.value
      ? { paths: [`/v1/webhook-deliveries/${opened.value}`], about: opened.value }
      : null,
  (/** @type {Delivery[]} */ [delivery]) => /** @type {Delivery} */ (delivery),
  0,
);

/** @param {{names: Map<string, string>}} of The endpoints' names by their ids. */
export function Deliveries({ names }) {
  const text = texts.value.deliveries;
  const now = place.value;
  const answer = deliveries.answer.value;
  const rows = answer.data?.rows ?? [];
  useEffect(() => () => void (opened.value = ""), []);
  // An attempt may have come since the list was read.
  const close = () => {
    opened.value = "";
    answer.again();
  };
  const endpoints = [{ value: "", label: text.all }].concat([...names].map(([value, label]) => ({ value, label })));
  const states = [{ value: "", label: text.all }].concat(
    Object.entries(text.states).map(([value, label]) => ({ value, label })),
  );
  return html`<${Card} id="deliveries" title=${text.title} help=${text.help} scope="webhooks:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} paths=${answer.about ? [answer.about] : []}
      actions=${html`<form class="filters" key=${queryOf(now) + names.size} onSubmit=${filter("webhooks", () => deliveries.answer.value.again())}>
        <${Select} name="endpoint_id" label=${text.endpoint} value=${now["endpoint_id"] ?? ""} options=${endpoints} />
        <${Select} name="status" label=${text.status} value=${now["status"] ?? ""} options=${states} />
        <p class="buttons"><button class="button main">${texts.value.search}</button></p></form>`}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(names)} /><${More} of=${deliveries} />`} />
    ${opened.value && html`<${Log} close=${close} />`}`;
}

/** @param {Map<string, string>} names @returns {import("../kit/table.js").Column<Delivery>[]} */
function columns(names) {
  const text = texts.value.deliveries;
  return [
    {
      name: "at",
      title: text.at,
      value: (row) => row.created_at,
      show: (row) => html`${show.dayOf(row.created_at)}, ${show.time(row.created_at)}`,
    },
    { name: "type", title: text.type, value: ({ type }) => type, show: ({ type }) => html`<code>${type}</code>` },
    { name: "endpoint", title: text.endpoint, value: ({ endpoint_id }) => names.get(endpoint_id) ?? endpoint_id },
    {
      name: "status",
      title: text.status,
      value: ({ status }) => text.states[status],
      show: ({ status }) =>
        status === "dead" ? html`<strong class="bad">${text.states.dead}</strong>` : text.states[status],
    },
    {
      name: "response",
      title: text.response,
      value: (row) => row.response_status,
      show: ({ response_status, error }) => response_status ?? (error ? html`<code>${error}</code>` : "–"),
    },
    {
      name: "attempts",
      title: text.attempts,
      figure: true,
      value: (row) => row.attempts,
      show: (row) => show.whole(row.attempts),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (
        row,
      ) => html`<span class="ways"><button type="button" class="quiet" onClick=${() => (opened.value = row.id)}>${texts.value.details}<span class="hidden">: ${row.type}, ${row.event_id}</span></button>
        ${may("webhooks:write") && row.status !== "pending" && html`<${Again} of=${row} />`}</span>`,
    },
  ];
}

/** Sends a message once more. @param {{of: Delivery}} props */
function Again({ of }) {
  const text = texts.value.deliveries;
  const { isSending, problem, run } = useSending();
  const [isSent, note] = useState(false);
  const send = async () => {
    if (!(await run(() => change("POST", `/v1/webhook-deliveries/${of.id}/retry`)))) return;
    note(true);
    deliveries.answer.value.again();
  };
  return html`<span><button type="button" class="quiet" aria-disabled=${isSending} onClick=${send}>${text.again}<span class="hidden">: ${of.type}, ${of.event_id}</span></button>
    <span role="status">${isSent && html` ${text.sent}`}</span><${Wrong} problem=${problem} /></span>`;
}

/** @param {{close: () => void}} of */
function Log({ close }) {
  const text = texts.value.deliveries;
  const { data, state, problem, again, about } = attempts.value;
  const found = about === opened.value ? data : null;
  return html`<${Dialog} title=${text.logTitle} close=${close}>
    ${state === "failed" && problem && html`<${Failed} problem=${problem} again=${again} said=${texts.value.list.failed} />`}
    ${state === "waiting" && !found && html`<div class="skeleton" role="status"><span class="hidden">${show.words.value.panel.loading}</span></div>`}
    ${
      found &&
      html`<p><code>${found.type}</code> <code>${found.event_id}</code>: ${text.states[found.status]}
        ${found.next_attempt_at && found.status === "pending" && text.next(show.moment(found.next_attempt_at))}</p>
        ${!found.log?.length && html`<p>${text.noAttempt}</p>`}
        <ol class="attempts">${found.log?.map((one) => html`<${One} key=${one.number} attempt=${one} />`)}</ol>`
    }
    <p class="buttons"><button type="button" class="button main" onClick=${close}>${texts.value.close}</button></p>
  <//>`;
}

/** @param {{attempt: Attempt}} of */
function One({ attempt }) {
  const text = texts.value.deliveries;
  const outcome = attempt.response_status ?? attempt.error ?? "–";
  return html`<li><h3>${text.attempt(show.whole(attempt.number))}: <code>${outcome}</code></h3>
    <p>${show.dayOf(attempt.attempted_at)}, ${show.time(attempt.attempted_at)}, ${texts.value.log.ms(show.whole(attempt.duration_ms))}
      ${attempt.error && attempt.response_status != null && html` <code>${attempt.error}</code>`}</p>
    ${attempt.request && html`<pre tabindex="0" role="group" aria-label=${text.request}>${attempt.request}</pre>`}
    ${attempt.response && html`<pre tabindex="0" role="group" aria-label=${text.response}>${attempt.response}${attempt.is_cut ? " …" : ""}</pre>`}</li>`;
}
