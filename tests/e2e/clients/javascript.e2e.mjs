// JavaScript's clients as people install them, each against providers of all four dialects (tests/e2e/upstreams):
// the official SDKs, the Vercel AI SDK in each dialect, LangChain. tests/e2e/test_clients.py starts it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";

const need = createRequire(`${process.env.BASTIDE_CLIENTS}/package.json`);
const url = process.env.BASTIDE_URL;
const key = process.env.BASTIDE_KEY;
const { default: OpenAI } = need("openai");
const { default: Anthropic } = need("@anthropic-ai/sdk");
const { GoogleGenAI } = need("@google/genai");
const { Mistral } = need("@mistralai/mistralai");
const { embedMany, generateObject, generateText, stepCountIs, streamText, tool } = need("ai");
const { z } = need("zod");

const upstreams = ["openai", "anthropic", "gemini", "mistral"];
const models = upstreams.map((name) => [name, `on-${name}`]);
const heard = (name, question) => `${name} heard « ${question} »`;
const schema = { type: "object", properties: { city: { type: "string" }, degrees: { type: "integer" } }, required: ["city", "degrees"], additionalProperties: false };
const filled = { city: "Lyon", degrees: 21 };
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const seen = `I see image/png of ${Buffer.from(pixel, "base64").length} bytes.`;
const ask = (content) => [{ role: "user", content }];

async function collect(stream, textOf) {
  let text = "";
  for await (const chunk of stream) text += textOf(chunk) ?? "";
  return text;
}

describe("OpenAI's SDK", () => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  const create = (model, content, more = {}) => client.chat.completions.create({ model, messages: Array.isArray(content) && content[0]?.role ? content : ask(content), ...more });
  for (const [name, model] of models)
    it(name, async () => {
      assert.equal((await create(model, "Bonjour")).choices[0].message.content, `${heard(name, "Bonjour")}.`);
      assert.equal(await collect(await create(model, "Bonjour", { stream: true }), (chunk) => chunk.choices[0]?.delta.content), `${heard(name, "Bonjour")}.`);
      const tools = [{ type: "function", function: { name: "weather", parameters: schema } }];
      const { message } = (await create(model, "Weather?", { tools })).choices[0];
      assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), filled);
      const told = await create(model, [...ask("Weather?"), message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: "21" }], { tools });
      assert.equal(told.choices[0].message.content, "The tool said: 21.");
      const placed = await client.chat.completions.parse({ model, messages: ask("Where?"), response_format: { type: "json_schema", json_schema: { name: "place", schema, strict: true } } });
      assert.deepEqual(placed.choices[0].message.parsed, filled);
      assert.equal((await create(model, [{ role: "user", content: [{ type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } }] }])).choices[0].message.content, seen);
      await assert.rejects(create(model, "fail:rate_limit"), OpenAI.RateLimitError);
      // Told in the stream, or before it when the failure came with the first bytes.
      const breaks = create(model, `fail:mid_stream${" ".repeat(40)}`, { stream: true }).then((stream) => collect(stream, () => ""));
      await assert.rejects(breaks, OpenAI.APIError);
    });
  it("continues a text", async () => {
    const make = (more) => client.completions.create({ model: "text-openai", prompt: "Once", max_tokens: 32, ...more });
    assert.equal((await make({})).choices[0].text, `${heard("openai", "Once…")}.`);
    assert.equal(await collect(await make({ stream: true }), (chunk) => chunk.choices[0]?.text), `${heard("openai", "Once…")}.`);
    assert.deepEqual((await make({ prompt: ["a", "b"], echo: true })).choices.map((choice) => choice.text), [`a${heard("openai", "a…")}.`, `b${heard("openai", "b…")}.`]);
  });
  it("makes embeddings", async () => {
    const made = await client.embeddings.create({ model: "embed-openai", input: ["abc", "abcdef"] });
    assert.equal(made.data.length, 2);
  });
  it("keeps conversations", async () => {
    const { id } = await client.conversations.create({ metadata: { topic: "demo" }, items: [{ type: "message", role: "user", content: "Hello" }] });
    const answer = await client.responses.create({ model: "on-openai", input: "Bonjour", conversation: id });
    assert.equal(answer.conversation.id, id);
    const said = [];
    for await (const item of client.conversations.items.list(id, { order: "asc", limit: 2 })) said.push(item.content[0].text);
    assert.deepEqual(said, ["Hello", "Bonjour", answer.output_text]);
    assert.equal((await client.conversations.update(id, { metadata: { topic: "other" } })).metadata.topic, "other");
    assert.equal((await client.conversations.delete(id)).deleted, true);
    await assert.rejects(client.conversations.retrieve(id), OpenAI.NotFoundError);
  });
  it("leaves files and batches", async () => {
    const line = (n) => JSON.stringify({ custom_id: `q${n}`, method: "POST", url: "/v1/chat/completions", body: { model: "on-anthropic", messages: ask("Bonjour") } });
    const file = await client.files.create({ file: await OpenAI.toFile(Buffer.from(`${line(1)}\n${line(2)}\n`), "in.jsonl"), purpose: "batch" });
    assert.equal((await client.files.retrieve(file.id)).filename, "in.jsonl");
    let batch = await client.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
    while (["validating", "in_progress", "finalizing"].includes(batch.status)) {
      await new Promise((done) => setTimeout(done, 50));
      batch = await client.batches.retrieve(batch.id);
    }
    assert.deepEqual(batch.request_counts, { total: 2, completed: 2, failed: 0 });
    const results = (await (await client.files.content(batch.output_file_id)).text()).trim().split("\n").map((text) => JSON.parse(text));
    assert.deepEqual(results.map((each) => each.response.body.choices[0].message.content), Array(2).fill(`${heard("anthropic", "Bonjour")}.`));
    assert.equal((await client.files.delete(file.id)).deleted, true);
  });
});

describe("Anthropic's SDK", () => {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  const create = (model, messages, more = {}) => client.messages.create({ model, max_tokens: 2000, messages, ...more });
  for (const [name, model] of models)
    it(name, async () => {
      assert.equal((await create(model, ask("Bonjour"))).content[0].text, `${heard(name, "Bonjour")}.`);
      const streamed = await client.messages.stream({ model, max_tokens: 2000, messages: ask("Bonjour") }).finalMessage();
      assert.equal(streamed.content[0].text, `${heard(name, "Bonjour")}.`);
      const tools = [{ name: "weather", input_schema: schema }];
      const first = await create(model, ask("Weather?"), { tools });
      const call = first.content.find((block) => block.type === "tool_use");
      assert.deepEqual(call.input, filled);
      const told = await create(model, [...ask("Weather?"), { role: "assistant", content: first.content }, { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "21" }] }], { tools });
      assert.equal(told.content[0].text, "The tool said: 21.");
      const image = { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } };
      assert.equal((await create(model, ask([image]))).content[0].text, seen);
      await assert.rejects(create(model, ask("fail:rate_limit")), Anthropic.RateLimitError);
    });
  it("leaves message batches", async () => {
    const params = { model: "on-openai", max_tokens: 50, messages: ask("Bonjour") };
    let batch = await client.messages.batches.create({ requests: [{ custom_id: "a", params }] });
    while (batch.processing_status !== "ended") {
      await new Promise((done) => setTimeout(done, 50));
      batch = await client.messages.batches.retrieve(batch.id);
    }
    const results = [];
    for await (const each of await client.messages.batches.results(batch.id)) results.push([each.custom_id, each.result.type, each.result.message.content[0].text]);
    assert.deepEqual(results, [["a", "succeeded", `${heard("openai", "Bonjour")}.`]]);
  });
});

describe("Google's SDK", () => {
  const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
  for (const [name, model] of models)
    it(name, async () => {
      assert.equal((await client.models.generateContent({ model, contents: "Bonjour" })).text, `${heard(name, "Bonjour")}.`);
      assert.equal(await collect(await client.models.generateContentStream({ model, contents: "Bonjour" }), (chunk) => chunk.text), `${heard(name, "Bonjour")}.`);
      const config = { tools: [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: schema }] }] };
      const question = { role: "user", parts: [{ text: "Weather?" }] };
      const first = await client.models.generateContent({ model, contents: [question], config });
      assert.deepEqual(first.functionCalls[0].args, filled);
      const result = { role: "user", parts: [{ functionResponse: { name: "weather", response: { output: "21" } } }] };
      const told = await client.models.generateContent({ model, contents: [question, first.candidates[0].content, result], config });
      assert.equal(told.text, "The tool said: 21.");
      const placed = await client.models.generateContent({ model, contents: "Where?", config: { responseMimeType: "application/json", responseJsonSchema: schema } });
      assert.deepEqual(JSON.parse(placed.text), filled);
      assert.equal((await client.models.generateContent({ model, contents: [{ inlineData: { mimeType: "image/png", data: pixel } }, "What?"] })).text, seen);
      await assert.rejects(client.models.generateContent({ model, contents: "fail:rate_limit" }), (error) => error.status === 429);
    });
});

describe("Mistral's SDK", () => {
  const client = new Mistral({ apiKey: key, serverURL: url });
  for (const [name, model] of models)
    it(name, async () => {
      assert.equal((await client.chat.complete({ model, messages: ask("Bonjour") })).choices[0].message.content, `${heard(name, "Bonjour")}.`);
      assert.equal(await collect(await client.chat.stream({ model, messages: ask("Bonjour") }), (event) => event.data.choices[0]?.delta.content), `${heard(name, "Bonjour")}.`);
      const tools = [{ type: "function", function: { name: "weather", parameters: schema } }];
      const { message } = (await client.chat.complete({ model, messages: ask("Weather?"), tools })).choices[0];
      const call = message.toolCalls[0];
      assert.deepEqual(typeof call.function.arguments === "string" ? JSON.parse(call.function.arguments) : call.function.arguments, filled);
      const told = await client.chat.complete({ model, messages: [...ask("Weather?"), { ...message, role: "assistant" }, { role: "tool", toolCallId: call.id, name: "weather", content: "21" }], tools });
      assert.equal(told.choices[0].message.content, "The tool said: 21.");
      await assert.rejects(client.chat.complete({ model, messages: ask("fail:rate_limit") }), (error) => error.statusCode === 429);
    });
});

describe("the Vercel AI SDK", () => {
  const dialects = {
    openai: need("@ai-sdk/openai").createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).chat,
    anthropic: need("@ai-sdk/anthropic").createAnthropic({ baseURL: `${url}/v1`, apiKey: key }),
    gemini: need("@ai-sdk/google").createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: key }),
    mistral: need("@ai-sdk/mistral").createMistral({ baseURL: `${url}/v1`, apiKey: key }),
  };
  for (const [dialect, modelOf] of Object.entries(dialects))
    for (const [name, id] of models)
      it(`${dialect} to ${name}`, async () => {
        const model = modelOf(id);
        assert.equal((await generateText({ model, prompt: "Bonjour", maxRetries: 0 })).text, `${heard(name, "Bonjour")}.`);
        assert.equal(await collect(streamText({ model, prompt: "Bonjour" }).textStream, (text) => text), `${heard(name, "Bonjour")}.`);
        const asked = [];
        const weather = tool({ inputSchema: z.object({ city: z.string(), degrees: z.int() }), execute: (input) => { asked.push(input); return "21"; } });
        const told = await generateText({ model, prompt: "Weather?", tools: { weather }, stopWhen: stepCountIs(3), maxRetries: 0 });
        assert.deepEqual(asked, [filled]);
        assert.match(told.text, /^The tool said: .*21/);
        assert.deepEqual((await generateObject({ model, prompt: "Where?", schema: z.object({ city: z.string(), degrees: z.int() }), maxRetries: 0 })).object, filled);
        assert.equal((await generateText({ model, messages: [{ role: "user", content: [{ type: "image", image: Buffer.from(pixel, "base64"), mediaType: "image/png" }] }], maxRetries: 0 })).text, seen);
        await assert.rejects(generateText({ model, prompt: "fail:rate_limit", maxRetries: 0 }), (error) => error.statusCode === 429);
      });
  it("makes embeddings", async () => {
    const model = need("@ai-sdk/openai").createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).embedding("embed-mistral");
    assert.equal((await embedMany({ model, values: ["abc", "abcdef"], maxRetries: 0 })).embeddings.length, 2);
  });
});

describe("LangChain", () => {
  const { ChatOpenAI } = need("@langchain/openai");
  for (const [name, model] of models)
    it(name, async () => {
      const chat = new ChatOpenAI({ model, apiKey: key, configuration: { baseURL: `${url}/v1` }, maxRetries: 0 });
      assert.equal((await chat.invoke("Bonjour")).content, `${heard(name, "Bonjour")}.`);
      assert.equal(await collect(await chat.stream("Bonjour"), (chunk) => chunk.content), `${heard(name, "Bonjour")}.`);
      const placed = await chat.withStructuredOutput(z.object({ city: z.string(), degrees: z.int() }), { method: "jsonSchema" }).invoke("Where?");
      assert.deepEqual(placed, filled);
      await assert.rejects(chat.invoke("fail:rate_limit"), (error) => error.status === 429);
    });
});
