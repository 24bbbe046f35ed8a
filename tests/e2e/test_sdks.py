"""The official SDKs of Anthropic, Google, Mistral and OpenAI, unmodified, each against providers of all four dialects."""
import base64
import json
import unittest
import warnings

import anthropic
import openai
from google import genai
from google.genai import errors as google_errors
from google.genai import types
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import DIALECTS, Upstreams

UPSTREAMS = list(DIALECTS)
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}}, "required": ["city", "degrees"]}
CLOSED = dict(SCHEMA, additionalProperties=False)
FILLED = {"city": "Lyon", "degrees": 21}


def heard(name, question):
    return f"{name} heard « {question} »"


class Sdk(unittest.TestCase):
    """One Bastide and one server of providers for all."""

    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", ResourceWarning)
        cls.upstreams = Upstreams()
        cls.bastide = Bastide(cls.upstreams.config, env=cls.upstreams.env).add_admin().start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()

    @staticmethod
    def each(names=UPSTREAMS):
        return [(name, f"on-{name}") for name in names]


class AnthropicSdk(Sdk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = anthropic.Anthropic(base_url=cls.bastide.url, api_key=cls.bastide.key, max_retries=0)

    def create(self, model, content, **more):
        messages = content if isinstance(content, list) and content and "role" in content[0] else [{"role": "user", "content": content}]
        return self.client.messages.create(model=model, max_tokens=2000, messages=messages, **more)

    def test_chat(self):
        for name, model in self.each():
            answer = self.create(model, "Bonjour", system="a poet")
            self.assertIn(heard(name, "Bonjour"), answer.content[0].text)
            self.assertIn("a poet", answer.content[0].text)
            self.assertEqual((answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens), ("end_turn", 31, 17))

    def test_stream(self):
        for name, model in self.each():
            with self.client.messages.stream(model=model, max_tokens=2000, messages=[{"role": "user", "content": "Bonjour"}]) as stream:
                pieces = list(stream.text_stream)
                final = stream.get_final_message()
            self.assertGreater(len(pieces), 1)
            self.assertEqual("".join(pieces), heard(name, "Bonjour") + ".")
            self.assertEqual((final.stop_reason, final.usage.input_tokens, final.usage.output_tokens), ("end_turn", 31, 17))

    def test_tools(self):
        tools = [{"name": "weather", "description": "d", "input_schema": SCHEMA}, {"name": "time", "input_schema": {"type": "object", "properties": {}}}]
        for streamed in (False, True):
            for name, model in self.each():
                question = {"role": "user", "content": "Weather and time?"}
                if streamed:
                    with self.client.messages.stream(model=model, max_tokens=2000, messages=[question], tools=tools) as stream:
                        first = stream.get_final_message()
                else:
                    first = self.create(model, [question], tools=tools)
                self.assertEqual(first.stop_reason, "tool_use")
                calls = [block for block in first.content if block.type == "tool_use"]
                self.assertEqual([(call.name, call.input) for call in calls], [("weather", FILLED), ("time", {})])
                results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"{call.name} is fine"} for call in calls]
                second = self.create(model, [question, {"role": "assistant", "content": [b.to_dict() for b in first.content]},
                                             {"role": "user", "content": results}], tools=tools)
                self.assertEqual(second.content[0].text, "The tool said: weather is fine; time is fine.")

    def test_thinking_goes_back_as_it_came(self):
        tools = [{"name": "weather", "input_schema": SCHEMA}]
        question = {"role": "user", "content": "Weather?"}
        thinking = {"type": "enabled", "budget_tokens": 1024}
        for name, model in self.each(["anthropic", "gemini", "mistral"]):
            first = self.create(model, [question], tools=tools, thinking=thinking)
            self.assertEqual(next(b.thinking for b in first.content if b.type == "thinking" and b.thinking), "Let me think about it.")
            call = next(block for block in first.content if block.type == "tool_use")
            second = self.create(model, [question, {"role": "assistant", "content": [b.to_dict() for b in first.content]},
                                         {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "21"}]}],
                                 tools=tools, thinking=thinking)
            self.assertIn("The tool said: 21.", [b.text for b in second.content if b.type == "text"])

    def test_structured_output(self):
        for name, model in self.each():
            answer = self.create(model, "Where?", output_config={"format": {"type": "json_schema", "schema": CLOSED}})
            self.assertEqual(json.loads(answer.content[0].text), FILLED)

    def test_image(self):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PIXEL).decode()}}
        for name, model in self.each():
            answer = self.create(model, [image, {"type": "text", "text": "What?"}])
            self.assertEqual(answer.content[0].text, f"I see image/png of {len(PIXEL)} bytes.")

    def test_count_tokens(self):
        counted = self.client.messages.count_tokens(model="on-openai", messages=[{"role": "user", "content": "a" * 300}])
        self.assertGreaterEqual(counted.input_tokens, 100)

    def test_errors(self):
        for name, model in self.each():
            for fault in ("server", "html", "error_200", "redirect"):
                with self.assertRaises(anthropic.APIStatusError, msg=f"{fault} of {name}") as failed:
                    self.create(model, "fail:" + fault)
                self.assertGreaterEqual(failed.exception.status_code, 500)
            with self.assertRaises(anthropic.BadRequestError):
                self.create(model, "fail:context")
            for fault in ("mid_stream", "cut"):
                with self.assertRaises(anthropic.APIStatusError, msg=fault):
                    with self.client.messages.stream(model=model, max_tokens=99, messages=[{"role": "user", "content": "fail:" + fault + " " * 40}]) as stream:
                        stream.get_final_message()
        with self.assertRaises(anthropic.AuthenticationError):
            anthropic.Anthropic(base_url=self.bastide.url, api_key="wrong", max_retries=0).messages.create(
                model="on-openai", max_tokens=9, messages=[{"role": "user", "content": "q"}])
        with self.assertRaises(anthropic.NotFoundError):
            self.create("no-such-model", "q")

    def test_what_a_target_cannot_say_is_told(self):
        told = self.client.messages.with_raw_response.create(model="on-openai", max_tokens=99, messages=[{"role": "user", "content": "q"}],
                                                             extra_body={"inference_geo": "eu"})
        self.assertIn("inference_geo", told.headers["x-bastide-warning"])
        with self.assertRaises(anthropic.BadRequestError) as refused:
            self.create("on-openai", "q", tools=[{"type": "web_search_20250305", "name": "web_search"}])
        self.assertIn("tools", refused.exception.message)


class GoogleSdk(Sdk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = genai.Client(api_key=cls.bastide.key, http_options=types.HttpOptions(base_url=cls.bastide.url))

    def ask(self, model, contents, **config):
        return self.client.models.generate_content(model=model, contents=contents, config=types.GenerateContentConfig(
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True), **config))

    def test_chat(self):
        for name, model in self.each():
            answer = self.ask(model, "Bonjour", system_instruction="a poet")
            self.assertIn(heard(name, "Bonjour"), answer.text)
            self.assertIn("a poet", answer.text)
            self.assertEqual(answer.candidates[0].finish_reason, types.FinishReason.STOP)
            self.assertEqual((answer.usage_metadata.prompt_token_count, answer.usage_metadata.candidates_token_count), (31, 17))

    def test_stream(self):
        for name, model in self.each():
            chunks = list(self.client.models.generate_content_stream(model=model, contents="Bonjour"))
            self.assertGreater(len(chunks), 2)
            self.assertEqual("".join(chunk.text or "" for chunk in chunks), heard(name, "Bonjour") + ".")
            self.assertEqual(chunks[-1].usage_metadata.candidates_token_count, 17)
            self.assertEqual(chunks[-1].candidates[0].finish_reason, types.FinishReason.STOP)

    def test_a_stream_as_one_list(self):
        answer = self.bastide.call("POST", "/v1beta/models/on-anthropic:streamGenerateContent?key=" + self.bastide.key,
                                   {"contents": [{"parts": [{"text": "Bonjour"}]}]}, key=None)
        self.assertEqual(answer.status, 200)
        chunks = answer.json
        self.assertEqual("".join(part["text"] for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]),
                         heard("anthropic", "Bonjour") + ".")

    def test_tools(self):
        tool = types.Tool(function_declarations=[
            types.FunctionDeclaration(name="weather", description="d", parameters_json_schema=SCHEMA),
            types.FunctionDeclaration(name="time", parameters=types.Schema(type="OBJECT", properties={"zone": types.Schema(type="STRING")}))])
        for name, model in self.each():
            question = types.Content(role="user", parts=[types.Part(text="Weather and time?")])
            first = self.ask(model, [question], tools=[tool])
            calls = first.function_calls
            self.assertEqual([(call.name, call.args) for call in calls], [("weather", FILLED), ("time", {"zone": "Lyon"})])
            results = [types.Part.from_function_response(name=call.name, response={"output": f"{call.name} is fine"}) for call in calls]
            second = self.ask(model, [question, first.candidates[0].content, types.Content(role="user", parts=results)], tools=[tool])
            self.assertEqual(second.text, "The tool said: weather is fine; time is fine.")

    def test_structured_output_and_image(self):
        for name, model in self.each():
            answer = self.ask(model, "Where?", response_mime_type="application/json", response_json_schema=SCHEMA)
            self.assertEqual(json.loads(answer.text), FILLED)
            seen = self.ask(model, [types.Part.from_bytes(data=PIXEL, mime_type="image/png"), "What?"])
            self.assertEqual(seen.text, f"I see image/png of {len(PIXEL)} bytes.")

    def test_embeddings_models_counts(self):
        for name in ("openai", "gemini", "mistral"):
            with self.subTest(name):
                made = self.client.models.embed_content(model=f"embed-{name}", contents=["abc", "abcdef"])
                # Of a model with "gemini" in its name, the SDK believes that it reads all texts as one content.
                self.assertEqual(len(made.embeddings), 1 if "gemini" in name else 2)
                self.assertEqual(made.embeddings[-1].values, [9.0 if "gemini" in name else 6.0, 0.1, 2.5])
        self.assertIn("models/on-gemini", [model.name for model in self.client.models.list()])
        self.assertGreaterEqual(self.client.models.count_tokens(model="on-openai", contents="a" * 300).total_tokens, 100)

    def test_errors(self):
        for name, model in self.each():
            with self.assertRaises(google_errors.ServerError):
                self.ask(model, "fail:server")
            with self.assertRaises(google_errors.APIError):
                list(self.client.models.generate_content_stream(model=model, contents="fail:mid_stream" + " " * 40))
        stranger = genai.Client(api_key="wrong", http_options=types.HttpOptions(base_url=self.bastide.url))
        with self.assertRaises(google_errors.ClientError) as wrong:
            stranger.models.generate_content(model="on-gemini", contents="q")
        self.assertEqual(wrong.exception.status, "UNAUTHENTICATED")


class MistralSdk(Sdk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = Mistral(api_key=cls.bastide.key, server_url=cls.bastide.url)

    def test_chat_and_stream(self):
        for name, model in self.each():
            messages = [{"role": "system", "content": "a poet"}, {"role": "user", "content": "Bonjour"}]
            answer = self.client.chat.complete(model=model, messages=messages)
            self.assertIn(heard(name, "Bonjour"), answer.choices[0].message.content)
            self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (31, 17))
            text, finish = "", None
            for event in self.client.chat.stream(model=model, messages=messages[1:]):
                for choice in event.data.choices:
                    text += choice.delta.content or ""
                    finish = choice.finish_reason or finish
            self.assertEqual((text, finish), (heard(name, "Bonjour") + ".", "stop"))

    def test_tools(self):
        tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
        for name, model in self.each():
            messages = [{"role": "user", "content": "Weather?"}]
            first = self.client.chat.complete(model=model, messages=messages, tools=tools, tool_choice="any")
            message = first.choices[0].message
            self.assertEqual(first.choices[0].finish_reason, "tool_calls")
            self.assertEqual(json.loads(message.tool_calls[0].function.arguments), FILLED)
            messages += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "name": "weather", "content": "21"}]
            second = self.client.chat.complete(model=model, messages=messages, tools=tools)
            self.assertEqual(second.choices[0].message.content, "The tool said: 21.")

    def test_structured_output_image_embeddings(self):
        url = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
        for name, model in self.each():
            answer = self.client.chat.complete(model=model, messages=[{"role": "user", "content": "Where?"}], response_format={
                "type": "json_schema", "json_schema": {"name": "place", "schema": CLOSED, "strict": True}})
            self.assertEqual(json.loads(answer.choices[0].message.content), FILLED)
            seen = self.client.chat.complete(model=model, messages=[{"role": "user", "content": [
                {"type": "image_url", "image_url": url}, {"type": "text", "text": "What?"}]}])
            self.assertEqual(seen.choices[0].message.content, f"I see image/png of {len(PIXEL)} bytes.")
        made = self.client.embeddings.create(model="embed-mistral", inputs=["abc", "abcdef"])
        self.assertEqual(len(made.data), 2)

    def test_errors(self):
        for name, model in self.each():
            with self.assertRaises(SDKError) as failed:
                self.client.chat.complete(model=model, messages=[{"role": "user", "content": "fail:server"}])
            self.assertGreaterEqual(failed.exception.status_code, 500)


class OpenAiSdk(Sdk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = openai.OpenAI(base_url=cls.bastide.url + "/v1", api_key=cls.bastide.key, max_retries=0)

    def test_chat_stream_tools_schema_image(self):
        tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
        for name, model in self.each():
            question = [{"role": "user", "content": "Bonjour"}]
            answer = self.client.chat.completions.create(model=model, messages=question)
            self.assertEqual(answer.choices[0].message.content, heard(name, "Bonjour") + ".")
            chunks = list(self.client.chat.completions.create(model=model, messages=question, stream=True, stream_options={"include_usage": True}))
            self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), heard(name, "Bonjour") + ".")
            self.assertEqual(chunks[-1].usage.completion_tokens, 17)
            messages = [{"role": "user", "content": "Weather?"}]
            message = self.client.chat.completions.create(model=model, messages=messages, tools=tools, tool_choice="required").choices[0].message
            self.assertEqual(json.loads(message.tool_calls[0].function.arguments), FILLED)
            messages += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "21"}]
            second = self.client.chat.completions.create(model=model, messages=messages, tools=tools)
            self.assertEqual(second.choices[0].message.content, "The tool said: 21.")
            placed = self.client.chat.completions.create(model=model, messages=question, response_format={
                "type": "json_schema", "json_schema": {"name": "place", "schema": CLOSED, "strict": True}})
            self.assertEqual(json.loads(placed.choices[0].message.content), FILLED)
            seen = self.client.chat.completions.create(model=model, messages=[{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PIXEL).decode()}}]}])
            self.assertEqual(seen.choices[0].message.content, f"I see image/png of {len(PIXEL)} bytes.")


    def test_responses(self):
        tools = [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}]
        for name, model in self.each():
            answer = self.client.responses.create(model=model, input="Bonjour", instructions="a poet")
            self.assertIn(heard(name, "Bonjour"), answer.output_text)
            self.assertIn("a poet", answer.output_text)
            self.assertEqual((answer.status, answer.usage.input_tokens, answer.usage.output_tokens), ("completed", 31, 17))
            events = list(self.client.responses.create(model=model, input="Bonjour", stream=True))
            self.assertEqual("".join(e.delta for e in events if e.type == "response.output_text.delta"), heard(name, "Bonjour") + ".")
            self.assertEqual((events[0].type, events[-1].type), ("response.created", "response.completed"))
            items = [{"role": "user", "content": "Weather?"}]
            first = self.client.responses.create(model=model, input=items, tools=tools, tool_choice="required")
            call = next(item for item in first.output if item.type == "function_call")
            self.assertEqual(json.loads(call.arguments), FILLED)
            items += [item.to_dict() for item in first.output] + [{"type": "function_call_output", "call_id": call.call_id, "output": "21"}]
            self.assertEqual(self.client.responses.create(model=model, input=items, tools=tools).output_text, "The tool said: 21.")
            placed = self.client.responses.create(model=model, input="Where?", text={
                "format": {"type": "json_schema", "name": "place", "schema": CLOSED, "strict": True}})
            self.assertEqual(json.loads(placed.output_text), FILLED)
        with self.assertRaises(openai.BadRequestError) as refused:
            self.client.responses.create(model="on-openai", input="q", previous_response_id="resp_1")
        self.assertIn("previous_response_id", str(refused.exception))


class Keys(unittest.TestCase):
    """A provider's key that may not, or not now. It rests from then on: so each provider is asked once in its own dialect."""

    def setUp(self):
        warnings.simplefilter("ignore", ResourceWarning)
        self.upstreams = Upstreams()
        self.bastide = Bastide(self.upstreams.config, env=self.upstreams.env).add_admin().start()
        url, key = self.bastide.url, self.bastide.key
        google = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url))
        claude, gpt = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0), openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0)

        def said(fault):
            return [{"role": "user", "content": "fail:" + fault}]

        self.ask_claude = lambda model, fault: claude.messages.create(model=model, max_tokens=99, messages=said(fault))
        self.ask_gpt = lambda model, fault: gpt.chat.completions.create(model=model, messages=said(fault))
        self.ask_google = lambda model, fault: google.models.generate_content(model=model, contents="fail:" + fault)

    def tearDown(self):
        self.bastide.close()
        self.upstreams.close()

    def test_limited(self):
        for _, model in Sdk.each():
            with self.assertRaises(anthropic.RateLimitError) as limited:
                self.ask_claude(model, "rate_limit")
            self.assertIn(int(limited.exception.response.headers["retry-after"]), range(1, 9))
            self.assertTrue(limited.exception.response.headers["x-bastide-exchange"])
            with self.assertRaises(openai.RateLimitError):
                self.ask_gpt(model, "rate_limit")
            with self.assertRaises(google_errors.ClientError) as limited:
                self.ask_google(model, "rate_limit")
            self.assertEqual((limited.exception.code, limited.exception.status), (429, "RESOURCE_EXHAUSTED"))

    def test_refused(self):
        for _, model in Sdk.each():
            for ask, kind in ((self.ask_claude, anthropic.InternalServerError), (self.ask_gpt, openai.InternalServerError),
                              (self.ask_google, google_errors.ServerError)):
                with self.assertRaises(kind, msg=model):
                    ask(model, "auth")


class Masked(unittest.TestCase):
    """What leaves the walls carries pseudonyms in every dialect, and the values come back."""

    def test_every_dialect(self):
        upstreams = Upstreams(zone="eu")
        bastide = Bastide(upstreams.config, env=upstreams.env).add_admin().start()
        try:
            client = anthropic.Anthropic(base_url=bastide.url, api_key=bastide.key, max_retries=0)
            for name in UPSTREAMS:
                with self.subTest(name):
                    upstreams.seen.clear()
                    with client.messages.stream(model=f"on-{name}", max_tokens=99, system="Serve jean.martin@valmont.example well.",
                                                messages=[{"role": "user", "content": "I am lucie.renard@valmont.example"}]) as stream:
                        text = "".join(stream.text_stream)
                    self.assertIn("lucie.renard@valmont.example", text)
                    self.assertIn("jean.martin@valmont.example", text)
                    self.assertNotIn("valmont", json.dumps(upstreams.seen[-1][3]))
            whole = openai.OpenAI(base_url=bastide.url + "/v1", api_key=bastide.key, max_retries=0)
            for name in UPSTREAMS:
                with self.subTest(name, whole=True):
                    raw = whole.chat.completions.with_raw_response.create(
                        model=f"on-{name}", messages=[{"role": "user", "content": "I am lucie.renard@valmont.example"}])
                    self.assertIn("lucie.renard@valmont.example", raw.parse().choices[0].message.content)
                    self.assertNotIn("valmont", json.dumps(upstreams.seen[-1][3]))
                    receipt = bastide.call("GET", f"/api/exchanges/{raw.headers['x-bastide-exchange']}").json
                    self.assertEqual(receipt["guard"]["masked"], [{"type": "email", "token": "[EMAIL_1]"}])
                    self.assertNotIn("valmont", json.dumps(receipt))
        finally:
            bastide.close()
            upstreams.close()
