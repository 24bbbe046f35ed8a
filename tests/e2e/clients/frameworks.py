"""What people build on: LangChain and PydanticAI, unmodified, against providers of all four dialects. A program of its own: their
packages want other versions of the SDKs than tests/e2e/requirements.txt. tests/e2e/test_clients.py starts it."""
import os
import unittest
import warnings

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_mistralai import ChatMistralAI
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.mistral import MistralModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.mistral import MistralProvider
from pydantic_ai.providers.openai import OpenAIProvider

URL, KEY = os.environ["BASTIDE_URL"], os.environ["BASTIDE_KEY"]
MODELS = [(name, f"on-{name}") for name in ("openai", "anthropic", "gemini", "mistral")]
PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f80f500f000386018"
                      "05a347d6b0000000049454e44ae426082")


class Place(BaseModel):
    """A place and how warm it is."""
    city: str
    degrees: int


FILLED = Place(city="Lyon", degrees=21)


def heard(name, question):
    return f"{name} heard « {question} »."


class LangChain(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")

    def clients(self, model):
        yield "openai", ChatOpenAI(model=model, api_key=KEY, base_url=URL + "/v1", max_retries=0)
        yield "anthropic", ChatAnthropic(model=model, api_key=KEY, base_url=URL, max_retries=0, max_tokens=2000)
        yield "gemini", ChatGoogleGenerativeAI(model=model, google_api_key=KEY, base_url=URL, max_retries=1)
        yield "mistral", ChatMistralAI(model=model, api_key=KEY, endpoint=URL + "/v1", max_retries=1)

    def test_chat_stream_tools_and_schema(self):
        for name, model in MODELS:
            for dialect, chat in self.clients(model):
                with self.subTest(f"{dialect} to {name}"):
                    self.assertEqual(chat.invoke("Bonjour").text, heard(name, "Bonjour"))
                    self.assertEqual("".join(chunk.text for chunk in chat.stream("Bonjour")), heard(name, "Bonjour"))
                    bound = chat.bind_tools([Place])
                    first = bound.invoke([HumanMessage("Weather?")])
                    self.assertEqual(Place(**first.tool_calls[0]["args"]), FILLED)
                    told = bound.invoke([HumanMessage("Weather?"), first, ToolMessage("21", tool_call_id=first.tool_calls[0]["id"], name="Place")])
                    self.assertIn("The tool said: ", told.text)
                    self.assertEqual(chat.with_structured_output(Place).invoke("Where?"), FILLED)
                    with self.assertRaises(Exception):
                        chat.invoke("fail:rate_limit")

    def test_embeddings(self):
        made = OpenAIEmbeddings(model="embed-openai", api_key=KEY, base_url=URL + "/v1", check_embedding_ctx_length=False).embed_documents(["abc", "abcdef"])
        self.assertEqual(len(made), 2)


class PydanticAI(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")

    def models(self, model):
        yield "openai", OpenAIChatModel(model, provider=OpenAIProvider(base_url=URL + "/v1", api_key=KEY))
        yield "anthropic", AnthropicModel(model, provider=AnthropicProvider(base_url=URL, api_key=KEY))
        yield "gemini", GoogleModel(model, provider=GoogleProvider(base_url=URL, api_key=KEY))
        yield "mistral", MistralModel(model, provider=MistralProvider(base_url=URL, api_key=KEY))

    def test_agents(self):
        for name, model in MODELS:
            for dialect, spoken in self.models(model):
                with self.subTest(f"{dialect} to {name}"):
                    self.assertEqual(Agent(spoken).run_sync("Bonjour").output, heard(name, "Bonjour"))
                    asked = []
                    agent = Agent(spoken)

                    @agent.tool_plain
                    def weather(city: str, degrees: int) -> str:
                        asked.append(Place(city=city, degrees=degrees))
                        return "sunny"

                    self.assertIn("sunny", agent.run_sync("Weather?").output)
                    self.assertEqual(asked, [FILLED])
                    self.assertEqual(Agent(spoken, output_type=Place).run_sync("Where?").output, FILLED)
                    seen = Agent(spoken).run_sync(["What?", BinaryContent(PIXEL, media_type="image/png")]).output
                    self.assertEqual(seen, f"I see image/png of {len(PIXEL)} bytes.")
                    with self.assertRaises(Exception):
                        Agent(spoken).run_sync("fail:rate_limit")


if __name__ == "__main__":
    unittest.main()
