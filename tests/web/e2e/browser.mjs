// What every browser test needs: a Chromium, a server, somebody signed in. BASTIDE_URL with BASTIDE_EMAIL and
// BASTIDE_PASSWORD points the same tests at a real server; those that need the mock's faults are skipped there.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import * as mock from "../mock-api.mjs";
import { start } from "../mock-server.mjs";

export const real = process.env.BASTIDE_URL ?? "";
export const email = process.env.BASTIDE_EMAIL ?? mock.email;
export const password = process.env.BASTIDE_PASSWORD ?? mock.password;
export const setupToken = mock.setupToken;
export const screens = process.env.BASTIDE_SCREENS ?? fileURLToPath(new URL("../../../build/screens/", import.meta.url));
mkdirSync(screens, { recursive: true });

export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.BASTIDE_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"] });
}

export async function openServer(options = {}) {
  if (real) return { url: real, stop: async () => {}, reset: async () => {}, set: async () => {}, down: async () => {}, asked: async () => [] };
  const server = await start(0, options);
  const call = async (path, body = {}) => (await fetch(`${server.url}/mock/${path}`, { method: "POST", body: JSON.stringify(body) })).json();
  return {
    url: server.url,
    stop: server.stop,
    reset: (body) => call("reset", body),
    set: (body) => call("set", body),
    down: (ms) => call("down", { ms }),
    asked: async () => (await call("set")).asked,
  };
}

export async function openPage(browser, url, { locale = "fr-FR", width = 1280, height = 860, dark = false, extra = {} } = {}) {
  const context = await browser.newContext({
    baseURL: url, locale, viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"], ...extra,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.problems = [];
  page.on("console", (message) => {
    // A refused request is the browser's line for what the page itself shows.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.problems.push(message.text());
  });
  page.on("pageerror", (error) => page.problems.push(String(error)));
  return page;
}

export async function signIn(page, { notice = "read" } = {}) {
  await page.goto("/sign-in");
  await page.locator("input[name=email]").fill(email);
  await page.locator("input[name=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.locator(".home h1").waitFor();
  const session = await (await page.request.get("/api/session")).json();
  if (notice === "read" && session.notice_seen === false) await page.locator(".dialog .btn--primary").click();
}

export async function ask(page, text) {
  await page.locator(".composer textarea").last().fill(text);
  await page.keyboard.press("Enter");
}

export const lastAnswer = (page) => page.locator("article.msg").last();

export async function answered(page) {
  await page.locator("article.msg .slip:not(.slip--open)").last().waitFor();
  await page.locator("article.msg[aria-busy=true]").waitFor({ state: "detached" });
}
