// Templates that makers of models published, to begin from.
#pragma once

#include <array>
#include <fstream>
#include <iterator>
#include <string>

namespace bastide::models::fuzz {

inline constexpr std::array families{"NousResearch-Hermes-3-Llama-3.1-8B-tool_use",
                                     "Qwen-Qwen3-0.6B",
                                     "meta-llama-Llama-3.1-8B-Instruct",
                                     "Mistral-Small-3.2-24B-Instruct-2506",
                                     "google-gemma-4-31B-it",
                                     "openai-gpt-oss-120b"};

inline std::string template_of(const char* family) {
  std::ifstream in(std::string(BASTIDE_TEMPLATES "/") + family + ".jinja", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace bastide::models::fuzz
