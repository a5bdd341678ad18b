// A place for files: a button to choose them, one for a folder, and an area onto which they are dropped.
import { html, useState } from "../vendor/ui.js";

/** A file, with its path below the folder that was chosen. @typedef {{path: string, file: File}} Dropped */

/** @param {{label: string, files: string, folder: string, isDisabled: boolean, take: (dropped: Dropped[]) => void}} of */
export function Drop({ label, files, folder, isDisabled, take }) {
  const [isOver, note] = useState(false);
  const over = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    note(!isDisabled);
  };
  const drop = async (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    note(false);
    if (!isDisabled && event.dataTransfer) take(await droppedOf(event.dataTransfer));
  };
  const choose = (/** @type {Event & {currentTarget: HTMLInputElement}} */ { currentTarget }) => {
    const chosen = [...(currentTarget.files ?? [])];
    // The same files may be chosen again.
    currentTarget.value = "";
    take(chosen.map((file) => ({ path: file.webkitRelativePath || file.name, file })));
  };
  return html`<div class="drop" data-over=${isOver ? "" : null} onDragEnter=${over} onDragOver=${over} onDragLeave=${() => note(false)} onDrop=${drop}>
    <p>${label}</p>
    <p class="ways">
      <label class="button">${files}<input type="file" name="files" multiple disabled=${isDisabled} onChange=${choose} /></label>
      <label class="button">${folder}<input type="file" name="folder" webkitdirectory disabled=${isDisabled} onChange=${choose} /></label>
    </p>
  </div>`;
}

/** @param {DataTransfer} from */
async function droppedOf(from) {
  // Entries are gone after the first pause.
  const items = [...from.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const lists = entries.map(({ entry, file }) => {
    if (entry) return filesOf(entry);
    return file ? [{ path: file.name, file }] : [];
  });
  return (await Promise.all(lists)).flat();
}

/** The files of an entry, those of folders in it too. @param {FileSystemEntry} entry @returns {Promise<Dropped[]>} */
async function filesOf(entry) {
  if (entry.isFile) {
    const file = await new Promise((proceed, fail) => /** @type {FileSystemFileEntry} */ (entry).file(proceed, fail));
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((proceed, fail) => reader.readEntries(proceed, fail));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(filesOf))).flat();
}
