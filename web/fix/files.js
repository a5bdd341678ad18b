// Exports: which files were dropped, what each of them is, and what became of their rows.
import { may, me, problemOf } from "../kit/api.js";
import { askAgain } from "../kit/ask.js";
import { Drop, TooMany } from "../kit/drop.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { effect, html, signal, useState } from "../vendor/ui.js";
import { setup, WRITE } from "./answers.js";
import { makeRun, stateReference } from "./note.js";

/** @typedef {import("./plan.js").Item} Item */
/** @typedef {import("./send.js").Sent} Sent */
/** @typedef {import("../kit/api.js").Problem} Problem */
/** @typedef {{path: string, row: number, column: string | null, detail: string}} Reason */

/** `busy`: a file is read or sent, or the systems are compared. */
const BLANK = {
  items: /** @type {Item[]} */ ([]),
  missing: /** @type {string[]} */ ([]),
  sent: /** @type {Sent[]} */ ([]),
  busy: /** @type {"" | "reading" | "sending" | "comparing"} */ (""),
  wrong: "",
  problem: /** @type {Problem | null} */ (null),
  isCompared: false,
};
const state = signal(BLANK);
const zone = signal("");
/** Rejected rows that are shown. */
const REASONS_SHOWN = 200;
/** Files and folders that are taken at once. */
const FILES_MAX = 1_000;
/** Forms that are open at once. The next one opens when one is sent. */
const FORMS_MAX = 10;

effect(() => {
  // Another tenant may sign in.
  zone.value = me.value?.tenant.time_zone ?? "";
  if (!me.value) state.value = BLANK;
});

/** The modules that read and send files. @typedef {typeof import("./plan.js") & typeof import("./send.js") & typeof import("./byhand.js")} Tools */
/** They are loaded with the first file. @type {Tools | null} */
let tools = null;
async function load() {
  const [plan, send, byHand] = await Promise.all([import("./plan.js"), import("./send.js"), import("./byhand.js")]);
  return (tools = { ...plan, ...send, ...byHand });
}

/** @param {Partial<typeof BLANK>} change */
const note = (change) => (state.value = { ...state.peek(), ...change });
/** Notes what became of a visitor's work, unless another visitor has come. @param {typeof me.value} visitor @param {Partial<typeof BLANK>} change */
function noteFor(visitor, change) {
  if (me.peek() === visitor) note(change);
}
const systems = () => (setup.value.data?.systems ?? []).map(({ code }) => code);

/** Waits until the systems are read, or can't be: by them, the page knows of which system a file is. @returns {Promise<void>} */
function systemsRead() {
  return new Promise((proceed) => {
    const end = effect(() => {
      const { state, data } = setup.value;
      if (state === "waiting" && !data) return;
      proceed();
      queueMicrotask(() => end());
    });
  });
}

/** @param {Promise<import("../kit/drop.js").Dropped[]>} dropping */
async function take(dropping) {
  const visitor = me.value;
  note({ ...BLANK, busy: "reading" });
  try {
    const dropped = await dropping;
    const { plan } = tools ?? (await load());
    await systemsRead();
    const planned = await plan(dropped, systems());
    noteFor(visitor, { ...planned, busy: "", wrong: dropped.length ? "" : show.words.value.fix.files.noFile });
  } catch (error) {
    noteFor(visitor, { ...BLANK, wrong: reason(error) });
  }
}

/** Why files were not taken. @param {unknown} error */
function reason(error) {
  const text = show.words.value.fix.files;
  if (error instanceof TooMany) return text.tooMany(show.whole(FILES_MAX));
  return tools && error instanceof tools.BadManifest ? text.badManifest(error.message) : text.unreadable;
}

async function send() {
  const visitor = me.value;
  const ready = state.value.items.filter(({ state }) => state === "ready");
  note({ sent: [], busy: "sending", problem: null, isCompared: false });
  const { sendFile } = tools ?? (await load());
  for (const item of ready) {
    const sent = await sendFile(item, zone.value);
    if (me.value !== visitor) return;
    note({ sent: [...state.value.sent, sent] });
  }
  if (state.value.sent.some(({ problem }) => !problem)) return compare();
  note({ busy: "" });
  askAgain();
}

/** Compares the systems. @param {() => Promise<unknown>} [prepare] */
async function compare(prepare) {
  const visitor = me.value;
  note({ busy: "comparing", problem: null, isCompared: false });
  try {
    await prepare?.();
    // The next visitor may be another tenant, whose run this would be.
    if (me.peek() !== visitor) return;
    await makeRun();
    noteFor(visitor, { busy: "", isCompared: true });
  } catch (error) {
    noteFor(visitor, { busy: "", problem: problemOf(error) });
  }
  askAgain();
}

export function Files() {
  const text = show.words.value.fix.files;
  if (!may(WRITE))
    return html`<section class="panel" aria-labelledby="files"><header><h2 id="files">${text.title}</h2></header>
      <p class="empty">${show.words.value.lacking.card} <code>${WRITE}</code></p></section>`;
  const { items, missing, busy, wrong, problem, isCompared, sent } = state.value;
  const ready = items.filter(({ state }) => state === "ready");
  const asks = items.filter(({ state }) => state === "asks");
  const isSent = sent.length > 0;
  return html`<section class="panel" aria-labelledby="files" tabindex="-1" aria-busy=${busy !== ""}>
    <header><h2 id="files">${text.title}</h2><p>${text.help}</p></header>
    <div class="body files">
      <${Drop} label=${text.drop} files=${text.choose} folder=${text.folder} most=${FILES_MAX} isDisabled=${busy !== ""} take=${take} />
      ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
      ${missing.length > 0 && html`<p class="wrong" role="alert">${text.missing(missing.join(", "))}</p>`}
      ${items.length > 0 && html`<${List} items=${items} />`}
      ${asks.slice(0, FORMS_MAX).map((item) => html`<${Columns} key=${item.path} item=${item} />`)}
      ${
        ready.length > 0 &&
        html`<form class="send" onSubmit=${(/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          if (!busy) send();
        }}>
        <p class="field"><label for="zone">${text.zone}</label><input id="zone" value=${zone.value} required onInput=${(/** @type {InputEvent & {currentTarget: HTMLInputElement}} */ event) => (zone.value = event.currentTarget.value)} /></p>
        <button class="button main" disabled=${asks.length > 0} aria-disabled=${busy !== ""}>${isSent ? text.again : text.send(show.whole(ready.length))}</button>
        ${asks.length > 0 && html`<span>${text.first}</span>`}
      </form>`
      }
      <p class="progress" role="status">${progress(ready.length)}</p>
      ${busy === "sending" && html`<progress max=${ready.length} value=${sent.length} aria-label=${text.sending}></progress>`}
      ${
        problem &&
        html`<div class="failed" role="alert"><p><strong>${text.notCompared}</strong> ${problem.title} ${problem.detail}</p>
        <p><button type="button" class="button" onClick=${retry}>${show.words.value.panel.again}</button></p></div>`
      }
      ${isSent && html`<${Results} sent=${sent} />`}
      ${isCompared && html`<p><a href="#main">${text.toAnswer}</a></p>`}
      <${Reference} isBusy=${busy !== ""} />
    </div>
  </section>`;
}

/** The form for a file of other columns. @param {{item: Item}} of */
function Columns({ item }) {
  if (!tools) return null;
  const { ByHand, mapped } = tools;
  const close = (/** @type {Item} */ by) => {
    // The form goes with the button that had the focus.
    document.getElementById(LIST)?.focus();
    replace(item, by);
  };
  const done = (/** @type {import("./mapping.js").Mapping} */ mapping) => close(mapped(item, mapping));
  const leave = () => close({ ...item, state: "left", why: "unknown" });
  return html`<${ByHand} item=${item} systems=${systems()} done=${done} leave=${leave} />`;
}

/** @param {Item} item @param {Item} by */
const replace = (item, by) => note({ items: state.value.items.map((each) => (each === item ? by : each)) });

/** Compares again after a failure. The button that is pressed goes, so its section takes the focus. @param {Event & {currentTarget: HTMLElement}} event */
function retry({ currentTarget }) {
  currentTarget.closest("section")?.focus();
  compare();
}

/** @param {number} files */
function progress(files) {
  const text = show.words.value.fix.files;
  const { busy, sent, isCompared } = state.value;
  if (busy === "sending") return text.progress(show.whole(Math.min(files, sent.length + 1)), show.whole(files));
  if (busy) return text[busy];
  return isCompared ? text.compared : "";
}

const LIST = "dropped";
/** @param {{items: Item[]}} of */
function List({ items }) {
  const text = show.words.value.fix.files;
  return html`<ul id=${LIST} class="list" aria-label=${text.list} tabindex="-1">
    ${items.map(
      (item) => html`<li key=${item.path} data-state=${item.state}><b>${item.path}</b> <span>${told(item)}</span>
      ${item.mapping && html`<button type="button" class="quiet" onClick=${() => replace(item, { ...item, state: "asks" })}>${text.change}<span class="hidden">: ${item.path}</span></button>`}</li>`,
    )}
  </ul>`;
}

/** What a file is, in words. @param {Item} item */
function told({ state, why, kind, system, full, mapping }) {
  const text = show.words.value.fix.files;
  if (state === "asks") return text.asks;
  if (state === "left") return text.left[why || "unknown"];
  const name = text.kind[kind] ?? kind;
  const extent = kind === "snapshots" ? `, ${full === "true" ? text.full : text.partial}` : "";
  const what = system ? `${text.of(name, system)}${extent}` : name;
  return mapping ? `${what} (${text.byHand})` : what;
}

/** @param {{sent: Sent[]}} of */
function Results({ sent }) {
  const text = show.words.value.fix.files;
  /** @param {"rows" | "accepted" | "repeated" | "rejected"} name @returns {import("../kit/table.js").Column<Sent>} */
  const figure = (name) => ({
    name,
    title: text[name],
    figure: true,
    value: (row) => row[name],
    show: (row) => (row.problem || !row.rows ? "–" : show.whole(row[name])),
  });
  /** @type {import("../kit/table.js").Column<Sent>[]} */
  const columns = [
    { name: "file", title: text.file, value: ({ path }) => path },
    figure("rows"),
    figure("accepted"),
    figure("repeated"),
    figure("rejected"),
    { name: "problem", title: text.result, value: ({ problem, rejected }) => said(problem, rejected) },
  ];
  /** @type {Reason[]} */
  const reasons = sent.flatMap(({ path, reasons }) => reasons.map((reason) => ({ path, ...reason })));
  const rejected = sent.reduce((sum, { rejected }) => sum + rejected, 0);
  return html`<h3>${text.results}</h3><${Table} caption=${text.results} rows=${sent} columns=${columns} />
    ${reasons.length > 0 && html`<${Reasons} reasons=${reasons} rejected=${rejected} />`}`;
}

/** @param {Problem | null} problem @param {number} rejected */
function said(problem, rejected) {
  const text = show.words.value;
  if (!problem) return rejected ? `✕ ${text.fix.files.some}` : `✓ ${text.fix.files.sent}`;
  if (problem.code === "unreachable") return `✕ ${text.panel.unreachable}`;
  const scope = problem.scope ? ` ${text.panel.scope} ${problem.scope}` : "";
  return `✕ ${problem.title} ${problem.detail}${scope}`;
}

/** @param {{reasons: Reason[], rejected: number}} of */
function Reasons({ reasons, rejected }) {
  const text = show.words.value.fix.files;
  /** @type {import("../kit/table.js").Column<Reason>[]} */
  const columns = [
    { name: "file", title: text.file, value: ({ path }) => path },
    { name: "row", title: text.row, figure: true, value: ({ row }) => row, show: ({ row }) => show.whole(row) },
    { name: "column", title: text.column, value: ({ column }) => column ?? text.wholeRow },
    { name: "detail", title: text.reason, value: ({ detail }) => detail },
  ];
  const shown = reasons.slice(0, REASONS_SHOWN);
  return html`<h3>${text.rejectedRows(show.whole(rejected))}</h3>
    <${Table} caption=${text.rejectedRows(show.whole(rejected))} rows=${shown} columns=${columns} />
    ${reasons.length > shown.length && html`<p>${text.cut(show.whole(shown.length), show.whole(reasons.length))}</p>`}`;
}

/** The system that the others are compared with. Arrow keys change the choice at once, so a button takes it. @param {{isBusy: boolean}} of */
function Reference({ isBusy }) {
  const text = show.words.value.fix.files;
  const [chosen, choose] = useState({ before: "", code: "" });
  // The settings are read again after the comparison, which may take a while.
  const [stated, noteStated] = useState({ before: "", code: "" });
  const known = setup.value.data;
  if (!known?.systems.length) return null;
  const { settings } = known;
  const code = chosen.before === settings.reference ? chosen.code : settings.reference;
  const send = (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get("reference"));
    const present = stated.before === settings.reference ? stated.code : settings.reference;
    const prepare = async () => {
      await stateReference(settings, wanted);
      noteStated({ before: settings.reference, code: wanted });
    };
    if (!isBusy) compare(wanted === present ? undefined : prepare);
  };
  const own = { code: "stockwell", name: "Stockwell" };
  return html`<form class="reference" onSubmit=${send}>
    <p class="field"><label for="reference">${text.reference}</label>
      <select id="reference" name="reference" value=${code} aria-describedby="reference-help" onChange=${(/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) => choose({ before: settings.reference, code: event.currentTarget.value })}>
        ${[own, ...known.systems].map((system) => html`<option key=${system.code} value=${system.code} selected=${system.code === code}>${system.name}</option>`)}
      </select></p>
    <button class="button" aria-disabled=${isBusy}>${text.compare}</button>
    <small id="reference-help">${text.referenceHelp}</small>
  </form>`;
}
