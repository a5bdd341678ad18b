// The form of a custom role: the scopes of its base, of which the reader takes some away.
import { change } from "../kit/api.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import { html, useState } from "../vendor/ui.js";
import { grantable, roleName, roles } from "./roles.js";
import { SecondCode, codeOf } from "./second-code.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {import("./roles.js").CustomRole} CustomRole */

/** An owner has every scope, so no custom role has that base. */
export const bases = () => grantable().filter((id) => id !== "owner");

/** @param {string} base */
const scopesOf = (base) => roles.value.data?.find(({ id }) => id === base)?.scopes ?? [];

/** A new role without `of`. @param {{of: CustomRole | null, close: () => void, done: () => void}} props */
export function RoleForm({ of, close, done }) {
  const text = setup.value.custom;
  const { isSending, problem, run } = useSending();
  const [base, setBase] = useState(of?.base ?? bases()[0] ?? "");
  const [chosen, choose] = useState(of?.scopes ?? scopesOf(base));
  const take = (/** @type {string} */ id) => {
    setBase(id);
    choose(scopesOf(id));
  };
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { name: String(form.get("custom-name") ?? "").trim(), scopes: chosen };
    const sent = () =>
      of
        ? change("PATCH", `/v1/custom-roles/${of.id}`, { ...body, ...codeOf(form) }, of.version)
        : change("POST", "/v1/custom-roles", { ...body, base });
    if (!(await run(sent))) return;
    close();
    done();
  };
  const options = bases().map((id) => ({ value: id, label: roleName(id) }));
  return html`<${Dialog} title=${of ? text.titles.change(of.name) : text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="custom-name" label=${text.name} value=${of?.name} help=${text.nameHelp} wrong=${wrongAt(problem, "name")} />
      ${!of && html`<${Select} name="custom-base" label=${text.base} value=${base} options=${options} change=${take} help=${text.baseHelp} wrong=${wrongAt(problem, "base")} />`}
    </div>
    <${Scopes} offered=${scopesOf(base)} chosen=${chosen} choose=${choose} wrong=${wrongAt(problem, "scopes")} />
    <${SecondCode} problem=${problem} />
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${of ? text.save : text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}

/** @param {{offered: string[], chosen: string[], choose: (scopes: string[]) => void, wrong: string}} of */
function Scopes({ offered, chosen, choose, wrong }) {
  const text = setup.value.custom;
  const toggle = (/** @type {string} */ scope) =>
    choose(offered.filter((one) => (one === scope ? !chosen.includes(one) : chosen.includes(one))));
  return html`<fieldset class="scopes" aria-describedby="custom-scopes-help">
    <legend>${text.scopes}</legend>
    <small id="custom-scopes-help">${text.scopesHelp}</small>
    ${wrong && html`<p class="wrong">${wrong}</p>`}
    <p class="ways"><button type="button" class="quiet" onClick=${() => choose(offered)}>${text.all}</button>
      <button type="button" class="quiet" onClick=${() => choose([])}>${text.none}</button></p>
    <div class="checks">${offered.map(
      (scope) =>
        html`<label key=${scope}><input type="checkbox" name="custom-scope" value=${scope} checked=${chosen.includes(scope)} onChange=${() => toggle(scope)} /><code>${scope}</code></label>`,
    )}</div>
  </fieldset>`;
}
