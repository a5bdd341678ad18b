// Texts that the browser keeps. A browser may forbid that or have no room left: then a text is kept until the page is closed.

/** The beginning of the names of the editor's own texts. */
const OWN = "graphiql:";

// A store in the form of the browser's `Storage`, over the area that `area` returns.
export function storeOf(area) {
  // The texts that the browser did not take; null for one that was removed.
  const untaken = new Map();
  const write = (name, text) => {
    try {
      if (text === null) area().removeItem(name);
      else area().setItem(name, text);
      untaken.delete(name);
    } catch {
      untaken.set(name, text);
    }
  };
  return {
    getItem(name) {
      if (untaken.has(name)) return untaken.get(name);
      try {
        return area().getItem(name);
      } catch {
        return null;
      }
    },
    setItem: (name, text) => write(name, String(text)),
    removeItem: (name) => write(name, null),
    get length() {
      return untaken.size;
    },
    clear() {
      untaken.clear();
      try {
        for (const name of Object.keys(area())) if (name.startsWith(OWN)) area().removeItem(name);
      } catch {
        // There was nothing but the texts above.
      }
    },
  };
}
