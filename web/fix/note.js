// Makes a run, states the reference, and notes that a fix is applied.
import { call, me } from "../kit/api.js";
import { lasting, listOf } from "../kit/store.js";

const BASE = "/v1/reconciliation";

/** @param {string} method @param {string} path @param {unknown} body */
export const sendJson = (method, path, body) =>
  call(BASE + path, { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } });

/** Compares what was sent. */
export const makeRun = () => sendJson("POST", "/runs", {});

/** Replaces the reference in the settings. @param {Record<string, unknown>} settings @param {string} reference */
export function stateReference(settings, reference) {
  const { window_days, wage_per_hour, currency, minutes, harm } = settings;
  return sendJson("PUT", "/settings", { window_days, wage_per_hour, currency, minutes, harm, reference });
}

/** @param {string} fix @param {string | null} instant Null: now. */
export async function noteApplied(fix, instant) {
  await sendJson("POST", `/fixes/${fix}/applied`, instant ? { applied_at: instant } : {});
  const kept = new Set([fix, ...noted()]);
  lasting.write(store(), JSON.stringify([...kept].slice(0, NOTED_MAX)));
}

/** Most fixes that this browser remembers. */
const NOTED_MAX = 12;
const store = () => `stockwell.fix.applied.${me.value?.tenant.id}`;

/** The fixes that were noted as applied in this browser. A later run may name another first fix. Only an id gets into a path. */
export const noted = () => listOf(store()).flatMap((id) => (typeof id === "string" && /^\w+$/.test(id) ? [id] : []));
