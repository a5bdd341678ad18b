// A question to the reports whose answer is a signal. It is asked again when what it depends on changes, and the last
// answer stays until the next one is there.
import { effect, signal } from "../vendor/ui.js";
import { graphql, me, problemOf } from "./api.js";

/** Counts the rounds in which everything is asked again: after a sale, or by "Try again". */
export const round = signal(0);
/** Asks everything again. */
export const askAgain = () => {
  round.value++;
};

/** @template T @typedef {{state: "waiting" | "ready" | "failed", data: T | null, problem: import("./api.js").Problem | null}} Answer */

/** Another question ends the one under way. A new round waits for the end of the one under way: otherwise busy trade would
 * end every question before its answer.
 * @template T
 * @param {() => {query: string, variables: Record<string, unknown>} | null} question Null: nothing to ask yet.
 * @param {(data: any) => T} read
 * @returns {import("@preact/signals").Signal<Answer<T>>} */
export function ask(question, read) {
  /** @type {import("@preact/signals").Signal<Answer<T>>} */
  const answer = signal({ state: "waiting", data: null, problem: null });
  let wanted = /** @type {ReturnType<typeof question>} */ (null);
  let underWay = /** @type {AbortController | null} */ (null);
  let isDue = false;
  let seen = round.peek();

  async function run() {
    if (!wanted) return;
    const own = new AbortController();
    underWay = own;
    isDue = false;
    const { data } = answer.peek();
    answer.value = { state: "waiting", data, problem: null };
    try {
      const found = read(await graphql(wanted.query, wanted.variables, own.signal));
      if (!own.signal.aborted) answer.value = { state: "ready", data: found, problem: null };
    } catch (error) {
      if (!own.signal.aborted) answer.value = { state: "failed", data, problem: problemOf(error) };
    }
    if (own.signal.aborted) return;
    underWay = null;
    if (isDue) run();
  }

  effect(() => {
    const next = me.value ? question() : null;
    if (!me.value) answer.value = { state: "waiting", data: null, problem: null };
    if (next && JSON.stringify(next) === JSON.stringify(wanted)) return;
    wanted = next;
    underWay?.abort();
    underWay = null;
    run();
  });
  effect(() => {
    if (round.value === seen) return;
    seen = round.value;
    if (underWay) isDue = true;
    else run();
  });
  return answer;
}
