// Charts as SVG. Their colours are in the style sheet, so dark mode and high contrast need no script.
import { line, nice, ticks } from "../vendor/draw.js";
import { html, useLayoutEffect, useRef, useState } from "../vendor/ui.js";

/** @typedef {(number | null)[]} Values */
/** @typedef {{start: string, part: boolean}} Bucket */
/** @typedef {{key: string, name: string, total: string, values: Values, before?: Values}} Series */

const RIGHT = 12;
const TOP = 10;
const BOTTOM = 30;
const DIGIT = 8;

/** The mark of a channel: a colour and a shape, for readers who can't tell the colours apart. @param {{of: string}} of */
export const Mark = ({ of }) =>
  html`<svg class=${`mark ${of}`} width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true"><${Shape} of=${of} /></svg>`;
/** @param {{of: string}} of */
const Shape = ({ of }) =>
  of === "retail" ? html`<rect x="-4" y="-4" width="8" height="8" transform="rotate(45)" />` : html`<circle r="5" />`;

/** Lines over time, from zero. The cursor is a range input, which mouse, touch, keyboard and screen readers can move.
 * @param {{label: string, total: string, step: string, buckets: Bucket[], series: Series[], most?: number, height?: number,
 *   show: (value: number | null) => string, axis: (value: number) => string, name: (start: string) => string,
 *   tick: (start: string, before: string | undefined) => string}} of */
export function Lines({ label, total, step, buckets, series, most = 0, height = 336, show, axis, name, tick }) {
  const [place, width] = useWidth();
  const [at, setAt] = useState(-1);
  const last = buckets.length - 1;
  const all = series.flatMap(({ values, before }) => [...values, ...(before ?? [])]).filter((value) => value != null);
  const [low, high] = nice(Math.min(0, ...all), Math.max(most, ...all, 1), 4);
  const steps = ticks(low, high, 4);
  const left = Math.max(...steps.map((value) => axis(value).length)) * DIGIT + 12;
  const x = scale([0, Math.max(1, last)], [left, Math.max(left + 1, width - RIGHT)]);
  const y = scale([low, high], [height - BOTTOM, TOP]);
  const sayPoint = (/** @type {number} */ index) =>
    `${name(buckets[index]?.start ?? "")}: ${series.map((of) => `${of.name} ${show(of.values[index] ?? null)}`).join(", ")}`;
  const follow = (/** @type {PointerEvent & {currentTarget: HTMLElement}} */ event) => {
    const box = event.currentTarget.getBoundingClientRect();
    setAt(Math.max(0, Math.min(last, Math.round(((event.clientX - box.left) / box.width) * last))));
  };
  const bucket = buckets[at];
  return html`<figure class="chart" ref=${place}>
    <figcaption class="readout">
      <span class="when">${bucket ? name(bucket.start) : total}</span>
      ${series.map((of) => html`<span key=${of.key}><${Mark} of=${of.key} />${of.name} <b>${bucket ? show(of.values[at] ?? null) : of.total}</b></span>`)}
    </figcaption>
    ${
      width > 0 &&
      html`<div class="plot">
      <svg width=${width} height=${height} aria-hidden="true">
        ${steps.map(
          (value) => html`<g key=${value}>
          <line class=${value === 0 ? "zero" : "grid"} x1=${left} x2=${width - RIGHT} y1=${y(value)} y2=${y(value)} />
          <text x=${left - 10} y=${y(value) + 5} text-anchor="end">${axis(value)}</text>
        </g>`,
        )}
        ${labels(buckets, tick, x, width).map(
          ({ index, text }) => html`<g key=${index}>
          <line class="zero" x1=${x(index)} x2=${x(index)} y1=${height - BOTTOM} y2=${height - BOTTOM + 6} />
          <text x=${x(index)} y=${height - 6} text-anchor=${index === 0 ? "start" : "middle"}>${text}</text>
        </g>`,
        )}
        ${series.map(({ key, before }) => before && html`<path key=${key} class=${`before ${key}`} d=${path(before, x, y, () => true)} />`)}
        ${series.map((of) => html`<${Line} key=${of.key} of=${of} buckets=${buckets} x=${x} y=${y} />`)}
        ${bucket && html`<line class="cursor" x1=${x(at)} x2=${x(at)} y1=${TOP} y2=${height - BOTTOM} />`}
        ${bucket && series.map(({ key, values }) => values[at] != null && html`<${Dot} key=${key} of=${key} kind="dot" x=${x(at)} y=${y(values[at] ?? 0)} size=${1} />`)}
      </svg>
      <input type="range" min="0" max=${last} value=${bucket ? at : last} style=${{ insetInlineStart: `${left}px`, inlineSize: `calc(100% - ${left + RIGHT}px)` }}
        aria-label=${`${label}: ${step}`} aria-valuetext=${sayPoint(bucket ? at : last)}
        onInput=${(/** @type {InputEvent & {currentTarget: HTMLInputElement}} */ event) => setAt(event.currentTarget.valueAsNumber)}
        onFocus=${() => at < 0 && setAt(last)} onBlur=${() => setAt(-1)} onPointerMove=${follow} onPointerLeave=${() => setAt(-1)} />
    </div>`
    }
  </figure>`;
}

/** @param {{of: Series, buckets: Bucket[], x: (index: number) => number, y: (value: number) => number}} of */
function Line({ of: { key, values }, buckets, x, y }) {
  const isCut = (/** @type {number} */ index) => buckets[index]?.part ?? false;
  const isNearCut = (/** @type {number} */ index) => isCut(index - 1) || isCut(index) || isCut(index + 1);
  const dots = buckets.length < 32 ? values : [];
  return html`<g class=${key}>
    <path class="part" d=${path(values, x, y, isNearCut)} />
    <path d=${path(values, x, y, (index) => !isCut(index))} />
    ${dots.map((value, index) => value != null && html`<${Dot} key=${index} of=${key} kind=${isCut(index) ? "dot hollow" : "dot"} x=${x(index)} y=${y(value)} size=${0.6} />`)}
  </g>`;
}

/** @param {{of: string, kind: string, x: number, y: number, size: number}} of */
const Dot = ({ of, kind, x, y, size }) =>
  html`<g class=${`${kind} ${of}`} transform=${`translate(${x} ${y}) scale(${size})`}><${Shape} of=${of} /></g>`;

/** @param {Values} values @param {(index: number) => number} x @param {(value: number) => number} y @param {(index: number) => boolean} keep */
function path(values, x, y, keep) {
  /** @type {import("d3-shape").Line<number | null>} */
  const draw = line();
  return draw
    .defined((value, index) => value != null && keep(index))
    .x((_, index) => x(index))
    .y((value) => y(value ?? 0))(values);
}

/** The labels of the axis that have room. @param {Bucket[]} buckets @param {(start: string, before: string | undefined) => string} tick
 * @param {(index: number) => number} x @param {number} width */
function labels(buckets, tick, x, width) {
  let free = 0;
  return buckets.flatMap(({ start }, index) => {
    const text = tick(start, buckets[index - 1]?.start);
    const room = (text.length * DIGIT) / 2;
    if (!text || (index > 0 && x(index) - room < free) || x(index) + room > width) return [];
    free = x(index) + (index === 0 ? 2 * room : room) + DIGIT;
    return [{ index, text }];
  });
}

/** @param {[number, number]} from @param {[number, number]} to */
const scale =
  ([a, b], [c, d]) =>
  (/** @type {number} */ value) =>
    c + ((value - a) / (b - a)) * (d - c);

/** The width of an element, known before the first picture. @returns {[any, number]} */
export function useWidth() {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, set] = useState(0);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => set(Math.floor(entry?.contentRect.width ?? 0)));
    if (place.current) {
      set(place.current.clientWidth);
      watch.observe(place.current);
    }
    return () => watch.disconnect();
  }, []);
  return [place, width];
}

/** @typedef {{key: string, name: string, share: number}} Part */

/** Parts of a whole: one bar a row, and below it a thin one with the parts of before.
 * @param {{rows: {title: string, parts: Part[], before?: Part[] | null, beforeTitle?: string}[], show: (share: number) => string}} of */
export const Shares = ({ rows, show }) => html`<div class="shares">
  ${rows.map(({ title, parts, before, beforeTitle }) => {
    const spans = (/** @type {Part[]} */ of) =>
      of.map(({ key, share }) => html`<span key=${key} class=${key} style=${{ flexGrow: Math.max(0, share) }}></span>`);
    const sayParts = (/** @type {Part[]} */ of) => of.map(({ name, share }) => `${name} ${show(share)}`).join(", ");
    return html`<div key=${title}>
      <h3>${title}</h3>
      <div class="bar" role="img" aria-label=${`${title}: ${sayParts(parts)}`}>${spans(parts)}</div>
      ${before && html`<div class="bar thin" role="img" aria-label=${`${title}, ${beforeTitle}: ${sayParts(before)}`}>${spans(before)}</div>`}
      <p class="ends">${parts.map(({ key, name, share }) => html`<span key=${key}><${Mark} of=${key} />${name} <b>${show(share)}</b></span>`)}</p>
    </div>`;
  })}
</div>`;

/** Bars from zero, one a row. @param {{label: string, rows: {title: any, value: number, text: string, extra?: string, kind?: string}[]}} of */
export function Bars({ label, rows }) {
  const most = Math.max(1e-9, ...rows.map(({ value }) => value));
  return html`<ul class="bars" aria-label=${label}>
    ${rows.map(
      ({ title, value, text, extra, kind }) => html`<li>
      <span>${title}</span>
      <span class="track" aria-hidden="true"><span class=${`fill ${kind ?? ""}`} style=${{ inlineSize: value > 0 ? `max(2px, ${(value / most) * 100}%)` : 0 }}></span></span>
      <b class="figure">${text}</b><span class="extra">${extra}</span>
    </li>`,
    )}
  </ul>`;
}

/** Two values on one scale, as a pair of marks. A value below the scale is an arrow at its edge.
 * @param {{pair: {key: string, value: number | null}[], from: number, to: number, label: string}} of */
export function Pair({ pair, from, to, label }) {
  const place = (/** @type {number} */ value) => ((Math.max(from, Math.min(to, value)) - from) / (to - from)) * 100;
  const known = pair.flatMap(({ value }) => (value == null ? [] : [place(value)]));
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return html`<span class="pair" role="img" aria-label=${label}>
    ${from < 0 && html`<span class="zero" style=${{ insetInlineStart: `${place(0)}%` }}></span>`}
    ${known.length > 1 && html`<span class="between" style=${{ insetInlineStart: `${low}%`, inlineSize: `${high - low}%` }}></span>`}
    ${pair.map(
      ({ key, value }) =>
        value != null &&
        html`<span key=${key} class="point" style=${{ insetInlineStart: `${place(value)}%` }}>
      ${value < from ? html`<i class=${key}>◂</i>` : html`<${Mark} of=${key} />`}
    </span>`,
    )}
  </span>`;
}
