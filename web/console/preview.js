// The content of a file: an image in small, or a file that the browser saves. An address of an image can't name a credential.
import { call } from "../kit/api.js";
import { html, useEffect, useState } from "../vendor/ui.js";

/** @typedef {import("./files.js").Attachment} Attachment */

/** The last image that is read. They are read one after another: a server has limited room for contents. */
let last = Promise.resolve();

/** An image. One that can't be read is left out: its name stands beside it. @param {{of: Attachment}} props */
export function Preview({ of }) {
  const [address, show] = useState("");
  useEffect(() => {
    let made = "";
    let isGone = false;
    const read = async () => {
      if (isGone) return;
      const content = await (await call(of.url)).blob();
      if (isGone) return;
      made = URL.createObjectURL(content);
      show(made);
    };
    last = last.then(read).catch(() => undefined);
    return () => {
      isGone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [of.url]);
  return address && html`<img src=${address} alt=${of.title ?? ""} />`;
}

/** Saves the content as the browser saves files. @param {Attachment} of */
export async function download({ url, filename }) {
  const address = URL.createObjectURL(await (await call(url)).blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = filename;
  link.click();
  // The browser has begun to save it by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
