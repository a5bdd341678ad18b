// Prices: the price lists, the rules of one, and why a price is what it is.
import { change, may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { History, More, focusCard, listing } from "./listing.js";
import { Link, place } from "./place.js";
import { Why } from "./price-why.js";
import { Rules } from "./price-rules.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, code: string, name: string, currency: string, includes_tax: boolean | null, updated_at: string, version: number}} PriceList */

/** @type {ReturnType<typeof listing<PriceList>>} */
const lists = listing("prices", "prices:read", () => "/v1/price-lists?limit=50");

export function View() {
  const text = setup.value.prices;
  const [open, setOpen] = useState(/** @type {{of: PriceList | null} | null} */ (null));
  const answer = lists.answer.value;
  const rows = answer.data?.rows ?? [];
  const again = () => lists.answer.value.again();
  const done = () => {
    again();
    focusCard("lists");
  };
  const mayWrite = may("prices:write");
  const actions = mayWrite
    ? html`<button type="button" class="button main" onClick=${() => setOpen({ of: null })}>${text.create}</button>`
    : html`<p class="note">${texts.value.needs} <code>prices:write</code></p>`;
  const list = place.value["list"];
  return html`${list && html`<${Rules} key=${list} list=${list} changed=${again} />`}
    <${Card} id="lists" title=${text.title} help=${text.help} scope="prices:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(mayWrite, setOpen)} /><${More} of=${lists} />`} />
    <${Why} nameOf=${(/** @type {string} */ id) => rows.find((row) => row.id === id)?.name ?? id} />
    ${open && html`<${Form} of=${open.of} close=${() => setOpen(null)} done=${done} />`}`;
}

/** @param {boolean | null} includesTax */
const taxOf = (includesTax) => /** @type {"" | "true" | "false"} */ (includesTax == null ? "" : String(includesTax));

/** @param {boolean} mayWrite @param {(open: {of: PriceList}) => void} open @returns {import("../kit/table.js").Column<PriceList>[]} */
function columns(mayWrite, open) {
  const text = setup.value.prices;
  return [
    { name: "name", title: text.name, value: ({ name }) => name },
    { name: "code", title: text.code, value: ({ code }) => code },
    { name: "currency", title: text.currency, value: ({ currency }) => currency },
    { name: "tax", title: text.tax, value: ({ includes_tax }) => text.taxes[taxOf(includes_tax)] },
    {
      name: "updated",
      title: text.updated,
      value: (row) => row.updated_at,
      show: (row) => show.moment(row.updated_at),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (row) => html`<span class="ways">
        <${Link} to=${{ view: "prices", list: row.id }}>${text.rules}<span class="hidden">: ${row.name}</span><//>
        ${mayWrite && html`<button type="button" class="quiet" onClick=${() => open({ of: row })}>${text.change}<span class="hidden">: ${row.name}</span></button>`}
        <${History} of=${row.id} name=${row.name} /></span>`,
    },
  ];
}

/** The form of a price list: a new one, or one that is there. @param {{of: PriceList | null, close: () => void, done: () => void}} props */
function Form({ of, close, done }) {
  const text = setup.value.prices;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(`list-${name}`) ?? "").trim();
    const tax = given("tax");
    const body = { code: given("code"), name: given("name"), includes_tax: tax ? tax === "true" : null };
    const isSent = await run(() =>
      of
        ? change("PATCH", `/v1/price-lists/${of.id}`, body, of.version)
        : change("POST", "/v1/price-lists", { ...body, ...(tax ? {} : { includes_tax: undefined }) }),
    );
    if (!isSent) return;
    close();
    done();
  };
  const taxes = Object.entries(text.taxes).map(([value, label]) => ({ value, label }));
  return html`<${Dialog} title=${of ? text.changeTitle(of.name) : text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="list-code" label=${text.code} value=${of?.code} help=${text.codeHelp} wrong=${wrongAt(problem, "code")} />
      <${Field} name="list-name" label=${text.name} value=${of?.name} wrong=${wrongAt(problem, "name")} />
      <${Select} name="list-tax" label=${text.tax} value=${taxOf(of?.includes_tax ?? null)} options=${taxes} wrong=${wrongAt(problem, "includes_tax")} />
    </div>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${of ? text.save : text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}
