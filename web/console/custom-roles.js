// Custom roles: what there is, a new one, another name or other scopes, and the end of one.
import { change, may } from "../kit/api.js";
import { Card } from "../kit/card.js";
import * as show from "../kit/format.js";
import { Table } from "../kit/table.js";
import { html, useState } from "../vendor/ui.js";
import { Confirm } from "./confirm.js";
import { RoleForm, bases } from "./custom-role-form.js";
import { More, focusCard } from "./listing.js";
import { customRoles, roleName } from "./roles.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {import("./roles.js").CustomRole} CustomRole */
/** @typedef {"change" | "remove"} Act */

export function CustomRoles() {
  const text = setup.value.custom;
  const [open, setOpen] = useState(/** @type {{what: "new"} | {what: Act, role: CustomRole} | null} */ (null));
  const answer = customRoles.answer.value;
  const rows = answer.data?.rows ?? [];
  const close = () => setOpen(null);
  const renew = () => {
    customRoles.answer.value.again();
    focusCard("custom-roles");
  };
  const given = may("users:write") ? bases() : [];
  const actions =
    given.length > 0 &&
    html`<button type="button" class="button main" onClick=${() => setOpen({ what: "new" })}>${text.create}</button>`;
  return html`<${Card} id="custom-roles" title=${text.title} help=${text.help} scope="users:read" answer=${answer} isEmpty=${!rows.length}
      empty=${text.empty} failed=${texts.value.list.failed} actions=${actions} paths=${answer.about ? [answer.about] : []}
      content=${() => html`<${Table} caption=${text.title} rows=${rows} columns=${columns(given, setOpen)} /><${More} of=${customRoles} />`} />
    ${open?.what === "new" && html`<${RoleForm} of=${null} close=${close} done=${renew} />`}
    ${open?.what === "change" && html`<${RoleForm} of=${open.role} close=${close} done=${renew} />`}
    ${
      open?.what === "remove" &&
      html`<${Confirm} title=${text.titles.remove(open.role.name)} said=${text.removeSaid} verb=${text.acts.remove}
        act=${() => change("DELETE", `/v1/custom-roles/${open.role.id}`, undefined, open.role.version)} close=${close} done=${renew} />`
    }`;
}

/** @param {string[]} given Bases whose custom roles the reader may change.
 * @param {(open: {what: Act, role: CustomRole}) => void} open @returns {import("../kit/table.js").Column<CustomRole>[]} */
function columns(given, open) {
  const text = setup.value.custom;
  const act = (/** @type {Act} */ what, /** @type {CustomRole} */ role) =>
    html`<button type="button" class="quiet" onClick=${() => open({ what, role })}>${text.acts[what]}<span class="hidden">: ${role.name}</span></button>`;
  return [
    { name: "name", title: text.name, value: ({ name }) => name },
    { name: "base", title: text.base, value: ({ base }) => roleName(base) },
    {
      name: "scopes",
      title: text.scopes,
      value: ({ scopes }) => scopes.length,
      show: ({ name, scopes }) =>
        html`<details><summary>${texts.value.keys.count(show.whole(scopes.length))}<span class="hidden">: ${name}</span></summary>
          <ul class="codes">${scopes.map((scope) => html`<li key=${scope}><code>${scope}</code></li>`)}</ul></details>`,
    },
    {
      name: "updated",
      title: text.updated,
      value: (role) => role.updated_at,
      show: (role) => show.moment(role.updated_at),
    },
    {
      name: "actions",
      title: texts.value.actions,
      isPlain: true,
      value: () => null,
      show: (role) =>
        html`<span class="ways">${given.includes(role.base) && html`${act("change", role)} ${act("remove", role)}`}</span>`,
    },
  ];
}
