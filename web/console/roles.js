// The roles that a user may have: built-in ones, and custom ones, which have fewer scopes.
import { may } from "../kit/api.js";
import { ask } from "../kit/ask.js";
import { listing } from "./listing.js";
import { place } from "./place.js";
import { setup } from "./setup.js";
import { texts } from "./texts.js";

/** @typedef {{id: string, scopes: string[], discount_max: string, grantable: boolean}} Role */
/** @typedef {{id: string, name: string, base: string, scopes: string[], version: number, updated_at: string}} CustomRole */
/** @typedef {{role: string, custom_role_id?: string | null}} Held The role of a user. */

export const roles = ask(
  () => (place.value.view === "users" && may("users:read") ? { paths: ["/v1/roles"], about: "/v1/roles" } : null),
  (/** @type {{data: Role[]}[]} */ [list]) => list?.data ?? [],
  0,
);
/** A tenant has at most 50. @type {ReturnType<typeof listing<CustomRole>>} */
export const customRoles = listing("users", "users:read", () => "/v1/custom-roles?limit=50");

/** @param {string} id */
export const roleName = (id) => texts.value.roles[id] ?? id;

/** @param {string | null | undefined} id */
const customRole = (id) => customRoles.answer.value.data?.rows.find((one) => one.id === id);

/** @param {Held} of */
export function nameOf({ role, custom_role_id }) {
  if (!custom_role_id) return roleName(role);
  return setup.value.custom.of(customRole(custom_role_id)?.name ?? custom_role_id, roleName(role));
}

/** The built-in roles that the reader may give. */
export const grantable = () => (roles.value.data ?? []).filter((role) => role.grantable).map(({ id }) => id);

/** Choices of a user's role. The present one is among them, although the reader may not give it. @param {Held} [present] */
export function choices(present) {
  const given = grantable();
  const custom = (customRoles.answer.value.data?.rows ?? []).filter(({ base }) => given.includes(base));
  const options = given
    .map((id) => ({ value: id, label: roleName(id) }))
    .concat(custom.map(({ id, base }) => ({ value: id, label: nameOf({ role: base, custom_role_id: id }) })));
  const own = present && valueOf(present);
  if (!own || options.some(({ value }) => value === own)) return options;
  return [{ value: own, label: nameOf(present) }, ...options];
}

/** The choice that a user has. @param {Held} of */
export const valueOf = ({ role, custom_role_id }) => custom_role_id ?? role;

/** The members of the body for a choice. A custom role is named where there is one: a server of the version before knows none.
 * @param {string} value @param {Held} [present] @returns {Held} */
export function heldBy(value, present) {
  const custom = customRole(value);
  if (custom) return { role: custom.base, custom_role_id: custom.id };
  return { role: value, ...(present?.custom_role_id ? { custom_role_id: null } : {}) };
}
