// The answer in a sentence, and the figures behind it.
import * as show from "../kit/format.js";
import { Missing } from "../kit/panel.js";
import { html } from "../vendor/ui.js";
import { first, latest, setup } from "./answers.js";
import { headline } from "./say.js";

const { words } = show;

export function Title() {
  const text = words.value.fix;
  const run = latest.value.data?.run;
  return html`<div class="head">
    <h1>${text.title}</h1>
    ${run && html`<p class="spans">${text.of(show.dayOf(run.window_from), show.dayOf(run.through), run.reference)}</p>`}
    <p><a href="#files">${text.files.title}</a></p>
  </div>`;
}

export function Lead() {
  const text = words.value.fix;
  const failed = [latest.value, first.value].find(({ data, problem }) => problem && !data);
  if (failed) return html`<p class="lead-failed"><${Missing} answer=${failed} /></p>`;
  if (latest.value.data && !latest.value.data.run) return html`<p class="lead">${text.none}</p>`;
  const told = first.value.data;
  if (!told)
    return html`<p class="lead" aria-busy="true"><span class="skeleton line"></span><span class="skeleton line short"></span></p>`;
  return html`<p class="lead" data-stale=${first.value.isStale ? "" : null}>${headline(told)}</p>
    ${
      told.settle_with.length > 0 &&
      html`<p class="settle">${text.settle}${" "}
      ${told.settle_with.map(({ system, input }) => text.export(input, system)).join(", ")}</p>`
    }`;
}

export function Figures() {
  const text = words.value.fix.figure;
  const fix = first.value.data?.fix;
  if (!fix) return null;
  const { exceptions_per_week: fewer, minutes_per_week: minutes } = fix.expected;
  const currency = setup.value.data?.settings.currency;
  const range = (/** @type {import("./answers.js").Interval} */ { low, high }) =>
    text.between(show.number(low), show.number(high));
  return html`<dl class="figures" data-stale=${first.value.isStale ? "" : null}>
    <${Figure} title=${text.episodes} value=${text.ofAll(show.whole(fix.episodes), show.whole(fix.episodes_of_all))}
      more=${text.weeks(show.whole(fix.weeks), show.whole(fix.weeks_observed))} />
    <${Figure} title=${text.fewer} value=${show.number(fewer.mid)} more=${range(fewer)} />
    <${Figure} title=${text.minutes} value=${show.number(minutes.mid)}
      more=${currency ? text.cost(show.exactIn(fix.value_per_week, currency)) : range(minutes)} />
    <${Figure} title=${text.effort} value=${text.days(show.number(fix.effort_days))}
      more=${text.confidence(show.percent(Number(fix.confidence) * 100, 0))} />
  </dl>`;
}

/** @param {{title: string, value: string, more: string}} of */
const Figure = ({ title, value, more }) =>
  html`<div><dt>${title}</dt><dd class="value">${value}</dd><dd class="by">${more}</dd></div>`;
