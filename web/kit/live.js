// Events of the business as they happen. EventSource can't send a credential, so the stream is read here.
import { signal } from "../vendor/ui.js";
import { call, problemOf } from "./api.js";

/** Milliseconds without the tab in sight after which the stream is closed. */
const HIDDEN_MS = 60_000;
const PAUSE_MS = 1000;
const PAUSE_MS_MAX = 30_000;

/** State of the stream: `off` without one, `refused` if the credential may not read events.
 * @type {import("@preact/signals").Signal<"off" | "open" | "lost" | "refused">} */
export const live = signal("off");

/** Reports every event until it is aborted, over interruptions too.
 * @param {string[]} types @param {() => void} report Called for each event, and when some may have been missed.
 * @param {AbortSignal} abort */
export async function listen(types, report, abort) {
  // From its end on, the state is that of the next stream.
  abort.addEventListener("abort", () => (live.value = "off"));
  let last = "";
  let pause = PAUSE_MS;
  while (!abort.aborted) {
    await inSight(abort);
    if (abort.aborted) break;
    try {
      await read(types, last, abort, ({ event, id }) => {
        if (abort.aborted) return;
        last = id || last;
        pause = PAUSE_MS;
        if (event === "ready") live.value = "open";
        if (event === "event") report();
      });
    } catch (error) {
      if (abort.aborted) break;
      const problem = problemOf(error);
      if (problem.status === 401 || problem.status === 403) {
        live.value = "refused";
        return;
      }
      // The cursor may be too old: begin again, and read everything.
      if (problem.status === 400) {
        last = "";
        report();
      }
    }
    if (abort.aborted) break;
    live.value = "lost";
    await new Promise((proceed) => setTimeout(proceed, pause));
    pause = Math.min(pause * 2, PAUSE_MS_MAX);
  }
}

/** Reads one response to its end. @param {string[]} types @param {string} last @param {AbortSignal} abort
 * @param {(message: {event: string, id: string}) => void} report */
async function read(types, last, abort, report) {
  const params = new URLSearchParams({ levels: "false", type: types.join(","), ...(last ? { cursor: last } : {}) });
  const own = new AbortController();
  const close = () => own.abort();
  abort.addEventListener("abort", close);
  const unwatch = whenHidden(close);
  try {
    const response = await call(`/v1/stream?${params}`, {
      signal: own.signal,
      headers: { accept: "text/event-stream" },
    });
    const body = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const messages = (text + part.value).split("\n\n");
      text = messages.pop() ?? "";
      for (const message of messages) report({ event: field(message, "event"), id: field(message, "id") });
    }
  } finally {
    abort.removeEventListener("abort", close);
    unwatch();
  }
}

/** @param {string} message @param {string} name */
const field = (message, name) => message.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1] ?? "";

/** Calls `close` when the tab has been out of sight for a while. @param {() => void} close */
function whenHidden(close) {
  let timer = 0;
  const watch = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(close, HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", watch);
  watch();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", watch);
  };
}

/** Waits until the tab is in sight. @param {AbortSignal} abort @returns {Promise<void>} */
function inSight(abort) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((proceed) => {
    const watch = () => {
      if (document.hidden && !abort.aborted) return;
      document.removeEventListener("visibilitychange", watch);
      proceed();
    };
    document.addEventListener("visibilitychange", watch);
    abort.addEventListener("abort", watch);
  });
}
