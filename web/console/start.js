// First steps: what is there, and what to do next.
import { may, me } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import * as show from "../kit/format.js";
import { Failed } from "../kit/panel.js";
import { html } from "../vendor/ui.js";
import { Link, place } from "./place.js";
import { texts } from "./texts.js";

/** The first page of a list tells whether there is something, and how much up to its length. */
const ROWS = 200;

/** The steps in their order: what is read for each, its scope, and where to go on.
 * @type {{name: keyof typeof texts.value.start.steps, scope: string, path: string, to: import("./place.js").Section | "docs"}[]} */
const STEPS = [
  { name: "locations", scope: "stock:read", path: "/v1/locations", to: "locations" },
  { name: "products", scope: "catalog:read", path: "/v1/products", to: "products" },
  { name: "stock", scope: "stock:read", path: "/v1/stock/levels", to: "stock" },
  { name: "customers", scope: "customers:read", path: "/v1/customers", to: "customers" },
  { name: "registers", scope: "pos:read", path: "/v1/registers", to: "docs" },
  { name: "users", scope: "users:read", path: "/v1/users", to: "users" },
  { name: "keys", scope: "api_keys:read", path: "/v1/api-keys", to: "keys" },
  { name: "webhooks", scope: "webhooks:read", path: "/v1/webhook-endpoints", to: "webhooks" },
];

/** @typedef {{data: unknown[], page: {has_more: boolean}}} List */

const lists = STEPS.map(({ scope, path }) => {
  const question = () =>
    place.value.view === "start" && may(scope)
      ? { paths: [`${path}?limit=${ROWS}&fields=${path.endsWith("levels") ? "product_id" : "id"}`] }
      : null;
  return ask(
    question,
    (/** @type {List[]} */ [list]) => ({ count: list?.data.length ?? 0, isMore: list?.page.has_more ?? false }),
    0,
  );
});

export function View() {
  const text = texts.value.start;
  return html`<${Card} id="steps" title=${text.title} help=${text.help} content=${() => html`<ol class="steps">
      ${STEPS.map((step, at) => html`<${Step} key=${step.name} step=${step} answer=${lists[at]?.value} />`)}
    </ol>`} />
    <${Card} id="business" title=${text.business} content=${() => html`<dl class="facts">
      <div><dt>${text.name}</dt><dd>${me.value?.tenant.name}</dd></div>
      <div><dt>${text.currency}</dt><dd>${me.value?.tenant.currency}</dd></div>
      <div><dt>${text.zone}</dt><dd>${me.value?.tenant.time_zone}</dd></div>
      <div><dt>${text.you}</dt><dd>${me.value?.actor_name}, ${text.scopes(show.whole(me.value?.scopes.length))}</dd></div>
    </dl>`} />`;
}

/** @param {{step: typeof STEPS[number], answer: import("../kit/ask.js").Answer<{count: number, isMore: boolean}> | undefined}} of */
function Step({ step: { name, scope, to }, answer }) {
  const text = texts.value.start;
  const words = text.steps[name];
  const there = answer?.data;
  const isDone = (there?.count ?? 0) > 0;
  const count = there && show.whole(there.count) + (there.isMore ? "+" : "");
  let said;
  if (!may(scope)) said = html`${text.lacking} <code>${scope}</code>`;
  else if (answer?.state === "failed" && answer.problem)
    said = html`<${Failed} problem=${answer.problem} again=${answer.again} said=${texts.value.list.failed} />`;
  else if (!there)
    said = html`<span class="skeleton line short" role="status"><span class="hidden">${show.words.value.panel.loading}</span></span>`;
  else said = isDone ? words.there(count ?? "") : words.none;
  return html`<li class=${isDone ? "done" : null} aria-busy=${may(scope) && answer?.state === "waiting"}>
    <span class="sign" aria-hidden="true">${isDone ? "✓" : "○"}</span>
    <div><h3>${words.title}</h3><div class="said">${said}</div></div>
    ${to === "docs" ? html`<a href="/docs/">${words.next}</a>` : html`<${Link} to=${{ view: to }}>${words.next}<//>`}
  </li>`;
}
