// Exports: which files were dropped, what each of them is, and what became of their rows.
import { may, me, problemOf } from "../kit/api.js";
import { askAgain } from "../kit/ask.js";
import { Drop } from "../kit/drop.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { effect, html, signal } from "../vendor/ui.js";
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
const systems = () => (setup.value.data?.systems ?? []).map(({ code }) => code);

/** @param {import("../kit/drop.js").Dropped[]} dropped */
async function take(dropped) {
  if (!dropped.length) return;
  note({ ...BLANK, busy: "reading" });
  try {
    const { plan } = tools ?? (await load());
    note({ ...(await plan(dropped, systems())), busy: "" });
  } catch (error) {
    const { badManifest, unreadable } = show.words.value.fix.files;
    note({ ...BLANK, wrong: tools && error instanceof tools.BadManifest ? badManifest(error.message) : unreadable });
  }
}

async function send() {
  const ready = state.value.items.filter(({ state }) => state === "ready");
  note({ sent: [], busy: "sending", problem: null, isCompared: false });
  const visitor = me.value;
  const { sendFile } = tools ?? (await load());
  for (const item of ready) {
    const sent = await sendFile(item, zone.value);
    if (me.value !== visitor) return;
    note({ sent: [...state.value.sent, sent] });
  }
  if (state.value.sent.some(({ problem }) => !problem)) await compare();
  else note({ busy: "" });
  askAgain();
}

async function compare() {
  note({ busy: "comparing", problem: null, isCompared: false });
  try {
    await makeRun();
    note({ busy: "", isCompared: true });
    askAgain();
  } catch (error) {
    if (me.value) note({ busy: "", problem: problemOf(error) });
  }
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
  return html`<section class="panel" aria-labelledby="files" aria-busy=${busy !== ""}>
    <header><h2 id="files">${text.title}</h2><p>${text.help}</p></header>
    <div class="body files">
      <${Drop} label=${text.drop} files=${text.choose} folder=${text.folder} isDisabled=${busy !== ""} take=${take} />
      ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
      ${missing.length > 0 && html`<p class="wrong" role="alert">${text.missing(missing.join(", "))}</p>`}
      ${items.length > 0 && html`<${List} items=${items} />`}
      ${asks.map((item) => html`<${Columns} key=${item.path} item=${item} />`)}
      ${
        ready.length > 0 &&
        html`<form class="send" onSubmit=${(/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          send();
        }}>
        <p class="field"><label for="zone">${text.zone}</label><input id="zone" value=${zone.value} required onInput=${(/** @type {InputEvent & {currentTarget: HTMLInputElement}} */ event) => (zone.value = event.currentTarget.value)} /></p>
        <button class="button main" disabled=${busy !== "" || asks.length > 0}>${isSent ? text.again : text.send(show.whole(ready.length))}</button>
        ${asks.length > 0 && html`<span>${text.first}</span>`}
      </form>`
      }
      <p class="progress" role="status">${progress(ready.length)}</p>
      ${busy === "sending" && html`<progress max=${ready.length} value=${sent.length} aria-label=${text.sending}></progress>`}
      ${
        problem &&
        html`<div class="failed" role="alert"><p><strong>${text.notCompared}</strong> ${problem.title} ${problem.detail}</p>
        <p><button type="button" class="button" onClick=${compare}>${show.words.value.panel.again}</button></p></div>`
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
  const done = (/** @type {import("./mapping.js").Mapping} */ mapping) => replace(item, mapped(item, mapping));
  const leave = () => replace(item, { ...item, state: "left", why: "unknown" });
  return html`<${ByHand} item=${item} systems=${systems()} done=${done} leave=${leave} />`;
}

/** @param {Item} item @param {Item} by */
const replace = (item, by) => note({ items: state.value.items.map((each) => (each === item ? by : each)) });

/** @param {number} files */
function progress(files) {
  const text = show.words.value.fix.files;
  const { busy, sent, isCompared } = state.value;
  if (busy === "sending") return text.progress(show.whole(Math.min(files, sent.length + 1)), show.whole(files));
  if (busy) return text[busy];
  return isCompared ? text.compared : "";
}

/** @param {{items: Item[]}} of */
function List({ items }) {
  const text = show.words.value.fix.files;
  return html`<ul class="list" aria-label=${text.list}>
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
  return html`<h3 id="rejected">${text.rejectedRows(show.whole(rejected))}</h3>
    <${Table} caption=${text.rejectedRows(show.whole(rejected))} rows=${shown} columns=${columns} />
    ${reasons.length > shown.length && html`<p>${text.cut(show.whole(shown.length), show.whole(reasons.length))}</p>`}`;
}

/** The system that the others are compared with. @param {{isBusy: boolean}} of */
function Reference({ isBusy }) {
  const text = show.words.value.fix.files;
  const known = setup.value.data;
  if (!known?.systems.length) return null;
  const { settings } = known;
  const choose = async (/** @type {Event & {currentTarget: HTMLSelectElement}} */ { currentTarget }) => {
    note({ busy: "comparing", problem: null, isCompared: false });
    try {
      await stateReference(settings, currentTarget.value);
      await compare();
    } catch (error) {
      if (me.value) note({ busy: "", problem: problemOf(error) });
    }
    askAgain();
  };
  const own = { code: "stockwell", name: "Stockwell" };
  return html`<p class="field reference"><label for="reference">${text.reference}</label>
    <select id="reference" value=${settings.reference} disabled=${isBusy} onChange=${choose}>
      ${[own, ...known.systems].map(({ code, name }) => html`<option key=${code} value=${code} selected=${code === settings.reference}>${name}</option>`)}
    </select> <small>${text.referenceHelp}</small></p>`;
}
