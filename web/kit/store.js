// Texts that the browser keeps. A browser may forbid that or have no room left: then a text is kept until the page is closed.

/** @param {() => Storage} area */
function storeOf(area) {
  /** The texts that the browser did not take; null for one that was removed. @type {Map<string, string | null>} */
  const untaken = new Map();
  return {
    /** @param {string} name */
    read(name) {
      const text = untaken.get(name);
      if (text !== undefined) return text;
      try {
        return area().getItem(name);
      } catch {
        return null;
      }
    },
    /** @param {string} name @param {string | null} text Null removes it. */
    write(name, text) {
      try {
        if (text == null) area().removeItem(name);
        else area().setItem(name, text);
        untaken.delete(name);
      } catch {
        untaken.set(name, text);
      }
    },
  };
}

/** What stays when the browser is closed. */
export const lasting = storeOf(() => localStorage);
/** What ends with the tab. */
export const ofTab = storeOf(() => sessionStorage);

/** A list that was kept; an empty one if there is none. @param {string} name @returns {unknown[]} */
export function listOf(name) {
  try {
    const kept = JSON.parse(lasting.read(name) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
