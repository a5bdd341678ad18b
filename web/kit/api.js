// Calls of the API. No other file of the pages calls `fetch`.
// The credential is kept for this tab only. It never gets into an address, a log or a copied command.
import { signal } from "../vendor/ui.js";
import { ofTab } from "./store.js";

/** @typedef {{tenant: {id: string, slug: string, name: string, currency: string, time_zone: string}, actor_name: string, scopes: string[]}} Me */
/** @typedef {{status: number, code: string, title: string, detail: string, request: string, scope: string, retry: number, challenge?: string,
 *   fields?: {pointer: string, detail: string}[]}} Problem `retry`: seconds to wait. `challenge`: goes with a code. `fields`: what is wrong
 *   where in the body. */
/** @typedef {{secret: string, refresh: string}} Credential A key has no refresh token. */

const STORE = "stockwell.credential";

/** @returns {Credential | null} */
function stored() {
  try {
    return JSON.parse(ofTab.read(STORE) ?? "null");
  } catch {
    return null;
  }
}

/** @type {import("@preact/signals").Signal<Credential | null>} */
export const credential = signal(stored());
/** The caller; null until the server has confirmed the credential. @type {import("@preact/signals").Signal<Me | null>} */
export const me = signal(null);
/** Counts the visits of this tab, from a sign-in to its end. */
let visit = 0;
/** Why the last sign-in ended without the reader's wish. @type {import("@preact/signals").Signal<Problem | null>} */
export const ended = signal(null);

/** @param {string} scope */
export const may = (scope) => me.value?.scopes.includes(scope) ?? false;

/** A rejection, in the server's own words. */
export class Refused extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail || problem.title || problem.code);
    this.problem = problem;
  }
}

/** @param {unknown} error @returns {Problem} */
export function problemOf(error) {
  if (error instanceof Refused) return error.problem;
  return { status: 0, code: "broken", title: String(error), detail: "", request: "", scope: "", retry: 0 };
}

/** @param {string} path @param {RequestInit} options @param {string | undefined} secret */
async function send(path, options, secret) {
  const headers = { ...options.headers, ...(secret ? { authorization: `Bearer ${secret}` } : {}) };
  try {
    return await fetch(path, { ...options, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused({ status: 0, code: "unreachable", title: "", detail: "", request: "", scope: "", retry: 0 });
  }
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const error = body.errors?.[0]?.extensions ?? {};
  return new Refused({
    status: response.status,
    code: body.code ?? error.code ?? "",
    title: body.title ?? body.errors?.[0]?.message ?? response.statusText,
    detail: body.detail ?? "",
    request: body.request_id ?? error.request_id ?? response.headers.get("x-request-id") ?? "",
    scope: body.required_scope ?? error.required_scope ?? "",
    retry: Number(response.headers.get("retry-after") ?? 0),
    challenge: body.challenge ?? "",
    fields: (body.errors ?? []).filter((/** @type {{pointer?: string}} */ { pointer }) => pointer),
  });
}

const over = () => new DOMException("The visit has ended.", "AbortError");

/** Sends a request with the credential of the tab. An access token that has expired is renewed once. A response that arrives
 * after the end of the visit is not returned: it was for another reader.
 * @param {string} path @param {RequestInit} [options] */
export async function call(path, options = {}) {
  const own = visit;
  const used = credential.value;
  let response = await send(path, options, used?.secret);
  if (response.status === 401 && used?.refresh && own === visit && (await renew(used)) && own === visit)
    response = await send(path, options, credential.value?.secret);
  if (own !== visit) throw over();
  if (response.ok) return response;
  const refused = await refusal(response);
  if (own !== visit) throw over();
  if (response.status === 401 && me.value) {
    forget();
    ended.value = refused.problem;
  }
  throw refused;
}

/** Sends a change. Returns what the response has, or null. With a version, a record that was changed since then stays as it is.
 * @param {string} method @param {string} path @param {unknown} [body] @param {number} [version] */
export async function change(method, path, body, version) {
  const headers = {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(version === undefined ? {} : { "if-match": `"${version}"` }),
  };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await call(path, { method, headers, ...sent });
  return response.status === 204 ? null : response.json();
}

/** @param {string} query @param {Record<string, unknown>} variables @param {AbortSignal} [abort] */
export async function graphql(query, variables, abort) {
  const response = await call("/graphql", {
    method: "POST",
    body: JSON.stringify({ query, variables }),
    headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    ...(abort ? { signal: abort } : {}),
  });
  const body = await response.json();
  const [error] = body.errors ?? [];
  if (!error) return body.data;
  throw new Refused({
    status: response.status,
    code: error.extensions?.code ?? "",
    title: error.message,
    detail: "",
    request: error.extensions?.request_id ?? "",
    scope: error.extensions?.required_scope ?? "",
    retry: 0,
  });
}

/** The renewal under way. A refresh token works once, and several calls may need it at the same time.
 * @type {{of: Credential, made: Promise<boolean>} | null} */
let renewal = null;

/** Renews a pair of tokens. Returns false if the server rejects them. Any other failure is thrown: the pair may still work
 * later. @param {Credential} used */
async function renew(used) {
  if (credential.value !== used) return true;
  if (renewal?.of !== used) renewal = { of: used, made: replace(used) };
  const own = renewal;
  try {
    return await own.made;
  } finally {
    if (renewal === own) renewal = null;
  }
}

/** Puts a new pair of tokens in place of the one used. @param {Credential} used */
async function replace(used) {
  try {
    const made = await exchange("/v1/auth/refresh", { refresh_token: used.refresh });
    if (credential.value === used) keep(made);
    else logOut(made);
    return true;
  } catch (error) {
    if (problemOf(error).status === 401) return false;
    throw error;
  }
}

/** @param {string} path @param {Record<string, string>} body @returns {Promise<Credential>} */
async function exchange(path, body) {
  const options = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await send(path, options, undefined);
  if (!response.ok) throw await refusal(response);
  const tokens = await response.json();
  return { secret: tokens.access_token, refresh: tokens.refresh_token };
}

/** @param {Credential} wanted */
function keep(wanted) {
  credential.value = wanted;
  ofTab.write(STORE, JSON.stringify(wanted));
}

function forget() {
  visit++;
  ofTab.write(STORE, null);
  credential.value = null;
  me.value = null;
}

/** Reads who the caller is, and only then keeps the credential. @param {Credential} wanted */
async function enter(wanted) {
  const response = await send("/v1/me", {}, wanted.secret);
  if (!response.ok) throw await refusal(response);
  const caller = await response.json();
  visit++;
  keep(wanted);
  ended.value = null;
  me.value = caller;
}

/** @param {string} key */
export const signIn = (key) => enter({ secret: key, refresh: "" });

/** @param {{tenant: string, email: string, password: string}} login */
export const logIn = async (login) => enter(await exchange("/v1/auth/login", login));

/** @param {{challenge: string, code: string}} login */
export const completeLogIn = async (login) => enter(await exchange("/v1/auth/second-factor", login));

/** Completes a sign-in with a provider, by the code that the page was opened with. @param {string} code */
export const completeProviderLogIn = async (code) => enter(await exchange("/v1/auth/oidc/exchange", { code }));

/** Reads the providers with which users of a tenant sign in. @param {string} tenant @returns {Promise<{id: string, name: string, url: string}[]>} */
export async function providersOf(tenant) {
  const response = await send(`/v1/auth/oidc/${encodeURIComponent(tenant)}/providers`, {}, undefined);
  if (!response.ok) throw await refusal(response);
  return (await response.json()).data;
}

/** Sets a password by the token of a link, which works once. @param {string} token @param {string} password */
export async function setPassword(token, password) {
  const options = {
    method: "POST",
    body: JSON.stringify({ token, password }),
    headers: { "content-type": "application/json" },
  };
  const response = await send("/v1/auth/password", options, undefined);
  if (!response.ok) throw await refusal(response);
}

/** Reads who the caller is after the page was loaded again. */
export async function resume() {
  const own = visit;
  ended.value = null;
  try {
    const caller = await (await call("/v1/me")).json();
    if (own === visit) me.value = caller;
  } catch (error) {
    if (own !== visit) return;
    const problem = problemOf(error);
    if (problem.status === 401) forget();
    ended.value = problem;
  }
}

export function signOut() {
  const used = credential.value;
  forget();
  ended.value = null;
  if (used?.refresh) logOut(used);
}

/** Ends a pair of tokens. @param {Credential} of */
function logOut({ secret, refresh }) {
  const options = {
    method: "POST",
    body: JSON.stringify({ refresh_token: refresh }),
    headers: { "content-type": "application/json" },
  };
  send("/v1/auth/logout", options, secret).catch(() => undefined);
}
