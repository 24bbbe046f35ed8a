// The main job, as a person does it: sign in, ask, read the sources, drop documents, and come through every fault.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { answered, ask, email, openBrowser, openPage, openServer, password, real, screens, setupToken, signIn } from "./browser.mjs";

const mockOnly = real ? { skip: "needs the mock server's faults or its documents" } : {};
let browser;
let server;
let page;

before(async () => {
  browser = await openBrowser();
  server = await openServer({ wordMs: 5 });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(async () => {
  await server.reset({ language: "fr" });
  page = await openPage(browser, server.url);
});
afterEach(async (test) => {
  if (!test.passed && page) await page.screenshot({ path: `${screens}/failed-${test.name.replace(/\W+/g, "-")}.png` }).catch(() => {});
  const problems = page?.problems ?? [];
  await page?.context().close();
  if (test.passed) assert.deepEqual(problems, [], "nothing in the console");
});

const button = (name) => page.getByRole("button", { name });
const askAbout = async (text) => {
  await page.goto("/?collection=rh");
  await page.locator(".chip--on").waitFor();
  await ask(page, text);
};

describe("the door", () => {
  it("says what is wrong and keeps the address", async () => {
    await page.goto("/");
    await page.locator("input[name=email]").fill(email);
    await page.locator("input[name=password]").fill("pas le bon mot");
    await page.locator("button[type=submit]").click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.locator("input[name=email]").inputValue(), email);
  });

  it("leads back to where one wanted to go", async () => {
    await page.goto("/documents");
    await page.locator("input[name=email]").fill(email);
    await page.locator("input[name=password]").fill(password);
    await page.locator("button[type=submit]").click();
    await page.getByRole("heading", { name: "Documents", level: 1 }).waitFor();
  });

  it("lets one out again", async () => {
    await signIn(page);
    await page.locator(".me").click();
    await page.getByRole("menuitem", { name: "Se déconnecter" }).click();
    await page.locator("input[name=password]").waitFor();
    await page.goto("/documents");
    await page.locator("input[name=password]").waitFor();
  });

  it("makes the first administrator, offers the sample, and answers within it", mockOnly, async () => {
    await server.reset({ setup: true, noticeSeen: false, language: null });
    await page.goto(`/welcome#${setupToken}`);
    await page.locator("input[name=name]").fill("Claire Fabre");
    await page.locator("input[name=email]").fill("claire.fabre@valmont");
    await page.locator("input[name=password]").fill(password);
    await page.locator("button[type=submit]").click();
    await page.getByText("Il manque une partie de l’adresse").waitFor();
    await page.locator("input[name=email]").fill(email);
    await page.locator("button[type=submit]").click();
    await button("Charger la collection d’exemple").click();
    await button(/Combien de jours/).click();
    await button("J’ai compris").click();
    await page.locator(".chip--on").waitFor();
    await page.locator(".composer textarea").press("Enter");
    await answered(page);
    await page.locator("button.cite").first().waitFor();
    assert.equal(new URL(page.url()).hash, "");
    await page.reload();
    await page.locator("article.msg").waitFor();
    assert.equal(await button("J’ai compris").count(), 0, "said once");
  });
});

describe("asking", () => {
  beforeEach(() => signIn(page));

  it("streams an answer into its own page, and the composer keeps the focus", async () => {
    await ask(page, "Bonjour");
    await page.waitForURL(/\/c\//);
    await answered(page);
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), "TEXTAREA");
    await page.getByText("Généré par IA").waitFor();
    await page.getByText(/Wh|jetons/).first().waitFor();
  });

  it("opens the passage of a citation, and Escape returns to its number", mockOnly, async () => {
    await askAbout("Combien de jours de télétravail à 80 % ?");
    await answered(page);
    const number = page.locator("article.msg button.cite").first();
    await number.click();
    await page.getByText("Page 7 sur 24").first().waitFor();
    assert.equal(await page.locator(".hitbox").count(), 3);
    await page.getByRole("button", { name: "Page suivante" }).click();
    await page.getByText("Page 8 sur 24").first().waitFor();
    assert.equal(await page.locator(".hitbox").count(), 0);
    await page.locator("[data-source='2']").click();
    await page.locator(".sheet mark").first().waitFor();
    assert.match(await page.locator(".sheet mark").first().innerText(), /Le jour non travaillé/);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".panel").count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("data-marker")), "1");
  });

  it("can be used without a pointer: message by message, source by number", mockOnly, async () => {
    await askAbout("Combien de jours ?");
    await answered(page);
    await page.keyboard.press("Alt+ArrowUp");
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Réponse");
    await page.keyboard.press("2");
    await page.locator(".sheet mark").first().waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("c");
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).includes("[1] Accord télétravail 2026, p. 7"));
    const html = await page.evaluate(async () => (await (await navigator.clipboard.read())[0].getType("text/html")).text());
    assert.match(html, /<strong>deux jours par semaine au plus<\/strong>/);
    assert.doesNotMatch(html, /<button/);
  });

  it("makes branches by editing and by asking again, and goes between them", async () => {
    await ask(page, "Première question");
    await answered(page);
    await button("Refaire la réponse").last().click();
    await page.getByText("2/2").waitFor();
    await answered(page);
    await button("Version précédente").click();
    await page.getByText("1/2").waitFor();
    await page.keyboard.press("Tab");
    await page.locator(".composer textarea").press("ArrowUp");
    await page.locator(".asked--edit textarea").fill("Question changée");
    await page.keyboard.press("Enter");
    await page.locator(".msg--user", { hasText: "Question changée" }).waitFor();
    await answered(page);
    await button("Version précédente").first().click();
    await page.locator(".msg--user", { hasText: "Première question" }).waitFor();
    await page.reload();
    await page.locator(".msg--user", { hasText: "Première question" }).waitFor();
  });

  it("stops, keeps what is written, and goes on", mockOnly, async () => {
    await ask(page, "un texte long");
    await page.locator(".prose p").nth(1).waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Réponse arrêtée").first().waitFor();
    const kept = await page.locator("article.msg .prose").innerText();
    await button("Reprendre la suite").click();
    await page.waitForFunction((before) => (document.querySelector("article.msg .prose")?.textContent?.length ?? 0) > before, kept.length + 200);
    await page.keyboard.press("Escape");
    await page.locator(".outcome--cut").waitFor();
  });

  it("lets the next question wait its turn", mockOnly, async () => {
    await ask(page, "un texte long");
    await page.waitForURL(/\/c\//);
    await page.locator("article.msg[aria-busy=true]").waitFor();
    await ask(page, "Et ensuite ?");
    await page.locator(".queue li", { hasText: "Et ensuite ?" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".msg--user", { hasText: "Et ensuite ?" }).waitFor();
    await answered(page);
    assert.equal(await page.locator(".queue").count(), 0);
  });

  it("gives quotes only, word for word", mockOnly, async () => {
    await page.goto("/?collection=rh");
    await button("Citations seulement").click();
    await ask(page, "Temps partiel ?");
    await answered(page);
    assert.equal(await page.locator(".outcome .quote").count(), 2);
    await page.getByText("aucun mot n’a été ajouté").waitFor();
    assert.equal(await page.getByText("Généré par IA").count(), 0, "nothing was generated");
  });

  it("says why it quotes when the model's answer did not hold", mockOnly, async () => {
    await askAbout("Et l’intéressement ?");
    await page.getByText("n’était pas appuyée par vos documents").waitFor();
  });

  it("says so when nothing answers, and offers to go on without documents", mockOnly, async () => {
    await askAbout("Et la lune ?");
    await page.getByText("Pas de réponse dans vos documents").waitFor();
    await button("Répondre sans documents").click();
    await page.getByText("2/2").waitFor();
    await answered(page);
  });

  it("chooses documents by # without leaving the text", mockOnly, async () => {
    const field = page.locator(".composer textarea");
    await field.fill("Combien de jours #ress");
    await page.getByRole("option", { name: /Ressources humaines/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".chip--on", { hasText: "Ressources humaines" }).waitFor();
    assert.equal(await field.inputValue(), "Combien de jours ");
  });

  it("shows what is masked before and after, and the answer's real values", mockOnly, async () => {
    await button(/^Modèle/).click();
    await page.getByRole("option", { name: /Mistral Large/ }).click();
    await page.locator(".composer textarea").fill("Écris à camille.roux@valmont.fr au 06 12 34 56 78");
    await page.getByText("Ce que le modèle recevra").waitFor();
    assert.deepEqual(await page.locator(".masked .mask").allInnerTexts(), ["EMAIL_1", "TELEPHONE_1"]);
    await page.keyboard.press("Enter");
    await answered(page);
    await page.locator(".maskedlist summary").click();
    await page.locator(".maskedlist dd", { hasText: "EMAIL_1" }).waitFor();
    assert.match(await page.locator("article.msg .prose").innerText(), /camille\.roux@valmont\.fr/);
  });

  it("shows a refusal calmly, and the allowed model first", mockOnly, async () => {
    await button(/^Modèle/).click();
    await page.getByRole("option", { name: /GPT-5/ }).click();
    await ask(page, "Bonjour");
    await page.getByText("Non envoyé : la règle l’interdit").first().waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
    await button("Répondre avec Ministral 8B").click();
    await answered(page);
  });

  it("opens how it was answered", async () => {
    await ask(page, "Bonjour");
    await answered(page);
    await page.getByRole("link", { name: /D’où vient cette réponse/ }).click();
    await page.getByRole("heading", { name: /D’où vient cette réponse/, level: 1 }).waitFor();
    await page.locator(".walk li").first().waitFor();
    assert.ok((await page.locator(".walk li").count()) >= 7);
  });

  it("finds, renames and deletes a conversation, with a way back", async () => {
    await ask(page, "Quelque chose sur les girafes");
    await answered(page);
    await button("Autres actions").click();
    await page.getByRole("menuitem", { name: "Renommer" }).click();
    await page.getByLabel("Titre de la conversation").fill("Le long cou");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Le long cou", level: 1 }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("girafe");
    await page.getByRole("option", { name: /Le long cou/ }).waitFor();
    await page.keyboard.press("Escape");
    await button("Autres actions").click();
    await page.getByRole("menuitem", { name: "Effacer" }).click();
    await page.locator(".home h1").waitFor();
    assert.equal(await page.locator(".rail__row", { hasText: "Le long cou" }).count(), 0);
    await button("Annuler").click();
    await page.locator(".rail__row", { hasText: "Le long cou" }).waitFor();
  });
});

describe("faults", mockOnly, () => {
  beforeEach(() => signIn(page));

  it("a reload in the middle of an answer goes on", async () => {
    await ask(page, "un texte long");
    await page.locator(".prose p").nth(1).waitFor();
    await page.reload();
    await page.locator(".prose p").nth(4).waitFor();
    assert.match(await page.locator(".prose p").first().innerText(), /^Paragraphe 1\./);
    const all = await page.locator(".prose").innerText();
    assert.equal(all.match(/Paragraphe 2\./g)?.length, 1, "nothing twice");
  });

  it("a second window sees the same answer grow", async () => {
    await ask(page, "un texte long");
    await page.waitForURL(/\/c\//);
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.locator(".prose p").nth(3).waitFor();
  });

  it("a cut connection is taken up again where it broke", async () => {
    await server.set({ cutAfter: 30 });
    await ask(page, "un texte long");
    await page.locator(".prose p").nth(4).waitFor();
    const all = await page.locator(".prose").innerText();
    assert.match(all, /^Paragraphe 1\. Bonjour\. Je peux vous aider à écrire, résumer, comparer ou chercher dans vos documents\. Que souhaitez-vous faire \?\s+Paragraphe 2\./);
  });

  it("a server that is away is said, the text is kept, and it is sent once when it is back", async () => {
    await ask(page, "Bonjour");
    await answered(page);
    await server.down(3_500);
    await ask(page, "Une question pendant la panne");
    await page.getByText("Le serveur ne répond pas.").waitFor();
    assert.equal(await page.locator(".composer textarea").inputValue(), "Une question pendant la panne");
    await page.locator(".msg--user", { hasText: "Une question pendant la panne" }).waitFor({ timeout: 15_000 });
    await answered(page);
    assert.equal((await server.asked()).filter((text) => text === "Une question pendant la panne").length, 1);
    assert.equal(await page.locator(".composer textarea").inputValue(), "");
  });

  it("an interrupted answer is kept and marked", async () => {
    await ask(page, "interromps-toi");
    await page.getByText("Réponse interrompue").first().waitFor();
    assert.match(await page.locator("article.msg .prose").innerText(), /^Bonjour/);
    await button("Reprendre la suite").click();
    await answered(page);
    assert.equal(await page.locator(".outcome--cut").count(), 0);
  });

  it("a failed answer says what to do", async () => {
    await ask(page, "échoue donc");
    await page.getByText("La réponse n’a pas pu être donnée").first().waitFor();
    await button("Refaire la réponse").first().waitFor();
  });

  it("what is typed survives a reload", async () => {
    await page.locator(".composer textarea").fill("un brouillon");
    await page.reload();
    await page.locator(".home h1").waitFor();
    assert.equal(await page.locator(".composer textarea").inputValue(), "un brouillon");
  });

  it("a session that ended leads to the door and back", async () => {
    await page.goto("/documents/rh");
    await page.getByRole("heading", { name: "Ressources humaines", level: 1 }).waitFor();
    await page.context().clearCookies();
    await page.getByRole("link", { name: "Interroger" }).click();
    await page.locator("input[name=email]").fill(email);
    await page.locator("input[name=password]").fill(password);
    await page.locator("button[type=submit]").click();
    await page.locator(".chip--on", { hasText: "Ressources humaines" }).waitFor();
  });
});

describe("documents", () => {
  beforeEach(() => signIn(page));

  it("takes twenty files at once, each with its fate", mockOnly, async () => {
    await page.goto("/documents");
    await button("Nouvelle collection").click();
    await page.getByLabel("Nom", { exact: true }).fill("Essai");
    await page.getByRole("radio", { name: "Confidentiel" }).check();
    await page.getByRole("radio", { name: /Tout le monde/ }).check();
    await button("Créer la collection").click();
    await page.getByRole("heading", { name: "Essai", level: 1 }).waitFor();
    const files = Array.from({ length: 18 }, (_, index) => ({ name: `note-${index}.txt`, mimeType: "text/plain", buffer: Buffer.from(`Note ${index}`) }));
    files.push({ name: "archive.zip", mimeType: "application/zip", buffer: Buffer.from("PK") }, { name: "broken.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF") });
    await page.locator("input[type=file]").setInputFiles(files);
    await page.getByText("Décompressez l’archive et déposez le dossier.").waitFor();
    await page.getByRole("button", { name: /Prêts\s*18/ }).waitFor({ timeout: 20_000 });
    await page.getByRole("button", { name: /À traiter\s*1/ }).click();
    await page.getByText("Fichier endommagé").waitFor();
    assert.equal(await page.locator(".file__state .bad").count(), 2, "the upload that failed and the file that failed");
  });

  it("deletes a file with a way back", mockOnly, async () => {
    await page.goto("/documents/rh");
    // The list draws the rows near the screen only.
    await page.getByRole("searchbox").fill("Suivi");
    await button("Actions pour Suivi des effectifs").click();
    await page.getByRole("menuitem", { name: "Effacer" }).click();
    await page.getByRole("link", { name: "Suivi des effectifs" }).waitFor({ state: "detached" });
    await button("Annuler").click();
    await page.getByRole("link", { name: "Suivi des effectifs" }).waitFor();
  });

  it("asks before deleting a collection, with the number", mockOnly, async () => {
    await page.goto("/documents/rh");
    await button("Autres actions").click();
    await page.getByRole("menuitem", { name: "Effacer la collection" }).click();
    await page.getByRole("alertdialog").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Garder");
    await button("Effacer 10 fichiers").click();
    await page.getByRole("heading", { name: "Documents", level: 1 }).waitFor();
    await page.getByText("Achats et marchés").waitFor();
    assert.equal(await page.getByText("Ressources humaines").count(), 0);
  });

  it("shows the same page for what is missing and what may not be read", async () => {
    await page.goto("/documents/nulle-part");
    await page.getByRole("heading", { name: "Rien à cette adresse" }).waitFor();
    await page.goto("/c/nulle-part");
    await page.getByRole("heading", { name: "Rien à cette adresse" }).waitFor();
  });
});

describe("settings", () => {
  beforeEach(() => signIn(page));

  it("changes the language and the theme at once", mockOnly, async () => {
    await page.goto("/settings");
    await page.getByRole("radio", { name: "English" }).check();
    await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
    await page.getByRole("radio", { name: "Dark" }).check();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.reload();
    await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  });

  it("shows a key's secret once, changes it, and revokes it", async () => {
    await page.goto("/settings");
    await button("Créer une clé").click();
    await page.getByRole("dialog").getByLabel("Nom").fill("Outil des marchés");
    await page.getByRole("dialog").getByLabel("Durée de vie").selectOption("90");
    await page.getByRole("dialog").getByText("Limiter ce que la clé peut faire").click();
    await page.getByRole("dialog").getByLabel("Adresses autorisées").fill("127.0.0.0/8");
    await page.getByRole("dialog").getByRole("button", { name: "Créer une clé" }).click();
    await page.locator(".secret code").waitFor();
    const secret = await page.locator(".secret code").innerText();
    assert.ok(secret.length > 20);
    await button("Je l’ai gardée").click();
    const row = page.getByRole("row", { name: /^Outil des marchés/ });
    await row.getByText("127.0.0.0/8").waitFor();
    assert.equal(await page.getByText(secret).count(), 0);
    await row.getByRole("button").click();
    await page.getByRole("menuitem", { name: "Changer le secret" }).click();
    await page.getByText("L’ancien secret ouvre encore").waitFor();
    assert.notEqual(await page.locator(".secret code").innerText(), secret);
    await button("Je l’ai gardée").click();
    await row.getByRole("button").click();
    await page.getByRole("menuitem", { name: "Révoquer" }).click();
    await button("Révoquer la clé").click();
    await row.waitFor({ state: "detached" });
  });

  it("invites a person with a link that is shown once", mockOnly, async () => {
    await page.goto("/people");
    await button("Inviter").click();
    await page.getByRole("dialog").getByLabel("Nom").fill("Léa Martin");
    await page.getByRole("dialog").getByLabel("Adresse professionnelle").fill("lea.martin@valmont.fr");
    await button("Créer l’invitation").click();
    const link = await page.locator(".secret code", { hasText: "/welcome#" }).innerText();
    await page.context().clearCookies();
    await page.goto(link);
    await page.getByRole("heading", { name: "Bienvenue" }).waitFor();
    await page.locator("input[name=password]").fill("trois mots courants");
    await page.locator("button[type=submit]").click();
    await page.locator(".home h1").waitFor();
    await page.goto(link);
    await page.getByRole("heading", { name: "Ce lien ne sert plus" }).waitFor();
  });
});

describe("models", () => {
  beforeEach(() => signIn(page));
  const model = (name) => page.getByRole("article", { name });

  it("shows what each needs, and what was measured", mockOnly, async () => {
    await page.goto("/");
    await page.getByRole("link", { name: "Modèles" }).click();
    await page.getByText("Libre en ce moment : 9,3 Go de mémoire.").waitFor();
    await model("multilingual-e5-small").getByText("1 843 jetons/s").waitFor();
    await model("multilingual-e5-small").getByText("12 mWh pour 1 000 jetons (RAPL). Calculé par le processeur, 20 nov. 2026.").waitFor();
    await model("Ministral 3 8B").getByText("bastide model bench ministral-3-8b").waitFor();
    await model("gpt-oss 20B").getByText("Plus que ce qui est libre.").waitFor();
    assert.equal(await model("gpt-oss 20B").getByRole("link", { name: /source/ }).getAttribute("href"), "https://arxiv.org/abs/2508.10925");
  });

  it("fetches one, by keyboard, and says when it is there", mockOnly, async () => {
    await page.goto("/models");
    await model("Qwen3 4B").getByRole("button", { name: "Récupérer Qwen3 4B" }).focus();
    await page.keyboard.press("Enter");
    await model("Qwen3 4B").getByRole("progressbar", { name: "Récupération de Qwen3 4B" }).waitFor();
    await model("Qwen3 4B").getByText(/Go sur 2,5.Go/).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Annuler Qwen3 4B", "the focus stays");
    await page.getByText("Qwen3 4B est installé.").first().waitFor();
    await page.getByRole("region", { name: "Sur cette machine" }).getByRole("article", { name: "Qwen3 4B" }).waitFor();
  });

  it("ends one on the way", mockOnly, async () => {
    await page.goto("/models");
    await model("Qwen3 4B").getByRole("button", { name: "Récupérer" }).click();
    await model("Qwen3 4B").getByRole("button", { name: "Annuler" }).click();
    await model("Qwen3 4B").getByRole("button", { name: "Récupérer" }).waitFor();
    assert.equal(await model("Qwen3 4B").getByRole("progressbar").count(), 0);
  });

  it("tells what failed, and tries again", mockOnly, async () => {
    await page.goto("/models");
    await model("Qwen3 8B").getByRole("button", { name: "Récupérer" }).click();
    await model("Qwen3 8B").getByText("Le serveur n’a pas ce fichier.").waitFor();
    await page.getByText("Qwen3 8B n’a pas pu être récupéré.").first().waitFor();
    await model("Qwen3 8B").getByRole("button", { name: "Réessayer" }).click();
    await model("Qwen3 8B").getByRole("progressbar").waitFor();
  });
});

describe("usage", () => {
  beforeEach(() => signIn(page));

  it("tells what one used, what is left, and turns to the month before", async () => {
    await page.goto("/usage");
    await page.getByRole("heading", { name: "Consommation", level: 1 }).waitFor();
    await page.locator(".facts").waitFor();
    assert.match(await page.getByRole("link", { name: "Tableau CSV" }).getAttribute("href"), /^\/api\/me\/usage\.csv\?from=\d{4}-\d\d-01&to=/);
    const month = await page.locator(".usage__month").innerText();
    await button("Mois précédent").click();
    assert.notEqual(await page.locator(".usage__month").innerText(), month);
    assert.equal(await page.locator(".budgets").count(), 0, "a budget is of now");
  });

  it("warns of a budget that is nearly spent", mockOnly, async () => {
    await page.goto("/usage");
    await page.getByText("80 % atteints").waitFor();
    await page.getByText("4,20 € sur 5,00 €").waitFor();
  });

  it("tells of a nearly spent budget on every page until it is read", mockOnly, async () => {
    const of = (id, scope, name) => ({ id, at: "2026-11-22T10:00:00Z", scope, name, unit: "money", period: "month", limit: 5, spent: 4.2 });
    await server.reset({ notices: [of("ntc_1", "person:p1", ""), of("ntc_2", "group:g1", "Comptabilité")] });
    await signIn(page);
    const notices = page.getByRole("region", { name: "Avis" });
    await notices.getByText(/Votre budget, ce mois\s: 84\s% sont consommés/).waitFor();
    await notices.getByText("« Comptabilité »").waitFor();
    await page.goto("/documents");
    const read = notices.getByRole("button", { name: "Marquer comme lu" });
    await read.first().focus();
    await page.keyboard.press("Enter");
    await notices.getByText("Votre budget").waitFor({ state: "detached" });
    assert.equal(await read.count(), 1);
    await page.reload();
    await notices.getByText("« Comptabilité »").waitFor();
    assert.equal(await read.count(), 1, "what was read stays read");
  });

  it("shows an administrator the organisation's, by person too", mockOnly, async () => {
    await page.goto("/usage");
    await button("L’organisation").click();
    await page.getByText("Épuisé").waitFor();
    await page.getByText("Lignes d’usage retrouvées : 214.").waitFor();
    await page.getByRole("combobox", { name: "Regrouper" }).selectOption("person");
    await page.getByRole("cell", { name: "Camille Roux" }).waitFor();
  });
});
