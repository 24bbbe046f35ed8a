// The API in memory. One person, one organisation; state is made anew by reset().
import { randomUUID } from "node:crypto";
import { answers, citations, cited, contents, documents, labels, models, passages, questions } from "./mock-data.mjs";
import { receiptOf } from "./mock-receipt.mjs";
import { advance, shelfModels } from "./mock-models.mjs";
import { myUsage, organisationUsage } from "./mock-usage.mjs";

export const email = "claire.fabre@valmont.fr";
export const password = "une place ouverte";
export const setupToken = "first-start-token";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => new Date().toISOString();

export function makeApi(options = {}) {
  let state;

  function reset({ setup = false, noticeSeen = true, many = 0, language = null, notices = [] } = {}) {
    for (const stream of state?.streams.values() ?? []) stream.stopped = true;
    state = {
      setup,
      person: setup ? null : { id: "p1", email, name: "Claire Fabre", role: "admin", language },
      password,
      noticeSeen,
      sessions: new Map(),
      conversations: new Map(),
      streams: new Map(),
      receipts: new Map(),
      notices,
      collections: new Map(),
      documents: new Map(documents().map((doc) => [doc.id, doc])),
      sample: { state: "absent", collection: null },
      keys: [],
      links: new Map(),
      people: [
        { id: "p1", email, name: "Claire Fabre", role: "admin" },
        { id: "p2", email: "camille.roux@valmont.fr", name: "Camille Roux", role: "member" },
        { id: "p3", email: "idris.diallo@valmont.fr", name: "Idris Diallo", role: "manager" },
      ],
      shelf: shelfModels(),
      groups: [{ id: "g1", name: "Ressources humaines", members: [`user:${email}`, "user:camille.roux@valmont.fr"] }],
      wordMs: options.wordMs ?? 25,
      downUntil: 0,
      cutAfter: 0,
      asked: [],
    };
    state.collections.set("rh", { id: "rh", name: "Ressources humaines", label: "internal", readers: ["group:Ressources humaines", "group:Direction"], may_write: true, created_at: "2026-11-01T08:00:00Z" });
    state.collections.set("achats", { id: "achats", name: "Achats et marchés", label: "confidential", readers: [], may_write: true, created_at: "2026-11-02T08:00:00Z" });
    const day = 86_400_000;
    const titles = ["Synthèse du comité de direction", "Courrier : réponse à une réclamation", "Comparer trois devis de nettoyage", "Traduction de la note d’accueil", "Formule Excel : jours ouvrés", "Plan de formation 2027", "Questions sur l’accord d’intéressement", "Fiche de poste, chargé de mission"];
    [0.01, 0.02, 1.01, 1.1, 1.2, 3, 4, 6].forEach((days, index) => seed(`old-${index}`, titles[index], days * day));
    for (let index = 0; index < many; index += 1) seed(`many-${index}`, `Conversation ${index}`, 8 * day + index * 3_600_000);
  }

  function seed(id, title, agoMs) {
    const at = new Date(Date.now() - agoMs).toISOString();
    const question = { id: `${id}-q`, parent: null, speaker: "user", content: title, state: "complete", created_at: at };
    const answer = answerMessage({ id: `${id}-a`, parent: question.id, content: answers.plain, created_at: at, state: "complete", stream: "" });
    state.conversations.set(id, { id, title, created_at: at, updated_at: at, leaf: answer.id, messages: [question, answer], label: "internal" });
  }

  function answerMessage(part) {
    const exchange = `ex-${randomUUID().slice(0, 10)}`;
    return {
      speaker: "assistant", generated: true, exchange, model: "small", model_name: "Ministral 8B", place: { kind: "walls", zone: "walls" },
      label: "internal", citations: [], usage: { input_tokens: 2918, output_tokens: 125 }, energy: { wh_low: 0.21, wh_high: 0.34, gco2e_low: 0.012, gco2e_high: 0.019 }, took_ms: 2400, ...part,
    };
  }

  const documentsOf = (id) => [...state.documents.values()].filter((doc) => doc.collection === id);
  const collectionView = (one) => ({ ...one, documents: documentsOf(one.id).length, ready: documentsOf(one.id).filter((doc) => doc.state === "ready").length });

  function page(rows, url, name, limitDefault = 50) {
    const limit = Math.min(200, Number(url.searchParams.get("limit") ?? limitDefault));
    const from = Number(url.searchParams.get("after") || 0);
    return { [name]: rows.slice(from, from + limit), next: from + limit < rows.length ? String(from + limit) : null };
  }

  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  // ---- answering -------------------------------------------------------------------------------------------------

  function findPersonal(text) {
    const found = [];
    for (const [type, pattern] of [["email", /[\w.+-]+@[\w-]+\.[\w.]+/g], ["phone", /\b0\d(?: ?\d\d){4}\b/g], ["iban", /\bFR\d{2}(?: ?[\dA-Z]{4}){5} ?\d{3}\b/g], ["person", /\bCamille Roux\b/g]]) {
      let n = 0;
      for (const match of text.matchAll(pattern)) found.push({ type, start: match.index, end: match.index + match[0].length, original: match[0], token: `${{ email: "EMAIL", phone: "TELEPHONE", iban: "IBAN", person: "PERSONNE" }[type]}_${++n}` });
    }
    return found;
  }

  function routeFor(model, label, leaves) {
    const forbidden = (one) => labels.walls_only.includes(label) ? one.place.kind !== "walls" : one.place.kind === "outside";
    const wanted = !model || model === "auto" ? "small" : model;
    const candidates = models.map((one) => ({ model: one.id, allowed: !forbidden(one), reason: forbidden(one) ? "label_not_allowed_in_zone" : one.id === wanted ? "chosen" : one.id === "tiny" ? "too_small_for_documents" : "allowed", text: "" }));
    const chosen = models.find((one) => one.id === wanted);
    return { candidates, chosen, refused: !chosen || forbidden(chosen), leaves };
  }

  function event(stream, name, data) {
    stream.events.push({ id: stream.events.length + 1, name, data });
    for (const wake of stream.waiting) wake();
    stream.waiting.clear();
  }

  function plan(ask) {
    const text = ask.content;
    const personal = findPersonal(text);
    const label = ask.label ?? labels.default;
    const route = routeFor(ask.model, label);
    if (route.refused) return { kind: "refused", route, label };
    const masked = route.chosen.place.kind === "walls" ? [] : personal.map(({ type, token, original }) => ({ type, token, original }));
    const documentsAsked = (ask.collections ?? []).length > 0;
    let answer = answers.plain;
    let quoting = null;
    let used = [];
    if (/lune|moon/i.test(text) && documentsAsked) quoting = "nothing_found";
    else if (/intéressement|profit/i.test(text) && documentsAsked) quoting = "not_supported";
    else if (ask.quote_only) quoting = "asked";
    else if (/texte long/i.test(text)) answer = Array.from({ length: 30 }, (_, index) => `Paragraphe ${index + 1}. ${answers.plain}`).join("\n\n");
    else if (documentsAsked) {
      answer = answers.cited;
      used = citations;
    } else if (/tableau|table/i.test(text)) answer = answers.rich;
    if (masked.length > 0) answer = `C’est noté : j’écrirai à ${masked.map((item) => item.original).join(", ")}.`;
    if (quoting === "nothing_found") answer = "Pas de réponse dans vos documents. Bastide préfère ne rien affirmer.";
    else if (quoting) {
      used = citations.slice(0, 2);
      answer = used.map((one) => `> ${one.quote} [${one.marker}]`).join("\n\n");
    }
    return { kind: /échou|fail/i.test(text) ? "failed" : /interromp|interrupt/i.test(text) ? "interrupted" : "answer", answer, quoting, used, masked, route, label, documentsAsked };
  }

  async function run(conversation, message, stream, ask, before = "") {
    const plan_ = plan(ask);
    const decide = async (name, decision, reasons = []) => {
      event(stream, "stage", { name, decision, reasons });
      await wait(state.wordMs * 2);
    };
    const finish = (part) => {
      Object.assign(message, part);
      conversation.updated_at = now();
      state.receipts.set(message.exchange, receiptOf({ message, conversation, plan: plan_ }));
      stream.ended = true;
    };
    event(stream, "start", { message: message.id, exchange: message.exchange });
    await decide("identify", "known");
    await decide("admit", "admitted");
    await decide("label", plan_.label);
    await decide("guard_in", "allow");
    if (plan_.kind === "refused") {
      const error = { code: "refused_by_policy", detail_code: "label_not_allowed", status: 403, detail: "La règle n’autorise pas ce modèle pour cette étiquette.", action: "Choisissez un modèle dans les murs.", label: plan_.label, candidates: plan_.route.candidates, exchange: message.exchange };
      finish({ state: "refused", error, content: "", energy: null, model: ask.model, model_name: models.find((one) => one.id === ask.model)?.name, label: plan_.label });
      event(stream, "error", error);
      return;
    }
    await decide("retrieve", plan_.documentsAsked ? "found" : "none", plan_.documentsAsked ? ["14 passages kept, 11 set aside, of 214060 that this person may read."] : ["No collection was asked."]);
    await decide("compose", "composed");
    await decide("route", plan_.route.chosen.id);
    if (plan_.masked.length > 0) event(stream, "masked", { items: plan_.masked });
    if (plan_.kind === "failed") {
      const error = { code: "upstream", status: 502, detail: "Le modèle n’a pas répondu.", action: "Réessayez, ou choisissez un autre modèle.", exchange: message.exchange };
      finish({ state: "failed", error, content: "", energy: null });
      event(stream, "error", error);
      return;
    }
    if (before) event(stream, "delta", { text: before });
    for (const citation of plan_.used) event(stream, "citation", citation);
    const words = plan_.answer.slice(before && plan_.answer.startsWith(before) ? before.length : 0).match(/\s*\S{1,9}/g) ?? [];
    let sent = before;
    for (const [index, word] of words.entries()) {
      if (stream.stopped) {
        finish({ state: "stopped", content: sent, citations: plan_.used });
        event(stream, "done", { ...message });
        return;
      }
      if (plan_.kind === "interrupted" && index === 12 && !before) {
        const error = { code: "upstream", status: 502, detail: "Le modèle s’est arrêté.", action: "", exchange: message.exchange };
        finish({ state: "interrupted", content: sent, error });
        event(stream, "error", error);
        return;
      }
      sent += word;
      message.content = sent;
      event(stream, "delta", { text: word });
      await wait(state.wordMs);
    }
    const { chosen } = plan_.route;
    finish({
      state: "complete", content: plan_.answer, citations: plan_.used, label: plan_.label,
      ...(plan_.quoting ? { quoting: plan_.quoting, model: null, model_name: null, place: null, energy: { wh_low: 0, wh_high: 0 } } : { model: chosen.id, model_name: chosen.name, place: chosen.place }),
      ...(plan_.masked.length > 0 ? { masked: plan_.masked } : {}),
    });
    event(stream, "done", { ...message });
  }

  function askIn(conversation, body) {
    const byId = (id) => conversation.messages.find((one) => one.id === id);
    let question;
    let before = "";
    if (body.retry) {
      question = byId(byId(body.retry)?.parent);
      question.ask = { ...body, content: question.content };
    } else if (body.continue) {
      const old = byId(body.continue);
      before = old.content;
      question = byId(old.parent);
    } else {
      question = { id: `m-${randomUUID().slice(0, 8)}`, parent: body.parent ?? null, speaker: "user", content: body.content, state: "complete", created_at: now(), ask: { ...body } };
      conversation.messages.push(question);
      state.asked.push(body.content);
      if (!conversation.title) conversation.title = body.content.slice(0, 60);
    }
    const stream = { id: `s-${randomUUID().slice(0, 8)}`, events: [], waiting: new Set(), stopped: false, ended: false };
    state.streams.set(stream.id, stream);
    const answer = answerMessage({ id: `m-${randomUUID().slice(0, 8)}`, parent: question.id, content: "", state: "streaming", created_at: now(), stream: stream.id });
    conversation.messages.push(answer);
    conversation.leaf = answer.id;
    conversation.settings = { model: body.model, label: body.label ?? null, collections: body.collections ?? [], quote_only: body.quote_only ?? false };
    void run(conversation, answer, stream, question.ask, before);
    return { message: answer.id, question: body.content ? question.id : null, stream: stream.id };
  }

  async function follow(request, response, stream, url) {
    let at = Number(request.headers["last-event-id"] ?? url.searchParams.get("after") ?? 0);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    let given = 0;
    for (;;) {
      while (at < stream.events.length) {
        const { id, name, data } = stream.events[at];
        response.write(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
        at += 1;
        given += 1;
        if (name === "done" || name === "error") return response.end();
        if (state.cutAfter > 0 && given >= state.cutAfter) {
          state.cutAfter = 0;
          return response.destroy();
        }
      }
      if (response.destroyed || Date.now() < state.downUntil) return response.destroy();
      await Promise.race([new Promise((wake) => stream.waiting.add(wake)), wait(500)]);
    }
  }

  // ---- documents -------------------------------------------------------------------------------------------------

  function content(id, passage) {
    const doc = state.documents.get(id);
    const known = contents[id] ?? { media_type: "text/plain", pages: 0, blocks: [{ kind: "paragraph", level: 0, page: 0, text: `Texte de ${doc.title}.`, start: 0 }] };
    const answer = { id, title: doc.title, ...known };
    const one = passages[passage];
    if (one) {
      const block = known.blocks.find((other) => other.text.includes(one.quote));
      const start = block.start + [...block.text.slice(0, block.text.indexOf(one.quote))].length;
      answer.highlight = { start, end: start + [...one.quote].length, page: one.page };
      if (known.pages) Object.assign(answer.highlight, { page_size: [595, 842], boxes: [[60, 292, 535, 308], [60, 310, 535, 326], [60, 328, 190, 344]] });
    }
    return answer;
  }

  function pageImage(id, n) {
    const line = (y, text, size = 13, weight = 400) => `<text x="60" y="${y}" font-family="Georgia, serif" font-size="${size}" font-weight="${weight}" fill="#23211d">${text}</text>`;
    const cut = cited.match(/.{1,72}(?:\s|$)/g);
    const body = n === 7
      ? line(110, "Article 4. Nombre de jours", 20, 700) + line(160, "4.1 Agents à temps plein", 14, 700) + line(190, "Les agents à temps plein peuvent télétravailler jusqu’à trois jours par semaine.") + line(260, "4.2 Agents à temps partiel", 14, 700) + cut.map((text, index) => line(304 + index * 18, text)).join("")
      : line(110, `Page ${n}`, 20, 700) + Array.from({ length: 24 }, (_, index) => `<rect x="60" y="${150 + index * 24}" width="${420 + ((index * 37) % 55)}" height="8" fill="#d9d3c7"/>`).join("");
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 595 842"><rect width="595" height="842" fill="#fff"/>${body}</svg>`;
  }

  async function ingest(doc) {
    for (const [to, progress] of [["parsing", 0.2], ["parsing", 0.6], ["embedding", 0.8], ["ready", 1]]) {
      await wait(300);
      if (doc.state === "failed") return;
      Object.assign(doc, { state: to, progress });
    }
    doc.chunks = 12;
  }

  // ---- HTTP ------------------------------------------------------------------------------------------------------

  async function bodyOf(request) {
    const parts = [];
    for await (const part of request) parts.push(part);
    return Buffer.concat(parts);
  }

  const problem = (status, code, detail, extra = {}) => ({ status, body: { type: "about:blank", status, code, title: detail, detail, action: "", ...extra } });
  const missing = () => problem(404, "not_found", "Cela n’existe pas, ou vous ne pouvez pas le lire.");

  function sessionOf(request) {
    const id = /bastide_session=([\w-]+)/.exec(String(request.headers.cookie))?.[1];
    return id ? state.sessions.get(id) : undefined;
  }

  function linkFor(person, kind) {
    const token = randomUUID();
    state.links.set(token, { kind, email: person.email, name: person.name });
    return `/welcome#${token}`;
  }

  const sessionBody = (session) => ({ person: state.person, csrf: session.csrf, organisation: "Métropole de Valmont", notice_seen: state.noticeSeen });

  function open(response) {
    const id = randomUUID();
    const session = { csrf: randomUUID() };
    state.sessions.set(id, session);
    response.setHeader("set-cookie", `bastide_session=${id}; Path=/; HttpOnly; SameSite=Strict`);
    return { status: 200, body: sessionBody(session) };
  }

  async function answer(request, response, url, raw, session) {
    const { method } = request;
    const path = url.pathname.slice(4);
    const json = raw.length > 0 && String(request.headers["content-type"]).includes("json") ? JSON.parse(raw.toString()) : {};
    const q = fold(url.searchParams.get("q") ?? "");
    const [, room, id, part, n] = path.split("/");
    const is = (verb, pattern) => method === verb && pattern.test(path);

    if (is("GET", /^\/models$/)) return { status: 200, body: { models, default: "auto" } };
    if (is("GET", /^\/labels$/)) return { status: 200, body: labels };
    if (is("GET", /^\/notices$/)) return { status: 200, body: { notices: state.notices } };
    if (is("POST", /^\/notices\/[^/]+\/read$/)) {
      state.notices = state.notices.filter((one) => one.id !== url.pathname.split("/")[3]);
      return { status: 204 };
    }
    if (is("GET", /^\/me\/usage$/)) return { status: 200, body: myUsage(url) };
    if (is("GET", /^\/admin\/usage$/)) return { status: 200, body: organisationUsage(url, state.people) };
    if (is("GET", /^\/admin\/models$/)) {
      advance(state.shelf);
      return { status: 200, body: { machine: { memory_bytes: 9_300_000_000, gpus: [] }, models: state.shelf } };
    }
    if (/^\/admin\/models\/[^/]+\/pull$/.test(path)) {
      const one = state.shelf.find(({ id: known }) => known === part);
      if (method === "POST") one.pull = { step: "fetching", done_bytes: 0, total_bytes: 0 };
      else delete one.pull;
      return { status: method === "POST" ? 202 : 204 };
    }
    if (is("PATCH", /^\/me$/)) {
      if (json.password && json.password.old !== state.password) return problem(403, "forbidden", "Le mot de passe actuel n’est pas le bon.");
      if (json.notice_seen) state.noticeSeen = true;
      if (json.password) state.password = json.password.new;
      for (const name of ["name", "language"]) if (json[name]) state.person[name] = json[name];
      return { status: 200, body: state.person };
    }
    if (room === "people") {
      if (method === "POST" && part === "reset") return { status: 201, body: { link: linkFor(state.people.find((one) => one.id === id), "password_reset") } };
      if (method === "POST") {
        const person = { id: randomUUID(), email: json.email, name: json.name, role: json.role };
        state.people.push(person);
        return { status: 201, body: { id: person.id, link: linkFor(person, "invitation") } };
      }
      if (method === "PATCH") return { status: 200, body: Object.assign(state.people.find((one) => one.id === id), json) };
      return { status: 200, body: page(state.people.filter((one) => fold(`${one.name} ${one.email}`).includes(q)), url, "people") };
    }
    if (room === "groups") {
      if (method === "POST") state.groups.push({ id: randomUUID(), ...json });
      if (method === "PATCH") Object.assign(state.groups.find((one) => one.id === id), json);
      if (method === "DELETE") state.groups = state.groups.filter((one) => one.id !== id);
      return method === "DELETE" ? { status: 204 } : { status: 200, body: { groups: state.groups, id: state.groups.at(-1)?.id } };
    }
    if (room === "keys") {
      if (method === "POST") {
        const secret = `bst_7KQ4${randomUUID().replaceAll("-", "")}`;
        if (part === "rotate") return { status: 200, body: { id, secret } };
        const expires = json.expires ? `${json.expires}T23:59:59Z` : null;
        const key = { id: randomUUID(), name: json.name, prefix: "bst_7KQ4", scopes: ["chat"], models: json.models ?? [], addresses: json.addresses ?? [], created_at: now(), last_used_at: null, expires_at: expires };
        state.keys.push(key);
        return { status: 201, body: { id: key.id, secret } };
      }
      if (method === "DELETE") state.keys = state.keys.filter((one) => one.id !== id);
      return method === "DELETE" ? { status: 204 } : { status: 200, body: { keys: state.keys } };
    }
    if (room === "sample") {
      if (method === "POST") {
        state.sample.state = "loading";
        setTimeout(() => Object.assign(state.sample, { state: "ready", collection: "rh" }), 800);
      }
      return { status: 200, body: { ...state.sample, questions } };
    }
    if (room === "collections" && !id) {
      if (method === "POST") {
        const made = { id: randomUUID().slice(0, 8), name: json.name, label: json.label ?? labels.default, readers: json.readers ?? [], may_write: true, created_at: now() };
        state.collections.set(made.id, made);
        return { status: 201, body: { id: made.id } };
      }
      return { status: 200, body: page([...state.collections.values()].filter((one) => fold(one.name).includes(q)).map(collectionView), url, "collections") };
    }
    if (room === "collections") {
      const collection = state.collections.get(id);
      if (!collection) return missing();
      if (part === "documents" && method === "POST") return addDocument(collection, request, raw);
      if (part === "documents") return { status: 200, body: page(documentsOf(id).filter((one) => fold(`${one.title} ${one.name}`).includes(q)), url, "documents") };
      if (method === "PATCH") Object.assign(collection, json);
      if (method === "DELETE") {
        state.collections.delete(id);
        return { status: 204 };
      }
      return { status: 200, body: collectionView(collection) };
    }
    if (room === "documents") {
      const doc = state.documents.get(id);
      if (!doc) return missing();
      if (part === "content") return { status: 200, body: content(id, url.searchParams.get("passage")) };
      if (part === "retry") {
        doc.state = "queued";
        void ingest(doc);
        return { status: 202 };
      }
      if (part === "pages") return { status: 200, type: "image/svg+xml", raw: pageImage(id, Number.parseInt(n, 10)) };
      if (method === "DELETE") {
        state.documents.delete(id);
        return { status: 204 };
      }
      return { status: 200, body: { ...doc, collection_name: state.collections.get(doc.collection)?.name } };
    }
    if (room === "conversations" && !id) {
      if (method === "POST") {
        const made = { id: `c-${randomUUID().slice(0, 8)}`, title: json.title ?? "", created_at: now(), updated_at: now(), leaf: null, messages: [], label: null };
        state.conversations.set(made.id, made);
        return { status: 201, body: { id: made.id } };
      }
      const rows = [...state.conversations.values()]
        .filter((one) => one.messages.length > 0)
        .filter((one) => fold(`${one.title} ${one.messages.map((message) => message.content).join(" ")}`).includes(q))
        .sort((a, b) => b.updated_at.localeCompare(a.updated_at))
        .map(({ id: row, title, updated_at, label, messages }) => ({ id: row, title, updated_at, label, ...(q ? { snippet: messages.at(-1).content.slice(0, 90) } : {}) }));
      return { status: 200, body: page(rows, url, "conversations") };
    }
    if (room === "conversations") {
      const conversation = state.conversations.get(id);
      if (!conversation) return missing();
      if (part === "messages") return { status: 202, body: askIn(conversation, json) };
      if (method === "PATCH") Object.assign(conversation, json);
      if (method === "DELETE") {
        state.conversations.delete(id);
        return { status: 204 };
      }
      return { status: 200, body: { ...conversation, messages: conversation.messages.map(({ ask: _, ...message }) => message) } };
    }
    if (room === "streams") {
      const stream = state.streams.get(id);
      if (!stream) return missing();
      if (part === "stop") {
        stream.stopped = true;
        return { status: 204 };
      }
      await follow(request, response, stream, url);
      return null;
    }
    if (room === "exchanges") {
      const receipt = state.receipts.get(id);
      return receipt ? { status: 200, body: receipt } : missing();
    }
    if (room === "preview") {
      const plan_ = plan({ ...json });
      const { chosen, candidates } = plan_.route;
      if (plan_.kind === "refused") return { status: 200, body: { label: plan_.label, route: { chosen: "", place: "none", allowed: false, candidates }, refused: { code: "refused_by_policy", detail_code: "label_not_allowed", detail: "Non envoyé : la règle l’interdit. Rien n’a été transmis." } } };
      return { status: 200, body: { label: plan_.label, findings: findPersonal(json.content).map(({ type, start, end }) => ({ type, start, end })), leaves: chosen.place.kind !== "walls", masked: plan_.masked, route: { chosen: chosen.id, name: chosen.name, place: chosen.place.kind, zone: chosen.place.zone, allowed: true, candidates } } };
    }
    return problem(404, "not_found", "Rien à cette adresse.");
  }

  function addDocument(collection, request, raw) {
    const name = Buffer.from(/filename="([^"]+)"/.exec(raw.subarray(0, 2000).toString("latin1"))?.[1] ?? "fichier", "latin1").toString();
    if (/\.zip$/.test(name)) return problem(415, "unsupported", "Ce type de fichier n’est pas lu.", { action: "Décompressez l’archive et déposez le dossier." });
    const doc = { id: `d-${randomUUID().slice(0, 8)}`, collection: collection.id, title: name.replace(/\.\w+$/, ""), name, media_type: "text/plain", bytes: raw.length, state: "queued", progress: 0, pages: 0, chunks: 0, label: collection.label, created_at: now(), version: 1 };
    if (/broken/.test(name)) Object.assign(doc, { state: "failed", error: { code: "corrupt", detail_code: "corrupt", title: "Demande refusée", detail: "Ce fichier est endommagé et ne peut pas être lu.", action: "Ouvrez-le et enregistrez-le de nouveau, puis déposez-le." } });
    state.documents.set(doc.id, doc);
    void ingest(doc);
    return { status: 201, body: { id: doc.id } };
  }

  async function handle(request, response, url) {
    const raw = await bodyOf(request);
    if (url.pathname.startsWith("/mock/")) {
      const body = raw.length > 0 ? JSON.parse(raw.toString()) : {};
      if (url.pathname === "/mock/reset") reset(body);
      if (url.pathname === "/mock/set") Object.assign(state, body);
      if (url.pathname === "/mock/down") state.downUntil = Date.now() + body.ms;
      return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ asked: state.asked }));
    }
    if (Date.now() < state.downUntil) return response.destroy();
    const session = sessionOf(request);
    const send = (result) => {
      if (!result) return;
      const { status, body, raw: bytes, type } = result;
      response.writeHead(status, { "content-type": type ?? (status >= 400 ? "application/problem+json" : "application/json"), ...(result.headers ?? {}) });
      response.end(bytes ?? (body === undefined ? undefined : JSON.stringify(body)));
    };
    if (url.pathname === "/api/session" || url.pathname === "/api/setup") {
      const json = raw.length > 0 ? JSON.parse(raw.toString()) : {};
      if (url.pathname === "/api/setup" && request.method === "GET") {
        const token = url.searchParams.get("token");
        const invited = state.links.get(token);
        if (state.setup && token === setupToken) return send({ status: 200, body: { kind: "first_administrator", email: "", name: "", organisation: "Métropole de Valmont" } });
        if (invited) return send({ status: 200, body: { ...invited, organisation: "Métropole de Valmont" } });
        return send(problem(404, "not_found", "Ce lien a déjà servi ou n’est pas le bon.", { action: "Demandez-en un autre." }));
      }
      if (url.pathname === "/api/setup") {
        if (state.links.has(json.token)) {
          state.links.delete(json.token);
          return send(open(response));
        }
        if (!state.setup || json.token !== setupToken) return send(problem(403, "forbidden", "Ce lien a déjà servi ou n’est pas le bon.", { action: "Redémarrez le serveur pour en avoir un autre." }));
        state.setup = false;
        state.password = json.password;
        state.person = { id: "p1", email: json.email, name: json.name, role: "admin", language: null };
        return send(open(response));
      }
      if (request.method === "POST") {
        if (json.email === state.person?.email && json.password === state.password) return send(open(response));
        return send(problem(401, "unauthenticated", "Adresse ou mot de passe inconnus.", { action: "Vérifiez les deux, puis réessayez." }));
      }
      if (request.method === "DELETE") {
        state.sessions.clear();
        return send({ status: 204 });
      }
      if (session) return send({ status: 200, body: sessionBody(session) });
      return send(problem(401, "unauthenticated", "Personne n’est connecté.", { setup_needed: state.setup, organisation: "Métropole de Valmont" }));
    }
    if (!session) return send(problem(401, "unauthenticated", "Personne n’est connecté."));
    if (request.method !== "GET" && request.headers["x-csrf-token"] !== session.csrf) return send(problem(403, "forbidden", "Le jeton de la page est périmé.", { detail_code: "csrf" }));
    send(await answer(request, response, url, raw, session));
  }

  reset(options);
  return { handle, reset, get state() { return state; } };
}
