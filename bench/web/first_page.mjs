// How long from asking for the page to its first screen, signed in, with a warm cache. BASTIDE_URL, BASTIDE_EMAIL and
// BASTIDE_PASSWORD name a running server; without them the mock server answers. Prints one line of JSON.
import { openBrowser, openPage, openServer, signIn } from "../../tests/web/e2e/browser.mjs";

const runs = 15;
const browser = await openBrowser();
const server = await openServer();
const page = await openPage(browser, server.url);
await signIn(page);
const times = [];
for (let run = 0; run < runs; run += 1) {
  await page.goto("/", { waitUntil: "commit" });
  await page.locator(".home h1").waitFor();
  // The paint itself, as the browser recorded it: what the person sees, without this program's own delays.
  const shown = await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime)).observe({ type: "largest-contentful-paint", buffered: true });
  }));
  times.push(shown);
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({ figure: "web_first_page_warm_ms", value: Math.round(times[Math.floor(runs / 2)]), p95: Math.round(times[Math.floor(runs * 0.95)]), goal: 300, runs }));
await browser.close();
await server.stop();
process.exit(0);
