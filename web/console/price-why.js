// The explanation of a price: the steps to it, and each rule that did not give it.
import { call, change, may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { place } from "./place.js";
import { setup } from "./setup.js";

/** @typedef {{source: string, rule?: {list_id: string}, unit_price?: string}} Candidate */
/** @typedef {{candidate: Candidate, lost: {reason: string}}} Loser */
/** @typedef {{method: string, value: string, after: string}} Step */
/** @typedef {{winner?: Candidate, price?: {steps: Step[], rounding?: {unrounded: string}}, losers: Loser[]}} Trace */
/** @typedef {{sku: string, uom: string, unit_price: string | null, includes_tax: boolean, trace: Trace | null, error: {detail: string} | null}} Line */
/** What was asked and answered. @typedef {{line: Line, currency: string, customer: string}} Told */

/** Most customers that are named if several have the words. */
const NAMED_MAX = 10;

const locations = ask(
  () => (place.value.view === "prices" && may("stock:read") ? { paths: ["/v1/locations?limit=200"] } : null),
  (/** @type {{data: {id: string, name: string}[]}[]} */ [list]) => list?.data ?? [],
  0,
);

/** Finds the customer that an id, a number or words name. Returns why not, if there is none or more than one.
 * @param {string} words @returns {Promise<{id: string, name: string, wrong: string}>} */
async function customerOf(words) {
  const text = setup.value.why;
  if (!words || words.startsWith("cus_")) return { id: words, name: words, wrong: "" };
  if (!may("customers:read")) return { id: "", name: "", wrong: text.unreadable };
  const numbered = await customersBy({ number: words });
  const data = numbered.length ? numbered : await customersBy({ q: words });
  const exact = data.filter(({ name }) => name.toLowerCase() === words.toLowerCase());
  const [one, other] = exact.length === 1 ? exact : data;
  if (!one) return { id: "", name: "", wrong: text.noCustomer };
  if (!other) return { id: one.id, name: one.name, wrong: "" };
  const names = data.map(({ name, number }) => (number ? `${name} (${number})` : name)).join(", ");
  return { id: "", name: "", wrong: text.customers(names) };
}

/** @param {{number: string} | {q: string}} by @returns {Promise<{id: string, name: string, number: string | null}[]>} */
async function customersBy(by) {
  const query = new URLSearchParams({ ...by, limit: String(NAMED_MAX) });
  return (await (await call(`/v1/customers?${query}`)).json()).data;
}

/** `nameOf`: the name of a price list by its id. @param {{nameOf: (list: string) => string}} of */
export function Why({ nameOf }) {
  const text = setup.value.why;
  const { channel } = show.words.value;
  const { isSending, problem, run } = useSending();
  const [told, tell] = useState(/** @type {Told | null} */ (null));
  const [wrongCustomer, note] = useState("");
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(`why-${name}`) ?? "").trim();
    tell(null);
    note("");
    await run(async () => {
      const customer = await customerOf(given("customer"));
      note(customer.wrong);
      if (!customer.wrong) tell(await priceOf(given, customer));
    });
  };
  const channels = ["wholesale", "retail"].map((value) => ({ value, label: channel[value] ?? value }));
  const places = (locations.value.data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return html`<${Card} id="why" title=${text.title} help=${text.help} scope="prices:read" content=${() => html`<form class="import" onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="why-sku" label=${text.sku} wrong=${wrongAt(problem, "lines/0/sku")} />
      <${Field} name="why-quantity" inputmode="decimal" label=${text.quantity} value="1" wrong=${wrongAt(problem, "lines/0/quantity")} />
      <${Field} name="why-customer" label=${text.customer} required=${false} help=${text.customerHelp} wrong=${wrongCustomer || wrongAt(problem, "customer_id")} />
      <${Select} name="why-channel" label=${text.channel} value="wholesale" options=${channels} wrong=${wrongAt(problem, "channel")} />
      <${Select} name="why-location" label=${text.location} options=${[{ value: "", label: text.noLocation }, ...places]} wrong=${wrongAt(problem, "location_id")} />
      <${Field} name="why-day" type="date" label=${text.day} required=${false} help=${text.dayHelp} wrong=${wrongAt(problem, "at")} />
    </div>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.ask}</button></p>
    <p role="status" class=${told || isSending ? "said" : "hidden"}>${isSending ? `${show.words.value.panel.loading} …` : told && said(told)}</p>
    ${told?.line.trace && html`<${Traced} told=${told} trace=${told.line.trace} nameOf=${nameOf} />`}
  </form>`} />`;
}

/** @param {(name: string) => string} given @param {{id: string, name: string}} customer @returns {Promise<Told>} */
async function priceOf(given, customer) {
  const noon = given("day") && new Date(`${given("day")}T12:00`).toISOString();
  const location = given("location");
  const body = {
    channel: given("channel"),
    lines: [{ sku: given("sku"), quantity: given("quantity") }],
    ...(customer.id ? { customer_id: customer.id } : {}),
    ...(location ? { location_id: location } : {}),
    ...(noon ? { at: noon } : {}),
  };
  const { currency, lines } = await change("POST", "/v1/prices/resolve", body);
  return { line: lines[0], currency, customer: customer.name };
}

/** The price in a sentence, or why there is none. @param {Told} told */
function said({ line, currency, customer }) {
  const text = setup.value.why;
  if (line.unit_price == null) return html`<span lang="en">${line.error?.detail}</span>`;
  const source = line.trace?.winner?.source ?? "";
  const origin = [text.sources[source] ?? source, customer && text.of(customer)].filter(Boolean).join(", ");
  return html`<strong>${text.answer(show.price(line.unit_price, currency), line.uom, line.sku, origin)}</strong> ${line.includes_tax ? text.withTax : text.withoutTax}`;
}

/** @param {{told: Told, trace: Trace, nameOf: (list: string) => string}} of */
function Traced({ told, trace, nameOf }) {
  const text = setup.value.why;
  const { currency, line } = told;
  const money = (/** @type {string | undefined} */ amount) => (amount == null ? "–" : show.price(amount, currency));
  const rounding = trace.price?.rounding;
  /** @type {Step[]} */
  const rounded = rounding ? [{ method: "rounded", value: rounding.unrounded, after: line.unit_price ?? "" }] : [];
  const steps = [...(trace.price?.steps ?? []), ...rounded];
  /** @type {import("../kit/table.js").Column<Step>[]} */
  const calculation = [
    { name: "step", title: text.step, isPlain: true, value: ({ method }) => text.methods[method] ?? method },
    {
      name: "value",
      title: text.value,
      figure: true,
      isPlain: true,
      value: ({ value }) => value,
      show: ({ method, value }) => (method === "percent_off" ? `${show.quantity(value)} %` : show.quantity(value)),
    },
    {
      name: "after",
      title: text.after,
      figure: true,
      isPlain: true,
      value: ({ after }) => after,
      show: ({ after }) => money(after),
    },
  ];
  const originOf = (/** @type {Candidate} */ { source, rule }) =>
    rule ? `${text.sources[source] ?? source}: ${nameOf(rule.list_id)}` : (text.sources[source] ?? source);
  /** @type {import("../kit/table.js").Column<Loser>[]} */
  const others = [
    {
      name: "candidate",
      title: text.candidate,
      value: ({ candidate }) => originOf(candidate),
      show: ({ candidate }) => html`<span class="wrap">${originOf(candidate)}</span>`,
    },
    {
      name: "would",
      title: text.would,
      figure: true,
      value: ({ candidate }) => (candidate.unit_price == null ? null : Number(candidate.unit_price)),
      show: ({ candidate }) => money(candidate.unit_price),
    },
    {
      name: "reason",
      title: text.reason,
      value: ({ lost }) => text.reasons[lost.reason] ?? lost.reason,
      show: ({ lost }) => html`<span class="wrap">${text.reasons[lost.reason] ?? lost.reason}</span>`,
    },
  ];
  return html`${steps.length > 0 && html`<h3>${text.steps}</h3><${Table} caption=${text.steps} rows=${steps} columns=${calculation} />`}
    <h3>${text.losers}</h3>
    ${trace.losers.length ? html`<${Table} caption=${text.losers} rows=${trace.losers} columns=${others} />` : html`<p>${text.alone}</p>`}`;
}
