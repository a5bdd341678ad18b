// Exchange rates: a list, a new one, and a file of them. A rate never changes: another one of the same day corrects it.
import { call, change, may, me } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { More, focusCard, listing } from "./listing.js";
import { filter, place, queryOf } from "./place.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, currency: string, valid_from: string, rate: string, source: string | null, created_at: string}} Rate */

/** @type {ReturnType<typeof listing<Rate>>} */
const rates = listing("rates", "ledger:read", () => {
  const { currency = "", on = "" } = place.value;
  const query = queryOf({ currency: currency.toUpperCase(), on });
  return `/v1/exchange-rates?limit=50${query && `&${query}`}`;
});
const FIELDS = /** @type {const} */ (["currency", "valid_from", "rate", "source"]);

export function View() {
  const text = setup.value.rates;
  const [open, setOpen] = useState(/** @type {{of: Rate | null} | null} */ (null));
  const now = place.value;
  const answer = rates.answer.value;
  const rows = answer.data?.rows ?? [];
  const again = () => rates.answer.value.again();
  const done = () => {
    again();
    focusCard("rates");
  };
  const mayWrite = may("ledger:write");
  const actions = html`${
    mayWrite
      ? html`<${Import} create=${() => setOpen({ of: null })} done=${again} />`
      : html`<p class="note">${texts.value.needs} <code>ledger:write</code></p>`
  }
    <form class="filters" key=${queryOf(now)} onSubmit=${filter("rates", again)}>
      <${Field} name="currency" label=${text.currency} value=${now["currency"]} required=${false} />
      <${Field} name="on" type="date" label=${text.on} value=${now["on"]} required=${false} />
      <p class="buttons"><button class="button">${texts.value.search}</button></p></form>`;
  return html`<${Card} id="rates" title=${text.title} help=${text.help} scope="ledger:read" answer=${answer} isEmpty=${!rows.length}
      empty=${now["currency"] || now["on"] ? text.none : text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(mayWrite, setOpen)} /><${More} of=${rates} />`} />
    ${open && html`<${Form} of=${open.of} close=${() => setOpen(null)} done=${done} />`}`;
}

/** @param {boolean} mayWrite @param {(open: {of: Rate}) => void} open @returns {import("../kit/table.js").Column<Rate>[]} */
function columns(mayWrite, open) {
  const text = setup.value.rates;
  return [
    { name: "currency", title: text.currency, value: ({ currency }) => currency },
    { name: "from", title: text.from, value: (row) => row.valid_from, show: (row) => show.day(row.valid_from) },
    {
      name: "rate",
      title: text.rate,
      figure: true,
      value: ({ rate }) => Number(rate),
      show: ({ rate }) => show.quantity(rate),
    },
    { name: "source", title: text.source, value: ({ source }) => source, show: ({ source }) => source ?? "–" },
    {
      name: "recorded",
      title: text.recorded,
      value: (row) => row.created_at,
      show: (row) => show.moment(row.created_at),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (row) =>
        mayWrite &&
        html`<button type="button" class="quiet" onClick=${() => open({ of: row })}>${text.correct}<span class="hidden">: ${row.currency}, ${show.day(row.valid_from)}</span></button>`,
    },
  ];
}

/** The buttons for a new rate and for a file of rates, and what became of the file. @param {{create: () => void, done: () => void}} of */
function Import({ create, done }) {
  const text = setup.value.rates;
  const { isSending, problem, run } = useSending();
  const [said, say] = useState("");
  const send = async (/** @type {Event & {currentTarget: HTMLInputElement}} */ { currentTarget }) => {
    const [file] = currentTarget.files ?? [];
    // The same file may be chosen again, after it was mended.
    currentTarget.value = "";
    if (!file || isSending) return;
    say("");
    await run(async () => {
      const headers = { "content-type": "text/csv" };
      const response = await call("/v1/exchange-rates/import", { method: "POST", headers, body: file });
      const { added, unchanged } = await response.json();
      say(text.imported(show.whole(added), show.whole(unchanged)));
      done();
    });
  };
  return html`<p class="buttons"><button type="button" class="button main" onClick=${create}>${text.create}</button>
      <label class="button">${text.import}<input type="file" name="file" accept=".csv,.tsv,.txt,text/csv" aria-disabled=${isSending} onChange=${send} /></label>
      <span class="note">${text.columns}</span></p>
    <p role="status" class=${said || isSending ? null : "hidden"}>${isSending ? `${show.words.value.panel.loading} …` : said}</p>
    <${Wrong} problem=${problem} />
    ${problem?.fields && problem.fields.length > 0 && html`<${Faults} faults=${problem.fields} />`}`;
}

/** @typedef {{pointer: string, detail: string}} Fault */
/** @param {{faults: Fault[]}} of */
function Faults({ faults }) {
  const text = setup.value.rates;
  /** @type {import("../kit/table.js").Column<Fault>[]} */
  const shown = [
    {
      name: "at",
      title: text.at,
      value: ({ pointer }) => pointer,
      show: ({ pointer }) => html`<code>${pointer}</code>`,
    },
    {
      name: "why",
      title: text.why,
      value: ({ detail }) => detail,
      show: ({ detail }) => html`<span class="wrap" lang="en">${detail}</span>`,
    },
  ];
  return html`<${Table} caption=${text.faults} rows=${faults} columns=${shown} />`;
}

/** The form of a rate. `of`: the one that it corrects. @param {{of: Rate | null, close: () => void, done: () => void}} props */
function Form({ of, close, done }) {
  const text = setup.value.rates;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = FIELDS.map((name) => [name, String(form.get(`rate-${name}`) ?? "").trim()]);
    const body = Object.fromEntries(given.filter(([, value]) => value));
    if (!(await run(() => change("POST", "/v1/exchange-rates", body)))) return;
    close();
    done();
  };
  return html`<${Dialog} title=${of ? text.correctTitle : text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="rate-currency" label=${text.currency} value=${of?.currency} help=${text.currencyHelp} wrong=${wrongAt(problem, "currency")} />
      <${Field} name="rate-valid_from" type="date" label=${text.from} value=${of?.valid_from ?? show.today()} wrong=${wrongAt(problem, "valid_from")} />
      <${Field} name="rate-rate" inputmode="decimal" label=${text.rate} value=${of?.rate} help=${text.rateHelp(me.value?.tenant.currency ?? "")} wrong=${wrongAt(problem, "rate")} />
      <${Field} name="rate-source" required=${false} label=${text.source} value=${of?.source ?? ""} help=${text.sourceHelp} wrong=${wrongAt(problem, "source")} />
    </div>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${of ? text.correct : text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}
