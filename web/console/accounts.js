// The mapping of accounts: rules that give postings other accounts than those of the default chart.
import { change, may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { Confirm } from "./confirm.js";
import { focusCard } from "./listing.js";
import { place } from "./place.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{purpose: string, channel?: string, location_id?: string, category_id?: string, tax_rate?: string, account: string}} Rule */
/** @typedef {{rules: Rule[], version: number}} Mapping */
/** A rule with its place among all. @typedef {Rule & {at: number, among: Mapping}} Placed */
/** `of` is null for a new rule. @typedef {{what: "edit", of: Placed | null} | {what: "remove", of: Placed}} Open */
/** @typedef {{id: string, name: string}} Named */

const PATH = "/v1/account-mapping";

const isOpen = () => place.value.view === "accounts";
const mapping = ask(
  () => (isOpen() && may("ledger:read") ? { paths: [PATH] } : null),
  (/** @type {Mapping[]} */ [found]) => found ?? null,
  0,
);
/** Names of accounts by their codes, of the first 200. */
const accounts = ask(
  () => (isOpen() && may("ledger:read") ? { paths: ["/v1/accounts?limit=200"] } : null),
  (/** @type {{data: {code: string, name: string}[]}[]} */ [list]) =>
    new Map(list?.data.map(({ code, name }) => [code, name])),
  0,
);
/** @param {string} path @param {string} scope */
const named = (path, scope) =>
  ask(
    () => (isOpen() && may("ledger:read") && may(scope) ? { paths: [path] } : null),
    (/** @type {{data: Named[]}[]} */ [list]) => list?.data ?? [],
    0,
  );
const locations = named("/v1/locations?limit=200", "stock:read");
const categories = named("/v1/categories?limit=200", "catalog:read");

/** @param {typeof locations} list @param {string} id */
const nameIn = (list, id) => list.value.data?.find((one) => one.id === id)?.name ?? id;

/** Replaces all rules, if no one else did meanwhile. @param {Mapping} of @param {Rule[]} rules */
const state = ({ version }, rules) => change("PUT", PATH, { rules }, version);

export function View() {
  const text = setup.value.accounts;
  const [open, setOpen] = useState(/** @type {Open | null} */ (null));
  const answer = mapping.value;
  const found = answer.data;
  const rows = found?.rules.map((rule, at) => ({ ...rule, at, among: found })) ?? [];
  const mayWrite = may("ledger:write");
  const close = () => setOpen(null);
  const done = () => {
    mapping.value.again();
    focusCard("accounts");
  };
  const actions = mayWrite
    ? found &&
      html`<button type="button" class="button main" onClick=${() => setOpen({ what: "edit", of: null })}>${text.create}</button>`
    : html`<p class="note">${texts.value.needs} <code>ledger:write</code></p>`;
  return html`<${Card} id="accounts" title=${text.title} help=${text.help} scope="ledger:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${[PATH]}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(mayWrite, setOpen)} />`} />
    ${found && open?.what === "edit" && html`<${Form} of=${open.of} mapping=${open.of?.among ?? found} close=${close} done=${done} />`}
    ${open?.what === "remove" && html`<${Confirm} title=${text.removeTitle} said=${text.removeSaid} verb=${text.remove} act=${() => state(open.of.among, open.of.among.rules.toSpliced(open.of.at, 1))} close=${close} done=${done} />`}`;
}

/** @param {boolean} mayWrite @param {(open: Open) => void} open @returns {import("../kit/table.js").Column<Placed>[]} */
function columns(mayWrite, open) {
  const text = setup.value.accounts;
  const { channel } = show.words.value;
  const account = (/** @type {Placed} */ { account: code }) => {
    const name = accounts.value.data?.get(code);
    return name ? `${code} ${name}` : code;
  };
  const purpose = (/** @type {Placed} */ rule) => text.purposes[rule.purpose] ?? rule.purpose;
  return [
    { name: "purpose", title: text.purpose, value: purpose },
    {
      name: "channel",
      title: text.channel,
      value: (rule) => (rule.channel ? (channel[rule.channel] ?? rule.channel) : text.any),
    },
    {
      name: "location",
      title: text.location,
      value: (rule) => (rule.location_id ? nameIn(locations, rule.location_id) : text.any),
    },
    {
      name: "category",
      title: text.category,
      value: (rule) => (rule.category_id ? nameIn(categories, rule.category_id) : text.any),
    },
    { name: "tax_rate", title: text.taxRate, value: (rule) => rule.tax_rate ?? text.any },
    { name: "account", title: text.account, value: account },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (of) =>
        mayWrite &&
        html`<span class="ways"><button type="button" class="quiet" onClick=${() => open({ what: "edit", of })}>${text.replace}<span class="hidden">: ${purpose(of)}, ${account(of)}</span></button>
          <button type="button" class="quiet" onClick=${() => open({ what: "remove", of })}>${text.remove}<span class="hidden">: ${purpose(of)}, ${account(of)}</span></button></span>`,
    },
  ];
}

/** The form of a rule: a new one, or one in place of another. @param {{of: Placed | null, mapping: Mapping, close: () => void, done: () => void}} props */
function Form({ of, mapping: found, close, done }) {
  const text = setup.value.accounts;
  const { channel } = show.words.value;
  const { isSending, problem, run } = useSending();
  const at = of?.at ?? found.rules.length;
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = [...new FormData(event.currentTarget)];
    const given = form.map(([name, value]) => [name.replace("rule-", ""), String(value).trim()]);
    const rule = /** @type {Rule} */ (Object.fromEntries(given.filter(([, value]) => value)));
    if (!(await run(() => state(found, found.rules.toSpliced(at, 1, rule))))) return;
    close();
    done();
  };
  const any = { value: "", label: text.any };
  const options = (/** @type {typeof locations} */ list, /** @type {string | undefined} */ id) => {
    const all = (list.value.data ?? []).map((one) => ({ value: one.id, label: one.name }));
    const isThere = !id || all.some(({ value }) => value === id);
    return isThere ? [any, ...all] : [any, { value: id, label: id }, ...all];
  };
  const purposes = Object.entries(text.purposes).map(([value, label]) => ({ value, label }));
  const channels = [any, ...["wholesale", "retail"].map((value) => ({ value, label: channel[value] ?? value }))];
  const wrong = (/** @type {keyof Rule} */ name) => wrongAt(problem, `rules/${at}/${name}`);
  return html`<${Dialog} title=${of ? text.replaceTitle : text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Select} name="rule-purpose" label=${text.purpose} value=${of?.purpose ?? "revenue"} options=${purposes} wrong=${wrong("purpose")} />
      <${Select} name="rule-channel" label=${text.channel} value=${of?.channel ?? ""} help=${text.conditionHelp} options=${channels} wrong=${wrong("channel")} />
      <${Select} name="rule-location_id" label=${text.location} value=${of?.location_id ?? ""} options=${options(locations, of?.location_id)} wrong=${wrong("location_id")} />
      <${Select} name="rule-category_id" label=${text.category} value=${of?.category_id ?? ""} help=${text.conditionHelp} options=${options(categories, of?.category_id)} wrong=${wrong("category_id")} />
      <${Field} name="rule-tax_rate" label=${text.taxRate} value=${of?.tax_rate} required=${false} help=${text.taxRateHelp} wrong=${wrong("tax_rate")} />
      <${Field} name="rule-account" label=${text.account} value=${of?.account} help=${text.accountHelp} wrong=${wrong("account")} />
    </div>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${of ? text.replace : text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}
