// Makes a run, states the reference, and notes that a fix is applied.
import { call } from "../kit/api.js";

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
export const noteApplied = (fix, instant) =>
  sendJson("POST", `/fixes/${fix}/applied`, instant ? { applied_at: instant } : {});
