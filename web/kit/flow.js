// A map of what flows between places: boxes on a ring, and arrows. The edge that is broken lies in the middle. Readers of the
// screen's text get the same from a table.
import { html } from "../vendor/ui.js";
import { useWidth } from "./chart.js";

/** @typedef {{id: string, name: string, note: string}} Node */
/** `text` stands at the edge. @typedef {{from: string, to: string, kind: "usual" | "faulty" | "broken", text: string}} Edge */
/** @typedef {{x: number, y: number}} Point */

/** Below this width the broken edge stands upright. */
const NARROW = 560;
const STEPS = 40;
/** Space between a box and an arrow. */
const GAP = 5;
const NAME_MAX = 14;
/** An edge that passes the center within so many pixels goes across it. */
const NEAR = 30;
/** Most pixels that it is bent. */
const ACROSS = 110;

/** @param {{nodes: Node[], edges: Edge[]}} of */
export function Flow({ nodes, edges }) {
  const [place, width] = useWidth();
  const isNarrow = width < NARROW;
  const box = isNarrow ? { x: 104, y: 50 } : { x: 132, y: 56 };
  const height = (isNarrow ? 440 : 340) + Math.max(0, nodes.length - 6) * 40;
  const broken = edges.find(({ kind }) => kind === "broken");
  const at = placed(ordered(nodes, broken), { x: width, y: height }, box, isNarrow);
  // The broken edge is drawn last, on top.
  const rank = { usual: 0, faulty: 1, broken: 2 };
  const drawn = [...edges].sort((a, b) => rank[a.kind] - rank[b.kind]);
  return html`<div class="flow" ref=${place} aria-hidden="true">
    ${
      width > 0 &&
      html`<svg width=${width} height=${height}>
      ${drawn.map((edge) => html`<${Arrow} center=${{ x: width / 2, y: height / 2 }} key=${`${edge.from} ${edge.to}`} edge=${edge} from=${at.get(edge.from)} to=${at.get(edge.to)} box=${box} isNarrow=${isNarrow} />`)}
      ${nodes.map(({ id, name, note }) => html`<${Box} key=${id} at=${at.get(id)} box=${box} name=${name} note=${note} isEnd=${id === broken?.from || id === broken?.to} />`)}
    </svg>`
    }
  </div>`;
}

/** The ends of the broken edge at the ends of the list, the others between them. @param {Node[]} nodes @param {Edge | undefined} broken */
function ordered(nodes, broken) {
  const first = nodes.find(({ id }) => id === broken?.from) ?? nodes[0];
  const last = nodes.find(({ id }) => id === broken?.to) ?? nodes.at(-1);
  const between = nodes.filter((node) => node !== first && node !== last);
  return { first, last, between };
}

/** @param {ReturnType<typeof ordered>} nodes @param {Point} size @param {Point} box @param {boolean} isNarrow @returns {Map<string, Point>} */
function placed({ first, last, between }, size, box, isNarrow) {
  const half = Math.ceil(between.length / 2);
  const arc = (/** @type {number} */ index, /** @type {number} */ count) => (Math.PI * (index + 1)) / (count + 1);
  /** @type {[Node | undefined, number][]} */
  const angles = [
    [first, 0],
    ...between.slice(0, half).map((node, index) => /** @type {[Node, number]} */ ([node, arc(index, half)])),
    [last, Math.PI],
    ...between
      .slice(half)
      .map((node, index) => /** @type {[Node, number]} */ ([node, -arc(index, between.length - half)])),
  ];
  // From the left over the top to the right; upright from the top over the right to the foot.
  const turn = isNarrow ? -Math.PI / 2 : Math.PI;
  return new Map(
    angles.flatMap(([node, angle]) => {
      if (!node) return [];
      const x = size.x / 2 + ((size.x - box.x) / 2 - 2) * Math.cos(turn + angle);
      const y = size.y / 2 + ((size.y - box.y) / 2 - 2) * Math.sin(turn + angle);
      return [/** @type {[string, Point]} */ ([node.id, { x, y }])];
    }),
  );
}

/** @param {{at: Point | undefined, box: Point, name: string, note: string, isEnd: boolean}} of */
function Box({ at, box, name, note, isEnd }) {
  if (!at) return null;
  const shown = name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name;
  return html`<g class=${isEnd ? "node end" : "node"} transform=${`translate(${at.x} ${at.y})`}>
    <rect x=${-box.x / 2} y=${-box.y / 2} width=${box.x} height=${box.y} rx="10" />
    <text class="name" y="-3" text-anchor="middle">${shown}</text>
    <text y="16" text-anchor="middle">${note}</text>
  </g>`;
}

/** @param {{edge: Edge, from: Point | undefined, to: Point | undefined, center: Point, box: Point, isNarrow: boolean}} of */
function Arrow({ edge: { kind, text }, from, to, center, box, isNarrow }) {
  if (!from || !to) return null;
  const points = curve(from, to, kind === "broken" ? 0 : bend(from, to, center)).filter(
    (point) => !isIn(point, from, box) && !isIn(point, to, box),
  );
  const [end, before] = [points.at(-1), points.at(-2)];
  const middle = points[points.length >> 1];
  if (!end || !before || !middle) return null;
  const turn = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI;
  const label = isNarrow ? -70 : -20;
  return html`<g class=${`edge ${kind}`}>
    <path d=${`M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`} />
    <path class="head" d="M0 0L-11 5.5L-11 -5.5Z" transform=${`translate(${end.x} ${end.y}) rotate(${turn})`} />
    ${
      kind === "broken" &&
      html`<g class="cross" transform=${`translate(${middle.x} ${middle.y})`}>
      <circle r="12" /><path d="M-5 -5L5 5M-5 5L5 -5" />
      <text y=${label} text-anchor="middle">${text}</text>
    </g>`
    }
    ${kind === "faulty" && html`<text x=${middle.x} y=${middle.y + 5} text-anchor="middle">${text}</text>`}
  </g>`;
}

/** How far an edge is bent to its right, in parts of its length. Edges go round the center, one way farther out than the other; those
 * across it keep to their right. @param {Point} from @param {Point} to @param {Point} center */
function bend(from, to, center) {
  const side = (to.x - from.x) * (center.y - from.y) - (to.y - from.y) * (center.x - from.x);
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (Math.abs(side) < length * NEAR) return Math.min(0.2, ACROSS / length);
  return side > 0 ? -0.08 : 0.22;
}

/** The points of an edge that is bent to its right. @param {Point} from @param {Point} to @param {number} bend */
function curve(from, to, bend) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const control = { x: from.x + dx / 2 - dy * bend, y: from.y + dy / 2 + dx * bend };
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const t = step / STEPS;
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    return { x: a * from.x + b * control.x + c * to.x, y: a * from.y + b * control.y + c * to.y };
  });
}

/** @param {Point} point @param {Point} center @param {Point} box */
const isIn = (point, center, box) =>
  Math.abs(point.x - center.x) < box.x / 2 + GAP && Math.abs(point.y - center.y) < box.y / 2 + GAP;
