// A place for files: a button to choose them, one for a folder if wanted, and an area onto which they are dropped.
import { html, useState } from "../vendor/ui.js";

/** A file, with its path below the folder that was chosen. @typedef {{path: string, file: File}} Dropped */

/** More files and folders than a page takes at once. */
export class TooMany extends Error {}

/** `folder`: words of the button for a folder, which is left out without them. `accept`: types of files that the button offers.
 * `most`: most files and folders at once. `take` gets a promise, which fails if a file can't be read, or with `TooMany`.
 * While it is disabled, the buttons keep the focus.
 * @param {{label: string, files: string, folder?: string, accept?: string, most: number, isDisabled: boolean, take: (dropped: Promise<Dropped[]>) => void}} of */
export function Drop({ label, files, folder = "", accept = "", most, isDisabled, take }) {
  const [isOver, note] = useState(false);
  const over = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    note(!isDisabled);
  };
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    note(false);
    if (!isDisabled && event.dataTransfer) take(droppedOf(event.dataTransfer, most));
  };
  const choose = (/** @type {Event & {currentTarget: HTMLInputElement}} */ { currentTarget }) => {
    const chosen = [...(currentTarget.files ?? [])];
    // The same files may be chosen again.
    currentTarget.value = "";
    if (!isDisabled) take(chosenOf(chosen, most));
  };
  const press = (/** @type {Event} */ event) => isDisabled && event.preventDefault();
  return html`<div class="drop" data-over=${isOver ? "" : null} onDragEnter=${over} onDragOver=${over} onDragLeave=${() => note(false)} onDrop=${drop}>
    <p>${label}</p>
    <p class="ways">
      <label class="button">${files}<input type="file" name="files" multiple accept=${accept || null} aria-disabled=${isDisabled} onClick=${press} onChange=${choose} /></label>
      ${folder && html`<label class="button">${folder}<input type="file" name="folder" webkitdirectory aria-disabled=${isDisabled} onClick=${press} onChange=${choose} /></label>`}
    </p>
  </div>`;
}

/** @param {File[]} chosen @param {number} most @returns {Promise<Dropped[]>} */
async function chosenOf(chosen, most) {
  if (chosen.length > most) throw new TooMany();
  return chosen.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** @param {DataTransfer} from @param {number} most @returns {Promise<Dropped[]>} */
async function droppedOf(from, most) {
  // Entries are gone after the first pause.
  const items = [...from.items].filter(({ kind }) => kind === "file");
  const all = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const entries = all.flatMap(({ entry }) => entry ?? []);
  const bare = all.flatMap(({ entry, file }) => (file && !entry ? { path: file.name, file } : []));
  return [...bare, ...(await filesOf(entries, most - bare.length))];
}

/** The files of entries, those of folders in them too. @param {FileSystemEntry[]} entries @param {number} most @returns {Promise<Dropped[]>} */
async function filesOf(entries, most) {
  /** @type {Dropped[]} */
  const found = [];
  const open = [...entries];
  // The list grows while it is read: a folder's entries come last.
  for (const entry of open) {
    if (open.length > most) throw new TooMany();
    if (entry.isFile) found.push(await fileOf(/** @type {FileSystemFileEntry} */ (entry)));
    else await list(/** @type {FileSystemDirectoryEntry} */ (entry), open, most);
  }
  return found;
}

/** @param {FileSystemFileEntry} entry @returns {Promise<Dropped>} */
async function fileOf(entry) {
  const file = await new Promise((proceed, fail) => entry.file(proceed, fail));
  return { path: entry.fullPath.replace(/^\//, ""), file };
}

/** Puts the entries of a folder at the end of a list, until it is too long.
 * @param {FileSystemDirectoryEntry} folder @param {FileSystemEntry[]} open @param {number} most */
async function list(folder, open, most) {
  const reader = folder.createReader();
  // A reader gives some entries at a time, and none at the end.
  while (open.length <= most) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((proceed, fail) => reader.readEntries(proceed, fail));
    if (!some.length) return;
    open.push(...some);
  }
}
