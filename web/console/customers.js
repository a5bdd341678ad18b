// Customers: who buys, on which terms.
import { change, may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { Files, FilesLink } from "./files.js";
import { History, More, focusCard, listing } from "./listing.js";
import { filter, place, queryOf } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, number: string | null, kind: string, name: string, email: string | null, tax_number: string | null, country: string | null,
 *   currency: string, payment_days: number | null, credit_limit: string | null, status: string, version: number}} Customer */

/** @type {ReturnType<typeof listing<Customer>>} */
const customers = listing("customers", "customers:read", () => {
  const query = queryOf({ q: place.value["q"] ?? "" });
  return `/v1/customers?limit=50${query && `&${query}`}`;
});
/** The members of the form that are texts. Those but the name may be empty. */
const FIELDS = /** @type {const} */ (["name", "number", "email", "tax_number", "country", "credit_limit"]);

export function View() {
  const text = texts.value.customers;
  const [open, setOpen] = useState(/** @type {{of: Customer | null} | null} */ (null));
  const now = place.value;
  const answer = customers.answer.value;
  const rows = answer.data?.rows ?? [];
  const again = () => customers.answer.value.again();
  const done = () => {
    again();
    focusCard("customers");
  };
  const mayWrite = may("customers:write");
  const actions = html`${
    mayWrite
      ? html`<p class="buttons"><button type="button" class="button main" onClick=${() => setOpen({ of: null })}>${text.create}</button></p>`
      : html`<p class="note">${texts.value.needs} <code>customers:write</code></p>`
  }
    <form class="filters" key=${now["q"] ?? ""} onSubmit=${filter("customers", again)}>
      <${Field} name="q" label=${text.search} value=${now["q"]} required=${false} />
      <p class="buttons"><button class="button">${texts.value.search}</button></p></form>`;
  return html`<${Files} nameOf=${(/** @type {string} */ record) => rows.find(({ id }) => id === record)?.name} />
    <${Card} id="customers" title=${text.title} help=${text.help} scope="customers:read" answer=${answer} isEmpty=${!rows.length}
      empty=${now["q"] ? text.none : text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(mayWrite, setOpen)} /><${More} of=${customers} />`} />
    ${open && html`<${Form} of=${open.of} close=${() => setOpen(null)} done=${done} />`}`;
}

/** @param {boolean} mayWrite @param {(open: {of: Customer}) => void} open @returns {import("../kit/table.js").Column<Customer>[]} */
function columns(mayWrite, open) {
  const text = texts.value.customers;
  const { channel } = show.words.value;
  return [
    { name: "name", title: text.fields.name, value: ({ name }) => name },
    { name: "number", title: text.fields.number, value: ({ number }) => number, show: ({ number }) => number ?? "–" },
    { name: "kind", title: text.kind, value: ({ kind }) => channel[kind] ?? kind },
    { name: "status", title: text.status, value: ({ status }) => text.states[status] ?? status },
    {
      name: "days",
      title: text.days,
      figure: true,
      value: (row) => row.payment_days,
      show: (row) => show.whole(row.payment_days),
    },
    {
      name: "limit",
      title: text.fields.credit_limit,
      figure: true,
      value: (row) => (row.credit_limit == null ? null : Number(row.credit_limit)),
      show: (row) => (row.credit_limit == null ? text.noLimit : show.exactIn(row.credit_limit, row.currency)),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (row) => html`<span class="ways">
        <${FilesLink} record=${row.id} name=${row.name} />
        ${mayWrite && html`<button type="button" class="quiet" onClick=${() => open({ of: row })}>${text.change}<span class="hidden">: ${row.name}</span></button>`}
        <${History} of=${row.id} name=${row.name} /></span>`,
    },
  ];
}

/** The form of a customer: a new one, or one that is there. @param {{of: Customer | null, close: () => void, done: () => void}} props */
function Form({ of, close, done }) {
  const text = texts.value.customers;
  const { channel } = show.words.value;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(`customer-${name}`) ?? "").trim();
    const isSent = await run(() => {
      if (!of) return change("POST", "/v1/customers", { ...filled(given), kind: given("kind") });
      const status = given("status");
      return change("PATCH", `/v1/customers/${of.id}`, changed(given, of, status), of.version);
    });
    if (!isSent) return;
    close();
    done();
  };
  const kinds = ["wholesale", "retail"].map((value) => ({ value, label: channel[value] ?? value }));
  const states = Object.entries(text.states).map(([value, label]) => ({ value, label }));
  return html`<${Dialog} title=${of ? text.changeTitle(of.name) : text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      ${FIELDS.map((name) => html`<${Field} key=${name} name=${`customer-${name}`} label=${text.fields[name]} value=${of?.[name] ?? ""} required=${name === "name"} wrong=${wrongAt(problem, name)} />`)}
      ${
        of
          ? html`<${Select} name="customer-status" label=${text.status} value=${of.status} help=${text.statusHelp} options=${states} wrong=${wrongAt(problem, "status")} />`
          : html`<${Select} name="customer-kind" label=${text.kind} value="wholesale" options=${kinds} wrong=${wrongAt(problem, "kind")} />`
      }
    </div>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${of ? text.save : text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}

/** The fields that have a text. @param {(name: string) => string} given */
const filled = (given) => Object.fromEntries(FIELDS.map((name) => [name, given(name)]).filter(([, value]) => value));

/** The fields that the reader changed. An empty text removes a value. @param {(name: string) => string} given @param {Customer} of @param {string} status */
function changed(given, of, status) {
  const others = FIELDS.filter((name) => given(name) !== (of[name] ?? ""));
  const body = Object.fromEntries(others.map((name) => [name, given(name) || null]));
  return status === of.status ? body : { ...body, status };
}
