// The choice for people whom only the provider knows: they get one of the roles that the reader may give, or are rejected.
import { may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { Select } from "../kit/field.js";
import { html } from "../vendor/ui.js";
import { place } from "./place.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, grantable: boolean}} Role */

const roles = ask(
  () => (place.value.view === "providers" && may("users:read") ? { paths: ["/v1/roles"] } : null),
  (/** @type {{data: Role[]}[]} */ [list]) => list?.data ?? [],
  0,
);

/** The present role stays a choice, although the reader may not give it. @param {{value: string, wrong: string}} of */
export function RoleSelect({ value, wrong }) {
  const text = setup.value.providers;
  const found = (roles.value.data ?? []).filter(({ id, grantable }) => grantable || id === value).map(({ id }) => id);
  const ids = value && !found.includes(value) ? [value, ...found] : found;
  const options = ids.map((id) => ({ value: id, label: text.made(texts.value.roles[id] ?? id) }));
  return html`<${Select} name="provider-role" label=${text.role} value=${value} help=${text.roleHelp} wrong=${wrong}
    options=${[{ value: "", label: text.rejected }, ...options]} />`;
}
