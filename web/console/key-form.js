// The form of a new API key.
import { change, may, me } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { html, useState } from "../vendor/ui.js";
import { place } from "./place.js";
import { Secret } from "./secret.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, scopes: string[], grantable: boolean}} Role */

const inKeys = () => place.value.view === "keys";
const roles = ask(
  () => (inKeys() && may("users:read") ? { paths: ["/v1/roles"] } : null),
  (/** @type {{data: Role[]}[]} */ [list]) => list?.data ?? [],
  0,
);
const locations = ask(
  () => (inKeys() && may("stock:read") ? { paths: ["/v1/locations?limit=200"] } : null),
  (/** @type {{data: {id: string, name: string}[]}[]} */ [list]) => list?.data ?? [],
  0,
);

const BOUNDS = ["expires_at", "amount_max", "discount_max", "ip_allowlist", "channels", "locations"];
/** What a page of anyone may read. */
const PUBLISHABLE = ["catalog:read", "prices:read", "stock:read"];

/** @param {{close: () => void, made: () => void}} of */
export function NewKey({ close, made }) {
  const text = texts.value.keys;
  const { isSending, problem, run } = useSending();
  const [secret, reveal] = useState("");
  const [kind, setKind] = useState("sk");
  const [chosen, choose] = useState(/** @type {string[]} */ ([]));
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const body = bodyOf(new FormData(event.currentTarget), chosen);
    await run(async () => reveal((await change("POST", "/v1/api-keys", body)).secret));
  };
  const end = () => {
    close();
    if (secret) made();
  };
  if (secret)
    return html`<${Dialog} title=${text.made} close=${end}><${Secret} label=${text.secret} value=${secret} warning=${text.once} close=${end} /><//>`;
  const wrong = (/** @type {string} */ member) => wrongAt(problem, member);
  return html`<${Dialog} title=${text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="name" label=${text.name} help=${text.nameHelp} wrong=${wrong("name")} />
      <${Select} name="kind" label=${text.kind} value=${kind} wrong=${wrong("kind")} options=${pairs(text.kindsLong)}
        change=${(/** @type {string} */ to) => {
          setKind(to);
          choose(to === "pk" ? PUBLISHABLE : []);
        }} />
      <${Select} name="mode" label=${text.mode} value="live" wrong=${wrong("mode")} options=${pairs(text.modes)} />
    </div>
    <${Scopes} isPublishable=${kind === "pk"} chosen=${chosen} choose=${choose} wrong=${wrong("scopes")} />
    ${kind === "pk" && html`<${Field} name="origins" label=${text.origins} help=${text.originsHelp} wrong=${wrong("origins")} />`}
    <details open=${BOUNDS.some(wrong) || null}><summary>${text.boundsTitle}</summary><${Bounds} wrong=${wrong} /></details>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}

/** @param {Record<string, string>} of */
const pairs = (of) => Object.entries(of).map(([value, label]) => ({ value, label }));

/** @param {{isPublishable: boolean, chosen: string[], choose: (scopes: string[]) => void, wrong: string}} of */
function Scopes({ isPublishable, chosen, choose, wrong }) {
  const text = texts.value.keys;
  const own = me.value?.scopes ?? [];
  const offered = isPublishable ? PUBLISHABLE.filter((scope) => own.includes(scope)) : own;
  const byRole = [{ value: "", label: text.byHand }].concat(
    (roles.value.data ?? [])
      .filter(({ grantable }) => grantable)
      .map(({ id }) => ({ value: id, label: texts.value.roles[id] ?? id })),
  );
  const take = (/** @type {string} */ role) => {
    const scopes = roles.value.data?.find(({ id }) => id === role)?.scopes ?? [];
    choose(offered.filter((scope) => scopes.includes(scope)));
  };
  const toggle = (/** @type {string} */ scope) =>
    choose(chosen.includes(scope) ? chosen.filter((one) => one !== scope) : [...chosen, scope]);
  return html`<fieldset class="scopes" aria-describedby="scopes-help">
    <legend>${text.scopes}</legend>
    <small id="scopes-help">${text.scopesHelp}</small>
    ${!isPublishable && byRole.length > 1 && html`<${Select} name="role" label=${text.role} options=${byRole} change=${take} />`}
    ${wrong && html`<p class="wrong">${wrong}</p>`}
    <div class="checks">${offered.map(
      (scope) =>
        html`<label key=${scope}><input type="checkbox" name="scope" value=${scope} checked=${chosen.includes(scope)} onChange=${() => toggle(scope)} /><code>${scope}</code></label>`,
    )}</div>
  </fieldset>`;
}

/** @param {{wrong: (member: string) => string}} of */
function Bounds({ wrong }) {
  const text = texts.value.keys;
  const { channel } = show.words.value;
  const all = locations.value.data ?? [];
  const check = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ label) =>
    html`<label key=${value}><input type="checkbox" name=${name} value=${value} /><span>${label}</span></label>`;
  return html`<p class="note">${text.boundsHelp}</p>
    <div class="fields">
      <${Field} name="expires_at" label=${text.expires} type="datetime-local" required=${false} help=${text.expiresHelp} wrong=${wrong("expires_at")} />
      <${Field} name="amount_max" label=${text.amount} required=${false} inputmode="decimal" wrong=${wrong("amount_max")} />
      <${Field} name="discount_max" label=${text.discount} required=${false} inputmode="decimal" wrong=${wrong("discount_max")} />
      <${Field} name="ip_allowlist" label=${text.networks} required=${false} help=${text.networksHelp} wrong=${wrong("ip_allowlist")} />
    </div>
    <fieldset class="scopes"><legend>${text.channels}</legend>
      ${wrong("channels") && html`<p class="wrong">${wrong("channels")}</p>`}
      <div class="checks">${["wholesale", "retail"].map((name) => check("channels", name, channel[name] ?? name))}</div></fieldset>
    ${
      all.length > 0 &&
      html`<fieldset class="scopes"><legend>${text.locations}</legend>
        ${wrong("locations") && html`<p class="wrong">${wrong("locations")}</p>`}
        <div class="checks">${all.map(({ id, name }) => check("locations", id, name))}</div></fieldset>`
    }`;
}

/** The body of the request: bounds that were left empty are not stated. @param {FormData} form @param {string[]} scopes */
function bodyOf(form, scopes) {
  const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
  const parts = (/** @type {string} */ name) =>
    text(name)
      .split(/[\s,]+/)
      .filter(Boolean);
  const some = (/** @type {string} */ name) => (form.getAll(name).length ? form.getAll(name) : undefined);
  return {
    name: text("name"),
    kind: text("kind"),
    mode: text("mode"),
    scopes,
    origins: text("kind") === "pk" ? parts("origins") : undefined,
    expires_at: text("expires_at") ? new Date(text("expires_at")).toISOString() : undefined,
    amount_max: text("amount_max") || undefined,
    discount_max: text("discount_max") || undefined,
    ip_allowlist: parts("ip_allowlist"),
    channels: some("channels"),
    locations: some("locations"),
  };
}
