// A job: work of the server that goes on after its response.
import { Refused, call, problemOf } from "../kit/api.js";
import * as show from "../kit/format.js";
import { html } from "../vendor/ui.js";
import { setup } from "./setup.js";

/** A list has neither `result` nor `problem`.
 * @typedef {{id: string, kind: string, status: "running" | "succeeded" | "failed" | "lost", rows_done: number, rows_total: number | null,
 *   actor_kind: string, actor_id: string, result: any, problem: Record<string, any> | null, created_at: string, finished_at: string | null}} Job */

/** Milliseconds before the first read: a short job ends at once. Each pause is twice as long as the one before, up to the most. */
const PAUSE_MS = 250;
/** The server writes the progress every second. */
const PAUSE_MS_MAX = 1000;
/** Most reads that may fail one after another. The work goes on meanwhile. */
const FAILURES_MAX = 10;

/** Waits for the end of a job. Returns its result, and throws the problem of one that has none.
 * @param {Job} job @param {(job: Job) => void} report Called with each state of the running job. @param {AbortSignal} abort */
export async function follow(job, report, abort) {
  let now = job;
  let failures = 0;
  let pause = PAUSE_MS;
  while (now.status === "running") {
    report(now);
    await new Promise((proceed) => setTimeout(proceed, pause));
    pause = Math.min(pause * 2, PAUSE_MS_MAX);
    try {
      now = await (await call(`/v1/jobs/${job.id}`, { signal: abort })).json();
      failures = 0;
    } catch (error) {
      const { code, status } = problemOf(error);
      const isPassing = code === "unreachable" || status === 429 || status >= 500;
      failures += 1;
      if (!isPassing || failures > FAILURES_MAX) throw error;
    }
  }
  if (now.status === "succeeded") return now.result;
  throw new Refused(reasonOf(now));
}

/** Why a job has no result. @param {Job} job @returns {import("../kit/api.js").Problem} */
export function reasonOf({ problem }) {
  const text = setup.value.jobs;
  return {
    status: problem?.["status"] ?? 0,
    code: problem?.["code"] ?? "lost",
    title: problem?.["title"] ?? text.lost,
    detail: problem ? (problem["detail"] ?? "") : text.lostSaid,
    request: problem?.["request_id"] ?? "",
    scope: problem?.["required_scope"] ?? "",
    retry: 0,
  };
}

/** The rows that are done, in words, and as a bar while the job runs and their number is known. @param {{job: Job}} of */
export function Progress({ job: { status, rows_done, rows_total } }) {
  const text = setup.value.jobs;
  if (rows_total == null)
    return html`<span class="progress">${rows_done ? text.rows(show.whole(rows_done)) : "–"}</span>`;
  return html`<span class="progress">
    ${status === "running" && html`<progress aria-label=${text.progress} max=${rows_total} value=${rows_done} />`}
    ${text.of(show.whole(rows_done), show.whole(rows_total))}</span>`;
}
