// Sentences about fixes. English ones are those of the API; the other languages are put together from its facts.
import { language, words } from "../kit/format.js";
import { html } from "../vendor/ui.js";

/** @typedef {import("./answers.js").Fix} Fix */
/** @typedef {import("./answers.js").FirstFix} FirstFix */

/** The fault as a clause. @param {Pick<Fix, "class" | "type" | "edge" | "scope">} fix */
export function clause(fix) {
  const text = words.value.fix;
  const of = {
    events: text.events[fix.type ?? ""] ?? text.events.other ?? "",
    scope: text.scope(fix.scope),
    from: fix.edge.from,
    to: fix.edge.to,
  };
  return (text.clause[fix.class] ?? text.clause.unexplained)?.(of) ?? fix.class;
}

/** @param {FirstFix} told */
export function headline(told) {
  if (language.value === "en") return told.headline;
  const text = words.value.fix;
  const said = told.fix ? text.headline(clause(told.fix), told.fix) : text.verdict[told.verdict];
  if (!said) return told.headline;
  return told.basis === "snapshots" && told.verdict !== "not_enough_data" ? text.hypothesis(said) : said;
}

/** @param {Fix} fix */
export const advice = (fix) =>
  (language.value === "en" ? undefined : words.value.fix.advice[fix.action]?.(fix.edge)) ?? fix.advice;

/** A text that the API has in English only. @param {string} text */
export const original = (text) => html`<span lang="en">${text}</span>`;
