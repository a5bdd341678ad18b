// The form of a new rule of a price list.
import { change } from "../kit/api.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import { html, useState } from "../vendor/ui.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @param {{list: string, categories: {id: string, name: string}[], close: () => void, done: () => void}} of */
export function RuleForm({ list, categories, close, done }) {
  const text = setup.value.rules;
  const { isSending, problem, run } = useSending();
  const [scope, setScope] = useState("product");
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const body = bodyOf(new FormData(event.currentTarget));
    if (!(await run(() => change("POST", `/v1/price-lists/${list}/rules`, body)))) return;
    close();
    done();
  };
  const named = (/** @type {Record<string, string>} */ labels) =>
    Object.entries(labels).map(([value, label]) => ({ value, label }));
  const options = categories.map(({ id, name }) => ({ value: id, label: name }));
  return html`<${Dialog} title=${text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Select} name="rule-scope" label=${text.scope} value=${scope} options=${named(text.scopes)} change=${setScope} wrong=${wrongAt(problem, "scope")} />
      ${scope === "product" && html`<${Field} name="rule-sku" label=${text.sku} wrong=${wrongAt(problem, "sku") || wrongAt(problem, "product_id")} />`}
      ${scope === "category" && html`<${Select} name="rule-category_id" label=${text.category} help=${options.length ? "" : text.noCategory} options=${options} wrong=${wrongAt(problem, "category_id")} />`}
      <${Select} name="rule-method" label=${text.method} value="fixed" options=${named(text.methods)} wrong=${wrongAt(problem, "method")} />
      <${Field} name="rule-value" inputmode="decimal" label=${text.value} help=${text.valueHelp} wrong=${wrongAt(problem, "value")} />
      <${Field} name="rule-min_quantity" inputmode="decimal" required=${false} label=${text.quantity} help=${text.quantityHelp} wrong=${wrongAt(problem, "min_quantity")} />
      <${Field} name="rule-valid_from" type="date" required=${false} label=${text.from} help=${text.dayHelp} wrong=${wrongAt(problem, "valid_from")} />
      <${Field} name="rule-valid_until" type="date" required=${false} label=${text.through} help=${text.dayHelp} wrong=${wrongAt(problem, "valid_until")} />
    </div>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}

/** The members that are filled in. @param {FormData} form */
const bodyOf = (form) =>
  Object.fromEntries(
    [...form].map(([name, value]) => [name.replace("rule-", ""), String(value).trim()]).filter(([, value]) => value),
  );
