// What a browser downloads before the chat screen can be used, compressed as the server sends it. Fails beyond the budget.
import { readdirSync, readFileSync, statSync, existsSync } from "node:fs";
import { join } from "node:path";

const budget = 200 * 1000;
const dist = new URL("../dist/", import.meta.url).pathname;
const html = readFileSync(join(dist, "index.html"), "utf8");

const files = new Set(["index.html"]);
for (const [, path] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) files.add(path);
// Of the two catalogues one is loaded: the larger counts.
const catalogues = readdirSync(join(dist, "assets")).filter((name) => /^(fr|en)-[^.]*\.js$/.test(name));
const size = (file) => statSync(existsSync(join(dist, `${file}.br`)) ? join(dist, `${file}.br`) : join(dist, file)).size;
const [largest] = catalogues.map((name) => `assets/${name}`).toSorted((a, b) => size(b) - size(a));
if (largest) files.add(largest);

let total = 0;
for (const file of files) {
  const bytes = size(file);
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${file}`);
}
console.log(JSON.stringify({ figure: "web_first_load_bytes", value: total, goal: budget }));
if (total > budget) {
  console.error(`First load is ${total - budget} bytes over its budget: load something later.`);
  process.exit(1);
}
