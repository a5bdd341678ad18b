// Bundles the packages of the pages into web/vendor, and copies the fonts and axe-core, each with its licence.
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const [web, axe] = process.argv.slice(2);
const bundles = {
  ui: `export { html, render } from "htm/preact";
    export { computed, effect, signal } from "@preact/signals";
    export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";`,
  draw: `export { nice, ticks } from "d3-array"; export { line } from "d3-shape";`,
};

const inputs = [];
for (const [name, contents] of Object.entries(bundles)) {
  const result = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    outfile: join(web, "vendor", `${name}.js`),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    metafile: true,
  });
  inputs.push(...Object.keys(result.metafile.inputs));
}
writeFileSync(join(web, "vendor", "NOTICE"), notice(inputs));

const font = "node_modules/@fontsource-variable/figtree";
mkdirSync(join(web, "fonts"), { recursive: true });
for (const part of ["latin", "latin-ext"]) {
  const file = `figtree-${part}-wght-normal.woff2`;
  copyFileSync(join(font, "files", file), join(web, "fonts", file));
}
copyFileSync(join(font, "LICENSE"), join(web, "fonts", "LICENSE"));

mkdirSync(axe, { recursive: true });
copyFileSync("node_modules/axe-core/axe.min.js", join(axe, "axe.min.js"));
copyFileSync("node_modules/axe-core/LICENSE", join(axe, "LICENSE"));

// Every package that gave a file to a bundle, with the text of its licence; equal texts once.
function notice(inputs) {
  const folders = new Set(
    inputs.map((path) => path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean),
  );
  const texts = new Map();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((file) => /^(licen[cs]e|copying)/i.test(file));
    const text = file ? readFileSync(join(folder, file), "utf8").replace(/\r\n/g, "\n") : `Licence: ${license}`;
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...texts].map(([text, packages]) => `${packages.join("\n")}\n\n${text.trim()}\n`);
  return `The scripts in this folder contain the packages below, minified.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
