// The main job in a real browser against a real server with a real model. tests/e2e/test_main_job.py starts it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const { AxeBuilder } = require("@axe-core/playwright");
const url = process.env.BASTIDE_URL;
const screens = new URL("../../build/screens/", import.meta.url).pathname;
mkdirSync(screens, { recursive: true });
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
});
after(() => browser?.close());

async function signedIn(options = {}) {
  const context = await browser.newContext({ baseURL: url, locale: "fr-FR", viewport: { width: 1280, height: 860 }, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.failures = [];
  page.on("pageerror", (error) => page.failures.push(String(error)));
  await page.goto("/sign-in");
  await page.locator("input[name=email]").fill(process.env.BASTIDE_EMAIL);
  await page.locator("input[name=password]").fill(process.env.BASTIDE_PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.locator(".composer textarea").first().waitFor();
  const notice = page.getByRole("button", { name: /J’ai compris|I understand/ });
  await page.waitForTimeout(300);
  if (await notice.count()) await notice.click();
  return page;
}

async function axe(page, name) {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  assert.deepEqual(found.violations.map((v) => `${name}: ${v.id} ${v.nodes[0]?.target}`), []);
}

test("asks the documents, opens a source at its passage, and reads how it was answered", async () => {
  const page = await signedIn();
  const composer = page.locator(".composer textarea").last();
  await page.getByRole("button", { name: /Choisir des documents/ }).click();
  await page.getByText("Ressources humaines").last().click();
  await page.keyboard.press("Escape");
  await composer.fill("Combien de jours par semaine un agent à temps partiel peut-il télétravailler ?");
  await page.keyboard.press("Enter");
  await page.getByText("deux jours par semaine").first().waitFor();
  await page.getByRole("button", { name: /Source 1/ }).first().waitFor();
  await axe(page, "chat");
  await page.getByRole("button", { name: /Source 1/ }).first().click();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `${screens}real-chat-fr.png` });
  const quoted = (await page.locator(".source[aria-current=true] .source__quote").innerText()).replace(/^«\s*|\s*»$/g, "");
  assert.equal((await page.locator(".sheet mark").allInnerTexts()).join(""), quoted, "the quote's own words are highlighted, and no more");
  // Reload: it is all there.
  await page.reload();
  await page.getByText("deux jours par semaine").first().waitFor();
  await page.getByRole("link", { name: /D’où vient cette réponse/ }).or(page.getByRole("button", { name: /D’où vient cette réponse/ })).first().click();
  await page.locator("h1").getByText(/D’où vient/).waitFor();
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${screens}real-receipt-fr.png`, fullPage: true });
  await axe(page, "receipt");
  await page.getByRole("button", { name: "Vérifier la preuve" }).click();
  await page.getByText("La preuve tient").waitFor();
  await page.getByText(/signée par la clé/).waitFor();
  assert.deepEqual(page.failures, []);
});

test("talks with the local model in English, in the dark, at 400 px", async () => {
  const page = await signedIn({ locale: "en-GB", viewport: { width: 400, height: 800 }, colorScheme: "dark" });
  const composer = page.locator(".composer textarea").last();
  await composer.fill("Say hello in one sentence.");
  await page.keyboard.press("Enter");
  await page.getByText(/How was this answered/).filter({ visible: true }).first().waitFor({ timeout: 90_000 });
  await page.screenshot({ path: `${screens}real-chat-narrow-dark-en.png` });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scrolling");
  await axe(page, "narrow");
  assert.deepEqual(page.failures, []);
});

test("adds files and shows each one's fate", async () => {
  const page = await signedIn();
  await page.goto("/documents");
  await page.getByText("Ressources humaines").first().click();
  await page.waitForURL(/\/documents\/.+/);
  await page.locator("input[type=file]").first().setInputFiles([
    { name: "horaires.md", mimeType: "text/markdown", buffer: Buffer.from("# Horaires\n\nLa mairie ouvre à neuf heures.") },
    { name: "casse.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 rien") },
  ]);
  await page.getByText("Horaires").first().waitFor();
  await page.getByText(/endommagé|n’est pas/).first().waitFor({ timeout: 60_000 });
  await page.screenshot({ path: `${screens}real-documents-fr.png` });
  await axe(page, "documents");
  assert.deepEqual(page.failures, []);
});
