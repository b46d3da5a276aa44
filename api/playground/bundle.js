// Bundles the script, the style sheet and the workers of the page into static/, each also compressed.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const { metafile } = await build({
  entryPoints: {
    playground: "source/main.js",
    icon: "source/icon.svg",
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
  },
  outdir: "static",
  assetNames: "[name]",
  loader: { ".svg": "copy", ".ttf": "file" },
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  metafile: true,
});

const packages = new Set(
  Object.keys(metafile.inputs).flatMap((file) => file.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? []),
);
const licenses = await Promise.all([...packages].sort().map(license));
await writeFile("static/licenses.txt", licenses.join("\n"));
for (const file of await readdir("static")) {
  await writeFile(`static/${file}.gz`, gzipSync(await readFile(`static/${file}`), { level: 9 }));
}

async function license(folder) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  return `${name} ${version} (${license})\n\n${file ? await readFile(`${folder}/${file}`, "utf8") : ""}`;
}
