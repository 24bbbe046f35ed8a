// How long from asking for the page to its first screen, signed in, with a warm cache, against the real server.
//   node bench/web/first_page.mjs [BINARY]      default build/release/bastide; "mock" measures the mock server
// BASTIDE_URL, BASTIDE_EMAIL and BASTIDE_PASSWORD name a running server instead. Prints one line of JSON a figure.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { email, openBrowser, openPage, openServer, password, signIn } from "../../tests/web/e2e/browser.mjs";

const runs = 15;
const binary = process.argv[2] ?? "build/release/bastide";

async function openReal() {
  const data = mkdtempSync(join(tmpdir(), "bastide-first-page-"));
  const added = spawnSync(binary, ["user", "add", email, "--role", "admin", "--password-stdin", "--data", data], { input: password });
  if (added.status !== 0) throw new Error(`${binary}: ${added.stderr ?? added.error}`);
  const process_ = spawn(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise((resolve, reject) => {
    let text = "";
    process_.stdout.on("data", (bytes) => {
      text += bytes;
      const found = /Bastide is ready: (http:\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
    process_.on("exit", () => reject(new Error("the server ended")));
  });
  const stop = () =>
    new Promise((resolve) => {
      process_.removeAllListeners("exit");
      process_.on("exit", () => resolve(rmSync(data, { recursive: true, force: true })));
      process_.kill("SIGTERM");
    });
  return { url, stop };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const say = (figure, value, more = {}) => console.log(JSON.stringify({ figure, value, ...more }));

const browser = await openBrowser();
const server = binary === "mock" || process.env.BASTIDE_URL ? await openServer() : await openReal();
const page = await openPage(browser, server.url);
await signIn(page);
const devtools = await page.context().newCDPSession(page);
await devtools.send("Performance.enable");
const cpu = async () => {
  const { metrics } = await devtools.send("Performance.getMetrics");
  return 1000 * metrics.find((one) => one.name === "TaskDuration").value;
};
const shown = [];
const busy = [];
let requests = [];
for (let run = 0; run < runs; run += 1) {
  const before = await cpu();
  await page.goto("/", { waitUntil: "commit" });
  await page.locator(".home h1").waitFor();
  // The paint itself, as the browser recorded it: what the person sees, without this program's own delays.
  shown.push(await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime)).observe({ type: "largest-contentful-paint", buffered: true });
  })));
  requests = await page.evaluate(() => {
    const until = performance.getEntriesByType("paint").at(-1)?.startTime ?? Number.POSITIVE_INFINITY;
    return [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter((one) => one.startTime <= until)
      .map((one) => ({ name: new URL(one.name).pathname, at: one.startTime, wait: one.responseStart - one.requestStart, bytes: one.transferSize }));
  });
  const after = await cpu();
  busy.push(after >= before ? after - before : after);
}
say("web_first_page_warm_ms", Math.round(median(shown)), { p95: Math.round(shown.toSorted((a, b) => a - b)[Math.floor(runs * 0.95)]), goal: 300, runs });
say("web_first_page_main_thread_ms", Math.round(median(busy)));
say("web_first_page_requests", requests.filter((one) => one.bytes > 0).length, { with_cached: requests.length });
say("web_first_page_bytes", requests.reduce((sum, one) => sum + one.bytes, 0));
say("web_first_page_slowest_answer_ms", Math.round(10 * Math.max(...requests.map((one) => one.wait))) / 10, { of: requests.toSorted((a, b) => b.wait - a.wait)[0]?.name });
if (process.env.VERBOSE) for (const one of requests) console.error(one.name, Math.round(one.at), one.wait.toFixed(1), one.bytes);
await browser.close();
await server.stop();
process.exit(0);
