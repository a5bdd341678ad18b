// Users and roles: who may sign in, a new one, another role, and an end of access.
import { change, may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import { Dialog } from "../kit/dialog.js";
import { Field, Select } from "../kit/field.js";
import { Wrong, useSending, wrongAt } from "../kit/form.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { Confirm } from "./confirm.js";
import { CustomRoles } from "./custom-roles.js";
import { History, More, focusCard, listing } from "./listing.js";
import { linkOf } from "./password.js";
import { Link } from "./place.js";
import { choices, heldBy, nameOf, roleName, roles, valueOf } from "./roles.js";
import { SecondCode, codeOf } from "./second-code.js";
import { Secret } from "./secret.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, email: string, name: string, role: string, custom_role_id: string | null, status: "active" | "disabled", created_at: string}} User */
/** @typedef {import("./roles.js").Role} Role */
/** @typedef {"role" | "link" | "disable" | "enable"} Act */

/** @type {ReturnType<typeof listing<User>>} */
const users = listing("users", "users:read", () => "/v1/users?limit=50");
/** Random bytes of the password that a new user has until the link is used. No one knows it. */
const PASSWORD_BYTES = 32;

export function View() {
  const text = texts.value.users;
  const [open, setOpen] = useState(/** @type {{what: "new"} | {what: Act, user: User} | null} */ (null));
  const answer = users.answer.value;
  const close = () => setOpen(null);
  const renew = () => {
    users.answer.value.again();
    focusCard("users");
  };
  const mayWrite = may("users:write");
  const actions = mayWrite
    ? html`<button type="button" class="button main" onClick=${() => setOpen({ what: "new" })}>${text.invite}</button>`
    : html`<p class="note">${texts.value.needs} <code>users:write</code></p>`;
  const rows = answer.data?.rows ?? [];
  return html`<${Card} id="users" title=${text.title} help=${text.help} scope="users:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(mayWrite, setOpen)} /><${More} of=${users} />`} />
    <${CustomRoles} />
    <${Roles} />
    ${open?.what === "new" && html`<${Invite} close=${close} made=${renew} />`}
    ${open && open.what !== "new" && html`<${Change} what=${open.what} user=${open.user} close=${close} done=${renew} />`}`;
}

/** @param {boolean} mayWrite @param {(open: {what: Act, user: User}) => void} open @returns {import("../kit/table.js").Column<User>[]} */
function columns(mayWrite, open) {
  const text = texts.value.users;
  const act = (/** @type {Act} */ what, /** @type {User} */ user) =>
    html`<button type="button" class="quiet" onClick=${() => open({ what, user })}>${text.acts[what]}<span class="hidden">: ${user.name}</span></button>`;
  return [
    { name: "name", title: text.name, value: ({ name }) => name },
    { name: "email", title: text.email, value: ({ email }) => email },
    { name: "role", title: text.role, value: nameOf },
    { name: "status", title: text.status, value: ({ status }) => text.states[status] },
    { name: "since", title: text.since, value: (user) => user.created_at, show: (user) => show.dayOf(user.created_at) },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (user) => html`<span class="ways">
        ${mayWrite && user.status === "active" && html`${act("role", user)} ${act("link", user)} ${act("disable", user)}`}
        ${mayWrite && user.status === "disabled" && act("enable", user)}
        ${may("api_keys:read") && html`<${Link} to=${{ view: "log", actor_id: user.id }}>${text.requests}<span class="hidden">: ${user.name}</span><//>`}
        <${History} of=${user.id} name=${user.name} /></span>`,
    },
  ];
}

/** What each role may do. */
function Roles() {
  const text = texts.value.users;
  const answer = roles.value;
  const rows = answer.data ?? [];
  /** @type {import("../kit/table.js").Column<Role>[]} */
  const shown = [
    { name: "role", title: text.role, value: ({ id }) => roleName(id) },
    { name: "for", title: text.purpose, value: ({ id }) => text.purposes[id] ?? "" },
    {
      name: "discount",
      title: text.discount,
      figure: true,
      value: ({ discount_max }) => Number(discount_max),
      show: ({ discount_max }) => show.percent(discount_max, 0),
    },
    {
      name: "scopes",
      title: text.scopes,
      value: ({ scopes }) => scopes.length,
      show: ({
        id,
        scopes,
      }) => html`<details><summary>${texts.value.keys.count(show.whole(scopes.length))}<span class="hidden">: ${roleName(id)}</span></summary>
        <ul class="codes">${scopes.map((scope) => html`<li key=${scope}><code>${scope}</code></li>`)}</ul></details>`,
    },
  ];
  return html`<${Card} id="roles" title=${text.rolesTitle} help=${text.rolesHelp} scope="users:read" answer=${answer} isEmpty=${!rows.length}
    empty=${text.empty} failed=${texts.value.list.failed} paths=${["/v1/roles"]} content=${() => html`<${Table} caption=${text.rolesTitle} rows=${rows} columns=${shown} />`} />`;
}

/** What is wrong with the role. @param {import("../kit/form.js").Problem | null} problem */
const wrongRole = (problem) => wrongAt(problem, "role") || wrongAt(problem, "custom_role_id");

/** Makes a link by which a user sets a password. @param {string} id @param {{code?: string}} code */
const makeLink = async (id, code) => linkOf((await change("POST", `/v1/users/${id}/password-link`, code)).token);

/** @param {{close: () => void, made: () => void}} of */
function Invite({ close, made }) {
  const text = texts.value.users;
  const { isSending, problem, run } = useSending();
  const [link, setLink] = useState("");
  const [user, setUser] = useState(/** @type {User | null} */ (null));
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    const body = {
      name: given("user-name"),
      email: given("user-email"),
      ...heldBy(given("user-role")),
      password: unknown(),
      ...codeOf(form),
    };
    await run(async () => {
      // A second press after a link failed makes no second user.
      const own = user ?? (await change("POST", "/v1/users", body));
      setUser(own);
      // A code works once: the one of the first press made the user.
      setLink(await makeLink(own.id, user ? codeOf(form) : {}));
    });
  };
  const end = () => {
    close();
    if (user) made();
  };
  if (link)
    return html`<${Dialog} title=${text.invited} close=${end}><${Secret} label=${text.link} value=${link} warning=${text.linkSaid} close=${end} /><//>`;
  return html`<${Dialog} title=${text.invite} close=${end}><form onSubmit=${send} aria-busy=${isSending}>
    <div class="fields">
      <${Field} name="user-name" label=${text.name} wrong=${wrongAt(problem, "name")} />
      <${Field} name="user-email" label=${text.email} type="email" wrong=${wrongAt(problem, "email")} />
      <${Select} name="user-role" label=${text.role} value="cashier" options=${choices()} help=${text.roleHelp} wrong=${wrongRole(problem)} />
    </div>
    <${SecondCode} problem=${problem} />
    ${user && problem && html`<p>${text.halfDone}</p>`}
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.make}</button>
      <button type="button" class="button" onClick=${end}>${texts.value.cancel}</button></p>
  </form><//>`;
}

function unknown() {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {{what: Act, user: User, close: () => void, done: () => void}} of */
function Change({ what, user, close, done }) {
  const text = texts.value.users;
  const path = `/v1/users/${user.id}`;
  if (what === "link") return html`<${NewLink} user=${user} close=${close} />`;
  if (what === "role") return html`<${NewRole} user=${user} close=${close} done=${done} />`;
  if (what === "enable") return html`<${Enable} user=${user} close=${close} done=${done} />`;
  return html`<${Confirm} title=${text.titles[what](user.name)} said=${text.said[what]} verb=${text.acts[what]}
    act=${() => change("POST", `${path}/${what}`)} close=${close} done=${done} />`;
}

/** @param {{user: User, close: () => void, done: () => void}} of */
function NewRole({ user, close, done }) {
  const text = texts.value.users;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const wanted = String(form.get("new-role") ?? "");
    const body = { ...(wanted === valueOf(user) ? {} : heldBy(wanted, user)), ...codeOf(form) };
    if (!(await run(() => change("PATCH", `/v1/users/${user.id}`, body)))) return;
    close();
    done();
  };
  return html`<${Dialog} title=${text.titles.role(user.name)} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <${Select} name="new-role" label=${text.role} value=${valueOf(user)} options=${choices(user)} help=${text.roleHelp} wrong=${wrongRole(problem)} />
    <${SecondCode} problem=${problem} />
    <${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.acts.role}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}

/** The change takes the code that an admin may need. @param {{user: User, close: () => void, done: () => void}} of */
function Enable({ user, close, done }) {
  const text = texts.value.users;
  const { isSending, problem, run } = useSending();
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const body = { status: "active", ...codeOf(new FormData(event.currentTarget)) };
    if (!(await run(() => change("PATCH", `/v1/users/${user.id}`, body)))) return;
    close();
    done();
  };
  return html`<${Dialog} title=${text.titles.enable(user.name)} close=${close}><form onSubmit=${send} aria-busy=${isSending}>
    <p>${text.said.enable}</p><${SecondCode} problem=${problem} /><${Wrong} problem=${problem} />
    <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.acts.enable}</button>
      <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p>
  </form><//>`;
}

/** @param {{user: User, close: () => void}} of */
function NewLink({ user, close }) {
  const text = texts.value.users;
  const { isSending, problem, run } = useSending();
  const [link, setLink] = useState("");
  const send = async (/** @type {SubmitEvent & {currentTarget: HTMLFormElement}} */ event) => {
    event.preventDefault();
    const code = codeOf(new FormData(event.currentTarget));
    await run(async () => setLink(await makeLink(user.id, code)));
  };
  return html`<${Dialog} title=${text.titles.link(user.name)} close=${close}>
    ${
      link
        ? html`<${Secret} label=${text.link} value=${link} warning=${text.linkSaid} close=${close} />`
        : html`<form onSubmit=${send} aria-busy=${isSending}><p>${text.said.link}</p><${SecondCode} problem=${problem} /><${Wrong} problem=${problem} />
          <p class="buttons"><button class="button main" aria-disabled=${isSending}>${text.acts.link}</button>
            <button type="button" class="button" onClick=${close}>${texts.value.cancel}</button></p></form>`
    }
  <//>`;
}
