// A file of products: checked first, which writes nothing, and then imported.
import { call, may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Select } from "../kit/field.js";
import { Wrong, useSending } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { Progress, follow } from "./job.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{row: number, column: string | null, detail: string}} Fault */
/** @typedef {{rows: number, created: number, updated: number, unchanged: number, refused: number, errors: Fault[], errors_total: number,
 *   corrections: {row: number, sent: string, stored: string, detail: string}[], corrections_total: number}} Result */
/** A file with what its check or its import found. `key` lets a repeat of the import write nothing twice.
 * @typedef {{file: File, locale: string, key: string, result: Result, isDone: boolean}} Told */
/** @typedef {import("./job.js").Job} Job */

const KEY_BYTES = 16;
const freshKey = () =>
  [...crypto.getRandomValues(new Uint8Array(KEY_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Sends a file. Rows that are wrong are left out. @param {File} file @param {string} locale @param {Record<string, string>} headers */
function send(file, locale, headers) {
  const query = new URLSearchParams({ mode: "partial", ...(locale ? { locale } : {}) });
  const options = { method: "POST", headers: { "content-type": "text/csv", ...headers }, body: file };
  return call(`/v1/products/import?${query}`, options);
}

/** @param {File} file @param {string} locale @returns {Promise<Result>} */
const checked = async (file, locale) => (await send(file, locale, { prefer: "dry-run" })).json();

/** Imports a file, as a job if the reader may follow it.
 * @param {Told} told @param {(job: Job) => void} report @param {AbortSignal} abort @returns {Promise<Result>} */
async function imported({ file, locale, key }, report, abort) {
  const headers = { "idempotency-key": key, ...(may("catalog:read") ? { prefer: "respond-async" } : {}) };
  const response = await send(file, locale, headers);
  const body = await response.json();
  return response.status === 202 ? follow(body, report, abort) : body;
}

/** @param {{done: () => void}} of Called after an import. */
export function Import({ done }) {
  const text = texts.value.import;
  const { isSending, problem, run } = useSending();
  const [told, tell] = useState(/** @type {Told | null} */ (null));
  const [job, note] = useState(/** @type {Job | null} */ (null));
  const [locale, setLocale] = useState("");
  /** @type {{current: HTMLElement | null}} */
  const outcome = useRef(null);
  const visit = useRef(new AbortController());
  // The job goes on, and is listed among the jobs.
  useEffect(() => () => visit.current.abort(), []);
  if (!may("catalog:write"))
    return html`<${Card} id="import" title=${text.title} scope="catalog:write" content=${() => null} />`;
  const check = async (/** @type {Event & {currentTarget: HTMLInputElement}} */ { currentTarget }) => {
    const [file] = currentTarget.files ?? [];
    // The same file may be chosen again, after it was mended.
    currentTarget.value = "";
    if (!file || isSending) return;
    tell(null);
    const key = freshKey();
    await run(async () => tell({ file, locale, key, result: await checked(file, locale), isDone: false }));
  };
  const carryOut = async (/** @type {Told} */ of) => {
    const isDone = await run(async () =>
      tell({ ...of, result: await imported(of, note, visit.current.signal), isDone: true }),
    );
    note(null);
    if (!isDone) return;
    // The button that was pressed is gone.
    outcome.current?.focus();
    done();
  };
  const locales = Object.entries(text.locales).map(([value, label]) => ({ value, label }));
  return html`<${Card} id="import" title=${text.title} help=${text.help} content=${() => html`<div class="import" aria-busy=${isSending}>
    <div class="filters">
      <${Select} name="locale" label=${text.locale} value=${locale} options=${locales} change=${setLocale} />
      <p class="buttons"><label class="button main">${text.choose}<input type="file" name="file" accept=".csv,.tsv,.txt,text/csv" aria-disabled=${isSending} onChange=${check} /></label>
        <a href="/docs/">${text.columns}</a></p>
    </div>
    <${Wrong} problem=${problem} />
    <p role="status" tabindex="-1" class=${told || isSending ? null : "hidden"} ref=${outcome}>${isSending ? `${job ? setup.value.jobs.kinds["product_import"] : show.words.value.panel.loading} …` : told && said(told)}</p>
    ${job && html`<${Progress} job=${job} />`}
    ${told && html`<${Outcome} told=${told} isSending=${isSending} carryOut=${carryOut} />`}
  </div>`} />`;
}

/** @param {Told} told */
function said({ file, result, isDone }) {
  const text = texts.value.import;
  const { rows, created, updated, unchanged, refused } = result;
  const counts = [rows, created, updated, unchanged, refused].map((count) => show.whole(count));
  return (isDone ? text.done : text.checked)(
    file.name,
    /** @type {[string, string, string, string, string]} */ (counts),
  );
}

/** @param {{told: Told, isSending: boolean, carryOut: (told: Told) => void}} of */
function Outcome({ told, isSending, carryOut }) {
  const text = texts.value.import;
  const { result, isDone } = told;
  const valid = result.created + result.updated;
  return html`<${Faults} result=${result} />
    ${
      !isDone &&
      (valid > 0
        ? html`<p class="buttons"><button type="button" class="button main" aria-disabled=${isSending} onClick=${() => carryOut(told)}>${result.refused ? text.valid(show.whole(valid)) : text.all(show.whole(valid))}</button></p>`
        : html`<p>${text.nothing}</p>`)
    }`;
}

/** Rows that are wrong, and those that were corrected. @param {{result: Result}} of */
export function Faults({ result }) {
  const text = texts.value.import;
  /** @type {import("../kit/table.js").Column<Fault>[]} */
  const columns = [
    { name: "row", title: text.row, value: ({ row }) => row, show: ({ row }) => show.whole(row) },
    {
      name: "column",
      title: text.column,
      value: ({ column }) => column,
      show: ({ column }) => (column ? html`<code>${column}</code>` : "–"),
    },
    {
      name: "why",
      title: text.why,
      value: ({ detail }) => detail,
      show: ({ detail }) => html`<span class="wrap" lang="en">${detail}</span>`,
    },
  ];
  return html`${result.errors.length > 0 && html`<${Table} caption=${text.faults} rows=${result.errors} columns=${columns} />`}
    ${result.errors_total > result.errors.length && html`<p>${text.cut(show.whole(result.errors.length), show.whole(result.errors_total))}</p>`}
    ${
      result.corrections.length > 0 &&
      html`<ul class="plain">${result.corrections.map((one) => html`<li>${text.corrected(show.whole(one.row), one.sent, one.stored)}</li>`)}</ul>`
    }`;
}
