// Every screen in French and English, light and dark, wide and narrow: nothing for axe to say, nothing that scrolls
// sideways, and a picture of each in build/screens/.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { answered, ask, openBrowser, openPage, openServer, real, screens, setupToken, signIn } from "./browser.mjs";

const sizes = { wide: { width: 1280, height: 860 }, narrow: { width: 400, height: 860 } };
let browser;
let server;
before(async () => {
  browser = await openBrowser();
  server = await openServer({ wordMs: 2 });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function inspect(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(250);
  await page.screenshot({ path: `${screens}/${name}.png` });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${name} scrolls sideways by ${overflow} px`);
  const clipped = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    return [...document.querySelectorAll("main button, main a, main h1, main input, dialog, [role=dialog] button")]
      .filter((element) => {
        const box = element.getBoundingClientRect();
        const scrolls = element.closest(".tablewrap, pre, .panel");
        return box.width > 0 && !scrolls && (box.right > width + 1 || box.left < -1);
      })
      .map((element) => element.outerHTML.slice(0, 120));
  });
  assert.deepEqual(clipped, [], `${name}: nothing beyond the edge`);
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 4).join(" | ")}`), [], name);
}

const question = { fr: "Combien de jours de télétravail à 80 %, et qui doit donner son accord ?", en: "Table of télétravail days, please" };

async function tour(page, name, language) {
  await page.goto("/sign-in");
  await page.locator("input[name=email]").waitFor();
  await inspect(page, `${name}-sign-in`);
  await signIn(page);
  await inspect(page, `${name}-home`);
  if (!real) {
    await page.goto("/?collection=rh");
    await page.locator(".chip--on").waitFor();
  }
  await ask(page, question[language]);
  await answered(page);
  await inspect(page, `${name}-chat`);
  const cite = page.locator("article.msg button.cite").first();
  if ((await cite.count()) > 0) {
    await cite.click();
    await page.locator(".viewer__page").waitFor();
    await page.waitForTimeout(400);
    await inspect(page, `${name}-sources`);
    await page.keyboard.press("Escape");
  }
  const receipt = page.locator(".slip a[href^='/receipt/']").last();
  await receipt.click();
  await page.locator(".walk li").first().waitFor();
  await inspect(page, `${name}-receipt`);
  await page.goto("/documents");
  await page.locator(".page h1").waitFor();
  await page.waitForTimeout(300);
  await inspect(page, `${name}-documents`);
  if (!real) {
    await page.goto("/documents/rh");
    await page.locator(".file__name").first().waitFor();
    await inspect(page, `${name}-collection`);
    await page.goto("/d/temps?passage=temps-1");
    await page.locator(".sheet mark").waitFor();
    await inspect(page, `${name}-document`);
  }
  await page.goto("/settings");
  await page.locator(".settings h1").waitFor();
  await inspect(page, `${name}-settings`);
  await page.goto("/usage");
  await page.locator(".facts").waitFor();
  await inspect(page, `${name}-usage`);
  await page.locator(".chip[aria-pressed=false]").click();
  await page.locator(".usage__select").nth(1).selectOption("person");
  await page.locator("table tbody tr").first().waitFor();
  await inspect(page, `${name}-usage-all`);
  await page.goto("/people");
  await page.locator(".person").first().waitFor();
  await inspect(page, `${name}-people`);
  await page.goto("/models");
  await page.locator(".model").first().waitFor();
  if (!real) {
    await page.locator(".model", { hasText: "Qwen3 8B" }).getByRole("button").click();
    await page.locator(".model__failure").waitFor();
    await page.locator(".model", { hasText: "Qwen3 4B" }).getByRole("button").click();
    await page.locator(".model").getByRole("progressbar").waitFor();
  }
  await inspect(page, `${name}-models`);
}

// Four of the eight cover every pair of language, theme and width; BASTIDE_ALL=1 walks them all.
const everyday = new Set(["fr, light, wide", "fr, dark, narrow", "en, light, narrow", "en, dark, wide"]);

for (const language of ["fr", "en"]) {
  for (const theme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(sizes)) {
      const name = `${language}, ${theme}, ${size}`;
      it(name, { skip: !process.env.BASTIDE_ALL && !everyday.has(name) }, async () => {
        await server.reset({ language: real ? null : language });
        const page = await openPage(browser, server.url, { locale: language === "fr" ? "fr-FR" : "en-GB", dark: theme === "dark", ...viewport });
        try {
          await tour(page, `${language}-${theme}-${size}`, language);
          assert.deepEqual(page.problems, []);
        } finally {
          await page.context().close();
        }
      });
    }
  }
}

describe("what opens over a screen", real ? { skip: "the mock's data" } : {}, () => {
  for (const [size, viewport] of Object.entries(sizes)) {
    it(size, async () => {
      await server.reset({ noticeSeen: false });
      const page = await openPage(browser, server.url, viewport);
      try {
        await signIn(page, { notice: "leave" });
        await page.getByRole("dialog").waitFor();
        await inspect(page, `over-${size}-notice`);
        await page.getByRole("button", { name: "J’ai compris" }).click();
        await page.getByRole("button", { name: /^Modèle/ }).click();
        await page.getByRole("listbox").waitFor();
        await inspect(page, `over-${size}-model`);
        await page.getByRole("option", { name: /Mistral Large/ }).click();
        await page.getByRole("button", { name: "Choisir des documents" }).click();
        await page.locator(".picker input[type=search]").waitFor();
        await inspect(page, `over-${size}-picker`);
        await page.keyboard.press("Escape");
        await page.locator(".composer textarea").fill("Écris à Camille Roux au 06 12 34 56 78 ou camille.roux@valmont.fr");
        await page.locator(".masked").waitFor();
        await inspect(page, `over-${size}-preview`);
        await page.keyboard.press("Control+k");
        await page.getByRole("combobox").waitFor();
        await inspect(page, `over-${size}-palette`);
        await page.keyboard.press("Escape");
        await page.goto("/documents");
        await page.getByRole("button", { name: "Nouvelle collection" }).click();
        await page.getByRole("dialog").waitFor();
        await inspect(page, `over-${size}-new-collection`);
        if (size === "narrow") {
          await page.keyboard.press("Escape");
          await page.getByRole("button", { name: "Menu" }).click();
          await page.locator(".app[data-rail]").waitFor();
          await inspect(page, "over-narrow-rail");
        }
        assert.deepEqual(page.problems, []);
      } finally {
        await page.context().close();
      }
    });
  }

  it("first start", async () => {
    for (const [size, viewport] of Object.entries(sizes)) {
      await server.reset({ setup: true });
      const page = await openPage(browser, server.url, viewport);
      await page.goto(`/welcome#${setupToken}`);
      await page.locator("input[name=name]").fill("Claire Fabre");
      await inspect(page, `first-${size}-admin`);
      await page.locator("input[name=email]").fill("claire.fabre@valmont.fr");
      await page.locator("input[name=password]").fill("une place ouverte");
      await page.locator("button[type=submit]").click();
      await page.getByRole("button", { name: /Charger/ }).waitFor();
      await inspect(page, `first-${size}-steps`);
      await page.context().close();
    }
  });

  it("320 px, which is 1280 px at 400 %", async () => {
    await server.reset({ language: "fr" });
    const page = await openPage(browser, server.url, { width: 320, height: 640 });
    await tour(page, "tiny", "fr");
    await page.context().close();
  });
});

describe("calm", real ? { skip: "the mock's pace" } : {}, () => {
  it("nothing that was there moves while an answer grows, and the scroll stays where it was put", async () => {
    await server.reset({ language: "fr" });
    await server.set({ wordMs: 12 });
    const page = await openPage(browser, server.url);
    await signIn(page);
    await page.goto("/?collection=rh");
    await page.locator(".chip--on").waitFor();
    await page.evaluate(() => {
      window.shifts = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          for (const { node, previousRect: was, currentRect: is } of entry.sources) {
            const element = node instanceof Element ? node : node?.parentElement;
            // The end of the text, and the room kept under it, go down as it grows: that is growing.
            if (!element?.closest(".thread") || element.closest(".caret, .slip")) continue;
            window.shifts.push(`${element.className} ${was.x},${was.y} → ${is.x},${is.y}`);
          }
        }
      }).observe({ type: "layout-shift", buffered: false });
    });
    await ask(page, question.fr);
    await page.locator("article.msg[aria-busy=true]").waitFor();
    await page.waitForTimeout(600);
    await page.evaluate(() => {
      window.shifts = [];
      // The prose is never empty again once it has begun.
      window.lows = [];
      let high = 0;
      const look = () => {
        const height = document.querySelector("article.msg .prose")?.clientHeight ?? 0;
        if (height < high) window.lows.push(`${high} → ${height}`);
        high = Math.max(high, height);
        requestAnimationFrame(look);
      };
      look();
    });
    await answered(page);
    await page.waitForTimeout(300);
    assert.deepEqual(await page.evaluate(() => window.shifts), []);
    assert.deepEqual(await page.evaluate(() => window.lows), [], "never shorter");

    await ask(page, "un texte long");
    await page.locator(".prose p").nth(14).waitFor();
    await page.locator(".thread__box .scroll").evaluate((element) => { element.scrollTop = 40; });
    await page.locator(".thread__more").waitFor();
    await page.waitForTimeout(400);
    assert.ok(Math.abs((await page.locator(".thread__box .scroll").evaluate((element) => element.scrollTop)) - 40) < 2, "stays");
    await page.locator(".thread__more").click();
    await page.waitForTimeout(300);
    const fromEnd = await page.locator(".thread__box .scroll").evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    assert.ok(fromEnd < 60, `follows again, ${fromEnd} px from the end`);
    await page.context().close();
  });

  it("a thousand conversations are a few rows in the page", async () => {
    await server.reset({ many: 1000, language: "fr" });
    const page = await openPage(browser, server.url);
    await signIn(page);
    await page.locator(".rail__row").nth(5).waitFor();
    const rail = page.locator(".rail__list");
    for (let step = 0; step < 12; step += 1) {
      await rail.evaluate((element) => { element.scrollTop = element.scrollHeight; });
      await page.waitForTimeout(60);
    }
    assert.ok((await page.locator(".rail__row").count()) < 80);
    await page.context().close();
  });
});
