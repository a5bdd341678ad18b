// Settings of the business: those that a reader changes now and then.
import { change, may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Card } from "../kit/card.js";
import { Field } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import { html, useState } from "../vendor/ui.js";
import { place } from "./place.js";
import { texts } from "./texts.js";

/** @typedef {{name: string, tax_number: string | null, logo_url: string | null, time_zone: string, currency: string, country: string,
 *   prices_include_tax: boolean, hold_unpaid: boolean, log_rejected_bodies?: boolean, version: number}} Settings */

const PATH = "/v1/settings";
const CHOICES = /** @type {const} */ (["hold_unpaid", "log_rejected_bodies"]);
const FIELDS = /** @type {const} */ (["name", "tax_number", "logo_url", "country"]);

const settings = ask(
  () => (place.value.view === "settings" && may("ledger:read") ? { paths: [PATH] } : null),
  (/** @type {Settings[]} */ [found]) => found ?? null,
  0,
);

export function View() {
  const text = texts.value.settings;
  const answer = settings.value;
  const found = answer.data;
  return html`<${Card} id="settings" title=${text.title} help=${text.help} scope="ledger:read" answer=${answer} failed=${texts.value.list.failed} paths=${[PATH]}
      content=${() => found && html`<${Form} of=${found} />`} />
    <${Card} id="fixed" title=${text.fixedTitle} help=${text.fixedHelp} scope="ledger:read" answer=${answer} failed=${texts.value.list.failed}
      content=${() =>
        found &&
        html`<dl class="facts">
          <div><dt>${text.currency}</dt><dd>${found.currency}</dd></div>
          <div><dt>${text.zone}</dt><dd>${found.time_zone}</dd></div>
          <div><dt>${text.prices}</dt><dd>${found.prices_include_tax ? text.withTax : text.withoutTax}</dd></div>
        </dl>`} />`;
}

/** @param {{of: Settings}} props */
function Form({ of }) {
  const text = texts.value.settings;
  const { isSending, problem, run } = useSending();
  const [isSaved, note] = useState(false);
  // The last save returned them. They are read again after it.
  const [saved, keep] = useState(of);
  const known = saved.version > of.version ? saved : of;
  const mayWrite = may("settings:write");
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const body = changesOf(new FormData(event.currentTarget), known);
    note(false);
    const save = async () => {
      if (Object.keys(body).length) keep(await change("PATCH", PATH, body, known.version));
    };
    if (!(await run(save))) return;
    note(true);
    settings.value.again();
  };
  return html`<form class="import" onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      ${FIELDS.map((name) => html`<${Field} key=${name} name=${name} label=${text.fields[name]} value=${known[name] ?? ""} required=${name === "name" || name === "country"} wrong=${wrongAt(problem, name)} />`)}
    </div>
    <fieldset class="scopes"><legend class="hidden">${text.choices}</legend>
      ${CHOICES.map((name) => html`<label class="check" key=${name}><input type="checkbox" name=${name} defaultChecked=${known[name]} /><span>${text[name]}</span></label>`)}
    </fieldset>
    <${Wrong} problem=${problem} />
    ${
      mayWrite
        ? html`<p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.save}</button><span role="status">${isSaved && text.saved}</span></p>`
        : html`<p class="note">${texts.value.needs} <code>settings:write</code></p>`
    }
  </form>`;
}

/** The members that the reader changed. An empty text removes a value. @param {FormData} form @param {Settings} of */
function changesOf(form, of) {
  /** @type {Record<string, string | boolean | null>} */
  const body = {};
  for (const name of FIELDS) {
    const given = String(form.get(name) ?? "").trim();
    if (given !== (of[name] ?? "")) body[name] = given || null;
  }
  for (const name of CHOICES) if (form.has(name) !== Boolean(of[name])) body[name] = form.has(name);
  return body;
}
