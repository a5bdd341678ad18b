// API keys: what there is, a new one, another secret for one, and the end of one.
import { change, may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Select } from "../kit/field.js";
import { Wrong, useSending } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { Confirm } from "./confirm.js";
import { NewKey } from "./key-form.js";
import { History, More, focusCard, listing } from "./listing.js";
import { Link } from "./place.js";
import { Secret } from "./secret.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, name: string, kind: "sk" | "pk", mode: string, prefix: string, last4: string, scopes: string[], ip_allowlist: string[],
 *   locations: string[] | null, channels: string[] | null, amount_max: string | null, discount_max: string | null, origins: string[],
 *   expires_at: string | null, revoked_at: string | null, rotated_to: string | null, last_used_at: string | null, created_at: string}} Key */

/** @type {ReturnType<typeof listing<Key>>} */
const keys = listing("keys", "api_keys:read", () => "/v1/api-keys?limit=50");

/** @param {Key} key */
export function stateOf({ revoked_at, rotated_to, expires_at }) {
  if (revoked_at) return rotated_to ? "replaced" : "revoked";
  if (!expires_at) return "works";
  if (new Date(expires_at) <= new Date()) return rotated_to ? "replaced" : "expired";
  return "works";
}

/** @param {Key} key */
const begin = ({ prefix, last4 }) => `${prefix}…${last4}`;

export function View() {
  const text = texts.value.keys;
  const [open, setOpen] = useState(/** @type {{what: "new"} | {what: "rotate" | "revoke", key: Key} | null} */ (null));
  const answer = keys.answer.value;
  const close = () => setOpen(null);
  const renew = () => {
    keys.answer.value.again();
    focusCard("keys");
  };
  const mayWrite = may("api_keys:write");
  const actions = mayWrite
    ? html`<button type="button" class="button main" onClick=${() => setOpen({ what: "new" })}>${text.create}</button>`
    : html`<p class="note">${texts.value.needs} <code>api_keys:write</code></p>`;
  const rows = answer.data?.rows ?? [];
  return html`<${Card} id="keys" title=${text.title} help=${text.help} scope="api_keys:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(mayWrite, setOpen)} /><${More} of=${keys} />`} />
    ${open?.what === "new" && html`<${NewKey} close=${close} made=${renew} />`}
    ${open?.what === "rotate" && html`<${Rotate} of=${open.key} close=${close} made=${renew} />`}
    ${
      open?.what === "revoke" &&
      html`<${Confirm} title=${text.revokeTitle(open.key.name)} said=${text.revokeSaid(begin(open.key))} verb=${text.revoke}
        act=${() => change("DELETE", `/v1/api-keys/${open.key.id}`)} close=${close} done=${renew} />`
    }`;
}

/** @param {boolean} mayWrite @param {(open: {what: "rotate" | "revoke", key: Key}) => void} open @returns {import("../kit/table.js").Column<Key>[]} */
function columns(mayWrite, open) {
  const text = texts.value.keys;
  const instant = (/** @type {string | null} */ at, /** @type {string} */ none) => (at ? show.moment(at) : none);
  const act = (/** @type {"rotate" | "revoke"} */ what, /** @type {Key} */ key) =>
    html`<button type="button" class="quiet" onClick=${() => open({ what, key })}>${text[what]}<span class="hidden">: ${key.name}</span></button>`;
  return [
    {
      name: "name",
      title: text.name,
      value: ({ name }) => name,
      show: (key) => html`${key.name} <small class="code"><code>${begin(key)}</code></small>`,
    },
    { name: "state", title: text.state, value: (key) => text.states[stateOf(key)] },
    { name: "kind", title: text.kind, value: ({ kind, mode }) => `${text.kinds[kind]}, ${mode}` },
    { name: "scopes", title: text.scopes, value: ({ scopes }) => scopes.length, show: scopes },
    {
      name: "used",
      title: text.used,
      value: (key) => key.last_used_at ?? "",
      show: (key) => instant(key.last_used_at, text.never),
    },
    {
      name: "expires",
      title: text.expires,
      value: (key) => key.expires_at ?? "9",
      show: (key) => instant(key.expires_at, text.never),
    },
    {
      name: "bounds",
      title: text.bounds,
      value: (key) => boundsOf(key).join(", ") || text.unbounded,
      show: (key) => html`<span class="wrap">${boundsOf(key).join(", ") || text.unbounded}</span>`,
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (key) => html`<span class="ways">
        ${mayWrite && stateOf(key) === "works" && html`${act("rotate", key)} ${act("revoke", key)}`}
        <${Link} to=${{ view: "log", actor_id: key.id }}>${text.requests}<span class="hidden">: ${key.name}</span><//>
        <${History} of=${key.id} name=${key.name} /></span>`,
    },
  ];
}

/** @param {Key} key */
const scopes = (
  key,
) => html`<details><summary>${texts.value.keys.count(show.whole(key.scopes.length))}<span class="hidden">: ${key.name}</span></summary>
  <ul class="codes">${key.scopes.map((scope) => html`<li key=${scope}><code>${scope}</code></li>`)}</ul></details>`;

/** @param {Key} key */
function boundsOf({ locations, channels, amount_max, discount_max, ip_allowlist, origins }) {
  const { bound } = texts.value.keys;
  const { channel } = show.words.value;
  return [
    locations && bound.locations(show.whole(locations.length)),
    channels && channels.map((name) => channel[name] ?? name).join(", "),
    amount_max != null && bound.amount(show.exact(amount_max)),
    discount_max != null && bound.discount(show.percent(discount_max, 0)),
    ip_allowlist.length > 0 && bound.networks(ip_allowlist.join(", ")),
    origins.length > 0 && bound.origins(origins.join(", ")),
  ].filter((one) => one !== false && one != null);
}

const OVERLAPS = /** @type {const} */ (["0", "3600", "86400", "604800"]);

/** @param {{of: Key, close: () => void, made: () => void}} props */
function Rotate({ of, close, made }) {
  const text = texts.value.keys;
  const { isSending, problem, run } = useSending();
  const [secret, reveal] = useState("");
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const overlap_seconds = Number(new FormData(event.currentTarget).get("overlap"));
    await run(async () => reveal((await change("POST", `/v1/api-keys/${of.id}/rotate`, { overlap_seconds })).secret));
  };
  const end = () => {
    close();
    if (secret) made();
  };
  const options = OVERLAPS.map((value) => ({ value, label: text.overlaps[value] }));
  return html`<${Dialog} title=${text.rotateTitle(of.name)} close=${end}>
    ${
      secret
        ? html`<${Secret} label=${text.secret} value=${secret} warning=${text.once} close=${end} />`
        : html`<form onSubmit=${send} aria-busy=${isSending}>
          <p>${text.rotateSaid}</p>
          <${Select} name="overlap" label=${text.overlap} value="86400" options=${options} />
          <${Wrong} problem=${problem} />
          <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.rotate}</button>
            <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
        </form>`
    }
  <//>`;
}
