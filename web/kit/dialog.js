// A question in front of the page. The page behind it can't be used until it is closed.
import { html, useLayoutEffect, useRef } from "../vendor/ui.js";

/** The element that had the focus gets it back; the page does if that element is gone.
 * @param {{title: string, close: () => void, children: any}} of */
export function Dialog({ title, close, children }) {
  /** @type {{current: HTMLDialogElement | null}} */
  const box = useRef(null);
  const isOpen = useRef(true);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = box.current;
    dialog?.showModal();
    return () => {
      isOpen.current = false;
      dialog?.close();
      const isThere = before instanceof HTMLElement && before.isConnected;
      (isThere ? before : document.getElementById("main"))?.focus({ preventScroll: true });
    };
  }, []);
  const cancel = (/** @type {Event} */ event) => {
    event.preventDefault();
    close();
  };
  // A browser may close it without the question.
  const closed = () => isOpen.current && close();
  return html`<dialog ref=${box} aria-labelledby="dialog-title" onCancel=${cancel} onClose=${closed}>
    <h2 id="dialog-title">${title}</h2>
    ${children}
  </dialog>`;
}
