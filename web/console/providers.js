// Providers of sign-ins: who may say who a person is, and a link that tries one.
import { change, may, me } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import { Copy } from "../kit/panel.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { Confirm } from "./confirm.js";
import { More, focusCard, listing } from "./listing.js";
import { RoleSelect } from "./provider-role.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, name: string, issuer: string, client_id: string, redirect_url: string, email_domains: string[], role: string | null,
 *   asks_second_factor: boolean, admits_owners: boolean, enabled: boolean, version: number}} Provider */
/** @typedef {"enable" | "disable" | "remove"} Act */
/** `of` is null for a new provider. @typedef {{what: "edit", of: Provider | null} | {what: Act, of: Provider}} Open */

/** @type {ReturnType<typeof listing<Provider>>} */
const providers = listing("providers", "users:read", () => "/v1/identity-providers?limit=50");
/** The members of the form that are texts. */
const FIELDS = /** @type {const} */ (["name", "issuer", "client_id", "redirect_url"]);

export function View() {
  const text = setup.value.providers;
  const [open, setOpen] = useState(/** @type {Open | null} */ (null));
  const answer = providers.answer.value;
  const rows = answer.data?.rows ?? [];
  const mayWrite = may("users:write");
  const close = () => setOpen(null);
  const done = () => {
    answer.again();
    focusCard("providers");
  };
  const actions = mayWrite
    ? html`<button type="button" class="button main" onClick=${() => setOpen({ what: "edit", of: null })}>${text.create}</button>`
    : html`<p class="note">${texts.value.needs} <code>users:write</code></p>`;
  return html`<${Card} id="providers" title=${text.title} help=${text.help} scope="users:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(mayWrite, setOpen)} /><${More} of=${providers} /><${Address} />`} />
    ${open?.what === "edit" && html`<${Form} of=${open.of} close=${close} done=${done} />`}
    ${open && open.what !== "edit" && html`<${Ask} what=${open.what} of=${open.of} close=${close} done=${done} />`}`;
}

/** The address of the page with a button for each enabled provider. */
function Address() {
  const text = setup.value.providers;
  const address = `${location.origin}/console?${new URLSearchParams({ tenant: me.value?.tenant.slug ?? "" })}`;
  return html`<p class="more">${text.link}</p>
    <p class="secret"><code>${address}</code><${Copy} label=${text.copy} of=${text.title} text=${() => address} /></p>`;
}

/** The path that begins a sign-in, which leads back to this page. @param {Provider} of */
const startOf = ({ id }) =>
  `/v1/auth/oidc/${encodeURIComponent(me.value?.tenant.slug ?? "")}/${encodeURIComponent(id)}/start?page=/console`;

/** @param {boolean} mayWrite @param {(open: Open) => void} open @returns {import("../kit/table.js").Column<Provider>[]} */
function columns(mayWrite, open) {
  const text = setup.value.providers;
  const button = (/** @type {Open} */ opened, /** @type {string} */ label, /** @type {Provider} */ of) =>
    html`<button type="button" class="quiet" onClick=${() => open(opened)}>${label}<span class="hidden">: ${of.name}</span></button>`;
  return [
    { name: "name", title: text.fields.name, value: ({ name }) => name },
    {
      name: "status",
      title: text.status,
      value: ({ enabled }) => (enabled ? text.states.on : text.states.off),
    },
    {
      name: "issuer",
      title: text.fields.issuer,
      value: ({ issuer }) => issuer,
      show: ({ issuer }) => html`<span class="path">${issuer}</span>`,
    },
    {
      name: "domains",
      title: text.fields.email_domains,
      value: ({ email_domains }) => email_domains.join(", "),
      show: ({ email_domains }) => html`<span class="path">${email_domains.join(", ")}</span>`,
    },
    { name: "role", title: text.role, value: ({ role }) => (role ? (texts.value.roles[role] ?? role) : text.rejected) },
    {
      name: "owners",
      title: text.owners,
      value: ({ admits_owners }) => (admits_owners ? text.ownersMay : text.ownersMayNot),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (of) => html`<span class="ways">
        ${of.enabled && html`<a href=${startOf(of)} target="_blank" rel="noopener">${text.test}<span class="hidden">: ${of.name}, ${text.tab}</span></a>`}
        ${mayWrite && html`${button({ what: "edit", of }, text.change, of)} ${of.enabled ? button({ what: "disable", of }, text.acts.disable, of) : button({ what: "enable", of }, text.acts.enable, of)} ${button({ what: "remove", of }, text.acts.remove, of)}`}</span>`,
    },
  ];
}

/** @param {{what: Act, of: Provider, close: () => void, done: () => void}} props */
function Ask({ what, of, close, done }) {
  const text = setup.value.providers;
  const path = `/v1/identity-providers/${of.id}`;
  const act = () =>
    what === "remove"
      ? change("DELETE", path, undefined, of.version)
      : change("PATCH", path, { enabled: what === "enable" }, of.version);
  return html`<${Confirm} title=${text.titles[what](of.name)} said=${text.said[what]} verb=${text.acts[what]} act=${act} close=${close} done=${done} />`;
}

/** The form of a provider: a new one, or one that is there. @param {{of: Provider | null, close: () => void, done: () => void}} props */
function Form({ of, close, done }) {
  const text = setup.value.providers;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const body = bodyOf(new FormData(event.currentTarget));
    const isSent = await run(() => {
      if (!of) return change("POST", "/v1/identity-providers", body);
      return change("PATCH", `/v1/identity-providers/${of.id}`, body, of.version);
    });
    if (!isSent) return;
    close();
    done();
  };
  const shown = { redirect_url: `${location.origin}/v1/auth/oidc/callback`, ...of };
  const field = (/** @type {typeof FIELDS[number]} */ name) =>
    html`<${Field} name=${`provider-${name}`} label=${text.fields[name]} value=${shown[name] ?? ""} help=${text.helps[name]} wrong=${wrongAt(problem, name)} />`;
  return html`<${Dialog} title=${of ? text.changeTitle(of.name) : text.create} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      ${field("name")}${field("issuer")}${field("client_id")}
      <${Field} name="provider-client_secret" type="password" autocomplete="new-password" label=${text.fields.client_secret} required=${!of}
        help=${of ? text.secretStays : text.helps.client_secret} wrong=${wrongAt(problem, "client_secret")} />
      ${field("redirect_url")}
      <${Field} name="provider-email_domains" label=${text.fields.email_domains} value=${of?.email_domains.join(", ") ?? ""} help=${text.helps.email_domains} wrong=${wrongAt(problem, "email_domains")} />
      <${RoleSelect} value=${of?.role ?? ""} wrong=${wrongAt(problem, "role")} />
    </div>
    <label class="check"><input type="checkbox" name="provider-second" defaultChecked=${of?.asks_second_factor} /><span>${text.second}</span></label>
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${of ? text.save : text.make}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}

/** The members of a provider as the form states them. A secret that is left empty is not sent. @param {FormData} form */
function bodyOf(form) {
  const given = (/** @type {string} */ name) => String(form.get(`provider-${name}`) ?? "").trim();
  const secret = given("client_secret");
  const domains = given("email_domains").split(",");
  return {
    ...Object.fromEntries(FIELDS.map((name) => [name, given(name)])),
    ...(secret ? { client_secret: secret } : {}),
    email_domains: domains.map((domain) => domain.trim()).filter(Boolean),
    role: given("role") || null,
    asks_second_factor: form.has("provider-second"),
  };
}
