// Bundles src/ into one script and one style sheet, and collects the licences of what is in them.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const [folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const result = await build({
  entryPoints: ["src/main.jsx"],
  outfile: join(folder, "graphiql.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
  write: false,
});

// The system's fonts do: the bundled ones are five times the rest of the style sheet.
const withoutFonts = (css) => css.replace(/@font-face\s*\{[^}]*\}/g, "");
for (const file of result.outputFiles) {
  const text = file.path.endsWith(".css") ? withoutFonts(file.text) : file.text;
  writeFileSync(file.path, text);
}
writeFileSync(join(folder, "index.html"), readFileSync("src/index.html"));
writeFileSync(join(folder, "NOTICE"), notice(Object.keys(result.metafile.inputs)));

// Every package that gave a file to the bundle, with the text of its licence; equal texts once.
function notice(inputs) {
  const folders = new Set(inputs.map((path) => path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean));
  const texts = new Map();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = licenceText(folder) ?? `Licence: ${license}`;
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...texts].map(([text, packages]) => `${packages.join("\n")}\n\n${text.trim()}\n`);
  return `graphiql.js and graphiql.css contain the packages below, minified.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

// The licence file of a package, or of the package that it is a part of.
function licenceText(folder) {
  const name = readdirSync(folder).find((file) => /^(licen[cs]e|copying)/i.test(file));
  if (name) {
    return readFileSync(join(folder, name), "utf8").replace(/\r\n/g, "\n");
  }
  const readme = join(folder, "README.md");
  const section = existsSync(readme) && readFileSync(readme, "utf8").match(/\n#+ licen[cs]e[\s\S]*/i)?.[0];
  return section ? section.trim() : undefined;
}
