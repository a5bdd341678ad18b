// A question to the reports whose answer is a signal. It is asked again when what it depends on changes, and the last
// answer stays until the next one is there.
import { effect, signal } from "../vendor/ui.js";
import { call, graphql, me, problemOf } from "./api.js";

/** Counts the rounds in which everything is asked again, such as after a sale. */
export const round = signal(0);
/** Asks everything again. */
export const askAgain = () => {
  round.value++;
};

/** `idle`: there is nothing to ask. `about` is what the data is about, as the question said. `isStale`: it was asked for by
 * another question than the present one. `problem` of a waiting answer: the rate limit, whose end it waits for. `again` asks
 * this question alone.
 * @template T
 * @typedef {{state: "idle" | "waiting" | "ready" | "failed", data: T | null, about: any, isStale: boolean,
 *   problem: import("./api.js").Problem | null, again: () => void}} Answer */
/** @typedef {{query: string, variables: Record<string, unknown>, about?: unknown}} GraphqlQuestion */
/** Its data is a list: one response for each path. @typedef {{paths: string[], about?: unknown}} RestQuestion */
/** @typedef {GraphqlQuestion | RestQuestion} Question */

const NOTHING = /** @type {const} */ ({
  state: "idle",
  data: null,
  about: null,
  isStale: false,
  problem: null,
});

/** Longest wait, in seconds, before a question that the rate limit rejected is asked again. */
const RETRY_SECONDS_MAX = 60;

/** @param {Question} asked @param {AbortSignal} abort */
function send(asked, abort) {
  if ("query" in asked) return graphql(asked.query, asked.variables, abort);
  return Promise.all(asked.paths.map(async (path) => (await call(path, { signal: abort })).json()));
}

/** Another question ends the one under way. A new round waits for the end of the one under way: otherwise busy trade would
 * end every question before its answer.
 * @template T
 * @param {() => Question | null} question Null: nothing to ask yet.
 * @param {(data: any) => T} read
 * @param {number} pace Least milliseconds between two rounds.
 * @returns {import("@preact/signals").Signal<Answer<T>>} */
export function ask(question, read, pace) {
  /** @type {import("@preact/signals").Signal<Answer<T>>} */
  const answer = signal({ ...NOTHING, again });
  let wanted = /** @type {Question | null} */ (null);
  let answered = /** @type {Question | null} */ (null);
  let underWay = /** @type {AbortController | null} */ (null);
  let isDue = false;
  let begun = 0;
  let timer = 0;
  let seen = round.peek();

  async function run() {
    clearTimeout(timer);
    timer = 0;
    if (!wanted) return;
    const own = new AbortController();
    underWay = own;
    isDue = false;
    begun = Date.now();
    const asked = wanted;
    const last = { ...answer.peek(), isStale: answered !== asked };
    // While a limited question is asked again, it still waits for the limit.
    answer.value = { ...last, state: "waiting", problem: last.state === "waiting" ? last.problem : null };
    try {
      const data = read(await send(asked, own.signal));
      if (own.signal.aborted) return;
      answered = asked;
      answer.value = { state: "ready", data, about: asked.about, isStale: false, problem: null, again };
    } catch (error) {
      if (own.signal.aborted) return;
      const problem = problemOf(error);
      // A report that finds no place has the code alone.
      if (problem.status === 429 || problem.code === "rate_limited") {
        timer = setTimeout(run, Math.min(problem.retry || 1, RETRY_SECONDS_MAX) * 1000);
        answer.value = { ...last, state: "waiting", problem };
      } else answer.value = { ...last, state: "failed", problem };
    }
    underWay = null;
    if (isDue) again();
  }

  /** Asks again as soon as the pace allows. A question that failed is asked at once. Without a pause,
   * it is `waiting` at once: its data may be that before a change. */
  function again() {
    const rest = answer.peek().state === "failed" ? 0 : begun + pace - Date.now();
    if (underWay) isDue = true;
    else if (rest > 0) timer ||= setTimeout(run, rest);
    else if (!timer) run();
  }

  effect(() => {
    const next = me.value ? question() : null;
    if (!me.value) answer.value = { ...NOTHING, again };
    if (next && JSON.stringify(next) === JSON.stringify(wanted)) return;
    wanted = next;
    if (!next && me.value) answer.value = { ...answer.peek(), state: "idle", isStale: true, problem: null };
    underWay?.abort();
    underWay = null;
    run();
  });
  effect(() => {
    if (round.value === seen) return;
    seen = round.value;
    again();
  });
  return answer;
}
