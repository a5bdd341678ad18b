// The files of a record in their order, and what can be done with each.
import { change } from "../kit/api.js";
import { Wrong, useSending } from "../kit/form.js";
import * as show from "../kit/format.js";
import { html, useEffect, useRef, useState } from "../vendor/ui.js";
import { Confirm } from "./confirm.js";
import { FileForm } from "./file-form.js";
import { focusCard } from "./listing.js";
import { Preview, download } from "./preview.js";
import { setup } from "./setup.js";

/** @typedef {import("./files.js").Attachment} Attachment */
/** @typedef {"change" | "remove" | "download"} Act */

/** Most images of a record that are shown. The others are there by their names. */
const PREVIEWS_MAX = 12;

/** `isBusy`: the files are read once more. `again` reads them. @param {{files: Attachment[], isProduct: boolean, mayWrite: boolean, isBusy: boolean,
 *   again: () => void}} of */
export function FileList({ files, isProduct, mayWrite, isBusy, again }) {
  const text = setup.value.files;
  const { isSending, problem, run } = useSending();
  const [open, setOpen] = useState(/** @type {{what: Act, of: Attachment} | null} */ (null));
  // A file that is moved in the page takes the focus from its button.
  const pressed = useRef("");
  useEffect(() => {
    if (pressed.current) document.getElementById(pressed.current)?.focus();
    pressed.current = "";
  }, [files]);
  const done = () => {
    again();
    focusCard("files");
  };
  const move = async (/** @type {string} */ button, /** @type {number} */ from, /** @type {number} */ to) => {
    await run(() => reorder(moved(files, from, to)));
    pressed.current = button;
    again();
  };
  const act = (/** @type {Act} */ what, /** @type {Attachment} */ of) =>
    what === "download" ? run(() => download(of)) : setOpen({ what, of });
  const close = () => setOpen(null);
  const images = files.filter(({ width }) => width != null);
  const shown = images.slice(0, PREVIEWS_MAX);
  return html`<${Wrong} problem=${problem} />
    <ol class="files" aria-busy=${isSending}>${files.map(
      (of, at) => html`<li key=${of.id}>
      <div class="preview">${shown.includes(of) && html`<${Preview} of=${of} />`}</div>
      <div><p><strong>${of.filename}</strong>${isProduct && of === images[0] && html` – ${text.main}`}</p>
        ${of.title && html`<p>${of.title}</p>`}
        <p><small>${sizeOf(of)}</small></p>
        <${Ways} of=${of} at=${at} count=${files.length} mayWrite=${mayWrite} isBusy=${isBusy || isSending} move=${move} act=${act} /></div></li>`,
    )}</ol>
    ${open?.what === "change" && html`<${FileForm} of=${open.of} close=${close} done=${done} />`}
    ${open?.what === "remove" && html`<${Confirm} title=${text.removeTitle(open.of.filename)} said=${text.removeSaid} verb=${text.remove} act=${() => remove(open.of)} close=${close} done=${done} />`}`;
}

/** The buttons of a file. @param {{of: Attachment, at: number, count: number, mayWrite: boolean, isBusy: boolean,
 *   move: (button: string, from: number, to: number) => void, act: (what: Act, of: Attachment) => void}} props */
function Ways({ of, at, count, mayWrite, isBusy, move, act }) {
  const text = setup.value.files;
  const arrow = (/** @type {"up" | "down"} */ way) => {
    const id = `${way}-${of.id}`;
    const to = way === "up" ? at - 1 : at + 1;
    const isOff = isBusy || to < 0 || to >= count;
    return html`<button type="button" class="quiet" id=${id} aria-disabled=${isOff} onClick=${() => !isOff && move(id, at, to)}>${text[way]}<span class="hidden">: ${of.filename}</span></button>`;
  };
  const button = (/** @type {Act} */ what) =>
    html`<button type="button" class="quiet" onClick=${() => act(what, of)}>${text[what]}<span class="hidden">: ${of.filename}</span></button>`;
  return html`<p class="ways">${mayWrite && html`${arrow("up")} ${arrow("down")} ${button("change")}`} ${button("download")} ${mayWrite && button("remove")}</p>`;
}

/** @param {Attachment} of */
const remove = ({ id, version }) => change("DELETE", `/v1/attachments/${id}`, undefined, version);

/** @param {Attachment} of */
function sizeOf({ width, height, size_bytes }) {
  const text = setup.value.files;
  const length = text.bytes(show.number(size_bytes / 1000));
  return width == null || height == null ? length : `${text.pixels(show.whole(width), show.whole(height))}, ${length}`;
}

/** The files with one of them at another place. @param {Attachment[]} files @param {number} from @param {number} to */
function moved(files, from, to) {
  const rest = files.filter((_, at) => at !== from);
  return [...rest.slice(0, to), ...files.slice(from, from + 1), ...rest.slice(to)];
}

/** Numbers the files in their new order. Those whose number is right stay as they are. @param {Attachment[]} files */
async function reorder(files) {
  for (const [position, { id, position: before, version }] of files.entries())
    if (position !== before) await change("PATCH", `/v1/attachments/${id}`, { position }, version);
}
