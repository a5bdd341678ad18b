// The words of the sections for prices, files, sign-in, custom roles, jobs, rates and accounts. Only a reader who opens one of these loads them.
import { language } from "../kit/format.js";
import { effect, signal } from "../vendor/ui.js";

/** @type {Record<"en" | "de", () => Promise<{default: typeof import("../words/console/setup/en.js").default}>>} */
const LANGUAGES = {
  en: () => import("../words/console/setup/en.js"),
  de: () => import("../words/console/setup/de.js"),
};

export const setup = signal((await LANGUAGES[language.value]()).default);
effect(() => {
  const name = language.value;
  LANGUAGES[name]().then((found) => {
    if (name === language.peek()) setup.value = found.default;
  });
});
