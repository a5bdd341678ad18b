// What is under way when a form is sent, and why it was rejected.
import { html, useState } from "../vendor/ui.js";
import { problemOf } from "./api.js";
import { words } from "./format.js";

/** @typedef {import("./api.js").Problem} Problem */

/** `run` does one thing at a time. It returns whether that was done, and keeps the problem if it was not. */
export function useSending() {
  const [isSending, note] = useState(false);
  const [problem, show] = useState(/** @type {Problem | null} */ (null));
  const run = async (/** @type {() => Promise<unknown>} */ act) => {
    if (isSending) return false;
    note(true);
    show(null);
    try {
      await act();
      return true;
    } catch (error) {
      show(problemOf(error));
      return false;
    } finally {
      note(false);
    }
  };
  return { isSending, problem, run };
}

/** What is wrong with a member of the body, or with one below it. @param {Problem | null} problem @param {string} member */
export const wrongAt = (problem, member) =>
  problem?.fields?.find(({ pointer }) => pointer === `#/${member}` || pointer.startsWith(`#/${member}/`))?.detail ?? "";

/** Why something was rejected, in the server's words. @param {{problem: Problem | null}} of */
export function Wrong({ problem }) {
  if (!problem) return null;
  const text = words.value.panel;
  const said = problem.code === "unreachable" ? text.unreachable : `${problem.title}. ${problem.detail}`;
  return html`<p class="wrong" role="alert">${said}
    ${problem.scope && html` ${text.scope} <code>${problem.scope}</code>`}
    ${problem.request && html` <small>${text.request} <code>${problem.request}</code></small>`}</p>`;
}
