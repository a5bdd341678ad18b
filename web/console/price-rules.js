// The rules of a price list: what each product costs there, a new rule, and the end of one.
import { change, may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useEffect, useState } from "../vendor/ui.js";
import { Confirm } from "./confirm.js";
import { More, focusCard, listing } from "./listing.js";
import { Link, place } from "./place.js";
import { RuleForm } from "./price-rule-form.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, scope: "product" | "category" | "all", product_id: string | null, category_id: string | null,
 *   method: "fixed" | "percent_off" | "amount_off", value: string, min_quantity: string, valid_from: string | null, valid_until: string | null}} Rule */
/** @typedef {{id: string, name: string}} Named */

/** Most products whose SKUs are read. Others are shown by their ids. */
const NAMES_MAX = 50;

/** The path of the open price list; empty without one. */
const pathOf = () => {
  const { list, view } = place.value;
  return view === "prices" && list && may("prices:read") ? `/v1/price-lists/${encodeURIComponent(list)}` : "";
};
/** @type {ReturnType<typeof listing<Rule>>} */
const rules = listing("prices", "prices:read", () => {
  const path = pathOf();
  return path ? `${path}/rules?limit=50${place.value["ended"] ? "&include_ended=true" : ""}` : null;
});
/** The list itself. */
const opened = ask(
  () => {
    const path = pathOf();
    return path ? { paths: [path] } : null;
  },
  (/** @type {(Named & {currency: string})[]} */ [list]) => list ?? null,
  0,
);
/** The categories, of which the first 200 are read. */
const categories = ask(
  () => (pathOf() && may("catalog:read") ? { paths: ["/v1/categories?limit=200"] } : null),
  (/** @type {{data: Named[]}[]} */ [list]) => list?.data ?? [],
  0,
);
/** SKUs by the ids of the products that the shown rules name. */
const skus = ask(
  () => {
    const shown = pathOf() && may("catalog:read") ? (rules.answer.value.data?.rows ?? []) : [];
    const ids = [...new Set(shown.flatMap(({ product_id }) => product_id ?? []))].slice(0, NAMES_MAX);
    return ids.length ? { paths: ids.map((id) => `/v1/products/${id}`) } : null;
  },
  (/** @type {{id: string, sku: string}[]} */ products) => new Map(products.map(({ id, sku }) => [id, sku])),
  0,
);

/** The products of a rule, in words. @param {Rule} rule */
function about({ scope, product_id, category_id }) {
  if (scope === "product" && product_id) return skus.value.data?.get(product_id) ?? product_id;
  if (scope === "category" && category_id)
    return categories.value.data?.find(({ id }) => id === category_id)?.name ?? category_id;
  return setup.value.rules.all;
}

/** The last day on which a rule applies: its end is the first instant at which it does not. @param {string} until */
const lastDay = (until) => show.dayOf(new Date(Date.parse(until) - 1).toISOString());

/** @param {{list: string, changed: () => void}} of `changed`: the list has another version now. */
export function Rules({ list, changed }) {
  const text = setup.value.rules;
  const [open, setOpen] = useState(/** @type {{of: Rule | null} | null} */ (null));
  const answer = rules.answer.value;
  const rows = answer.data?.rows ?? [];
  // The link that was pressed stands below, in the list.
  useEffect(() => {
    focusCard("rules");
  }, [list]);
  const close = () => setOpen(null);
  const done = () => {
    answer.again();
    changed();
    focusCard("rules");
  };
  const mayWrite = may("prices:write");
  const withEnded = place.value["ended"];
  const actions = html`<p class="buttons">
    ${mayWrite && html`<button type="button" class="button main" onClick=${() => setOpen({ of: null })}>${text.create}</button>`}
    <${Link} to=${{ view: "prices", list, ended: withEnded ? "" : "1" }}>${withEnded ? text.withoutEnded : text.withEnded}<//>
    <${Link} to=${{ view: "prices" }}>${text.close}<//></p>`;
  const currency = opened.value.data?.currency ?? "";
  const title = opened.value.data ? text.title(opened.value.data.name) : text.short;
  return html`<${Card} id="rules" title=${title} help=${text.help} scope="prices:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.short} rows=${rows} columns=${columns(currency, mayWrite, setOpen)} /><${More} of=${rules} />`} />
    ${open && !open.of && html`<${RuleForm} list=${list} categories=${categories.value.data ?? []} close=${close} done=${done} />`}
    ${open?.of && html`<${Confirm} title=${text.endTitle(about(open.of))} said=${text.endSaid} verb=${text.end} act=${end(list, open.of)} close=${close} done=${done} />`}`;
}

/** Ends a rule. Rules never change, so each has the version 1. @param {string} list @param {Rule} rule */
const end = (list, { id }) => {
  const path = `/v1/price-lists/${encodeURIComponent(list)}/rules/${id}`;
  return () => change("DELETE", path, undefined, 1);
};

/** The price, or what is taken off the list price. @param {Rule} rule @param {string} currency */
function worth({ method, value }, currency) {
  const text = setup.value.rules;
  if (method === "percent_off") return text.percentOff(show.quantity(value));
  const amount = currency ? show.price(value, currency) : show.quantity(value);
  return method === "amount_off" ? text.amountOff(amount) : amount;
}

/** A rule that has ended has no button. @param {string} currency @param {boolean} mayWrite @param {(open: {of: Rule}) => void} open
 * @returns {import("../kit/table.js").Column<Rule>[]} */
function columns(currency, mayWrite, open) {
  const text = setup.value.rules;
  const isOver = (/** @type {Rule} */ { valid_until }) => valid_until != null && Date.parse(valid_until) <= Date.now();
  return [
    { name: "for", title: text.for, value: about },
    {
      name: "price",
      title: text.method,
      figure: true,
      value: ({ value }) => Number(value),
      show: (rule) => worth(rule, currency),
    },
    {
      name: "quantity",
      title: text.quantity,
      figure: true,
      value: ({ min_quantity }) => Number(min_quantity),
      show: ({ min_quantity }) => show.quantity(min_quantity),
    },
    {
      name: "from",
      title: text.from,
      value: (rule) => rule.valid_from,
      show: (rule) => (rule.valid_from ? show.dayOf(rule.valid_from) : text.always),
    },
    {
      name: "through",
      title: text.through,
      value: (rule) => rule.valid_until,
      show: (rule) => (rule.valid_until ? lastDay(rule.valid_until) : text.always),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (rule) =>
        mayWrite &&
        !isOver(rule) &&
        html`<button type="button" class="quiet" onClick=${() => open({ of: rule })}>${text.end}<span class="hidden">: ${about(rule)}</span></button>`,
    },
  ];
}
