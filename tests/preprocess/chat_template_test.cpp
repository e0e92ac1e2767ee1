#include "headformer/preprocess/chat_template.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "headformer/formats/gguf.hpp"

namespace {

using headformer::ArgumentError;
using headformer::Bytes;
using headformer::ChatMessage;
using headformer::ChatTemplate;
using headformer::FormatError;
using Json = nlohmann::ordered_json;

const std::filesystem::path goldens = HEADFORMER_TESTS_DIR "/goldens/chat_templates";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

headformer::RenderOptions at_golden_time() {
  headformer::RenderOptions options;
  options.now = [] {
    std::tm time{};
    time.tm_year = 125;
    time.tm_mon = 2;
    time.tm_mday = 7;
    time.tm_hour = 9;
    time.tm_min = 5;
    time.tm_sec = 3;
    time.tm_wday = 5;
    time.tm_yday = 65;
    return time;
  };
  return options;
}

/// A checkpoint of files in memory.
headformer::FileReader files(std::map<std::string, std::string> contents) {
  const auto held = std::make_shared<std::map<std::string, std::string>>(std::move(contents));
  return [held](const std::string& name) {
    const auto at = held->find(name);
    if (at == held->end()) return Bytes();
    return Bytes(std::as_bytes(std::span(at->second)), held, name);
  };
}

TEST(ChatTemplate, EveryTemplateOnEveryConversationEqualsTheReference) {
  const Json golden = Json::parse(read(goldens / "conversations.json"));
  const Json rendered = Json::parse(read(goldens / "rendered.json"));
  std::size_t texts = 0;
  ASSERT_GE(rendered.size(), 25U);
  for (const auto& [name, results] : rendered.items()) {
    const Json config = [&] {
      Json all = golden["special_tokens"];
      all["chat_template"] = read(goldens / "templates" / (name + ".jinja"));
      return all;
    }();
    const auto chat = ChatTemplate::from_files(files({{"tokenizer_config.json", config.dump()}}));
    ASSERT_TRUE(chat) << name;
    ASSERT_GE(results.size(), 12U);
    for (const auto& [conversation, expected] : results.items()) {
      Json found;
      try {
        found["text"] = chat->render(golden["conversations"][conversation], at_golden_time());
      } catch (const headformer::TemplateRaised& raised) {
        found["raised"] = raised.message();
      } catch (const headformer::Error& error) {
        found["error"] = error.what();
      }
      if (expected.contains("error")) {
        EXPECT_TRUE(found.contains("error"))
            << name << ", " << conversation << ": expected " << expected.dump() << "\nfound " << found.dump(1);
      } else {
        texts += expected.contains("text") ? 1 : 0;
        EXPECT_EQ(found.dump(1), expected.dump(1)) << name << ", " << conversation;
      }
    }
  }
  EXPECT_GE(texts, 300U);
}

TEST(ChatTemplate, RendersPlainMessages) {
  const ChatTemplate chat(
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<a>{% endif %}");
  const std::vector<ChatMessage> messages = {{"user", "Hi"}, {"assistant", "Ho"}};
  EXPECT_EQ(chat.render(messages, false), "<user>Hi<assistant>Ho");
  EXPECT_EQ(chat.render(messages, true), "<user>Hi<assistant>Ho<a>");
}

TEST(ChatTemplate, FilesGoBeforeTheConfig) {
  const std::string config =
      R"({"chat_template": "config {{ bos_token }}", "bos_token": {"content": "<s>", "lstrip": false},
                                 "eos_token": "</s>", "pad_token": null, "image_token": "<image>"})";
  const Json hello = {{"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
  EXPECT_EQ(ChatTemplate::from_files(files({{"tokenizer_config.json", config}}))->render(hello), "config <s>");
  EXPECT_EQ(ChatTemplate::from_files(
                files({{"tokenizer_config.json", config},
                       {"chat_template.jinja", "jinja {{ eos_token }}{{ image_token }}{{ pad_token }}"}}))
                ->render(hello),
            "jinja </s><image>");
  EXPECT_EQ(ChatTemplate::from_files(files({{"chat_template.json", R"({"chat_template": "json"})"}}))->render(hello),
            "json");
  EXPECT_EQ(ChatTemplate::from_files(
                files({{"tokenizer_config.json", config}, {"chat_template.json", R"({"chat_template": "json"})"}}))
                ->render(hello),
            "config <s>");
  EXPECT_FALSE(ChatTemplate::from_files(files({{"tokenizer_config.json", R"({"bos_token": "<s>"})"}})));
  EXPECT_FALSE(ChatTemplate::from_files(files({})));
}

TEST(ChatTemplate, SpecialTokensComeFromTheMapWhereTheConfigListsNone) {
  const std::string map = R"({"bos_token": "<map>", "additional_special_tokens": ["<x>"]})";
  const Json hello = {{"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
  const std::string source = R"("chat_template": "{{ bos_token }}", "bos_token": "<s>")";
  EXPECT_EQ(
      ChatTemplate::from_files(files({{"tokenizer_config.json", "{" + source + "}"}, {"special_tokens_map.json", map}}))
          ->render(hello),
      "<map>");
  EXPECT_EQ(
      ChatTemplate::from_files(files({{"tokenizer_config.json", "{" + source + R"(, "added_tokens_decoder": {}})"},
                                      {"special_tokens_map.json", map}}))
          ->render(hello),
      "<s>");
  Json own = hello;
  own["bos_token"] = "<own>";
  EXPECT_EQ(ChatTemplate::from_files(files({{"tokenizer_config.json", "{" + source + "}"}}))->render(own), "<own>");
}

TEST(ChatTemplate, ChoosesAmongNamedTemplates) {
  const std::string config = R"({"chat_template": [{"name": "default", "template": "plain"},
    {"name": "tool_use", "template": "tools {{ tools|length }}"}, {"name": "rag", "template": "rag"},
    {"name": "broken", "template": "{{"}]})";
  const auto chat = ChatTemplate::from_files(files({{"tokenizer_config.json", config}}));
  ASSERT_TRUE(chat);
  EXPECT_EQ(chat->names(), (std::vector<std::string>{"default", "tool_use", "rag", "broken"}));
  Json variables = {{"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
  EXPECT_EQ(chat->render(variables), "plain");
  variables["tools"] = Json::array({Json::object()});
  EXPECT_EQ(chat->render(variables), "tools 1");
  variables["chat_template"] = "rag";
  EXPECT_EQ(chat->render(variables), "rag");
  variables["chat_template"] = "own {{ messages[0].content }}";
  EXPECT_EQ(chat->render(variables), "own Hi");
  variables["chat_template"] = "broken";
  EXPECT_THROW(chat->render(variables), FormatError);
  const auto folder = ChatTemplate::from_files(
      files({{"chat_template.jinja", "d"}, {"additional_chat_templates/tool_use.jinja", "t"}}));
  variables.erase("chat_template");
  EXPECT_EQ(folder->render(variables), "t");
  EXPECT_EQ(folder->source(), "d");
}

TEST(ChatTemplate, MalformedFilesAreErrorsThatNameTheFile) {
  const auto message = [](std::map<std::string, std::string> contents) -> std::string {
    try {
      (void)ChatTemplate::from_files(files(std::move(contents)));
      return "no error";
    } catch (const FormatError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(message({{"chat_template.jinja", "a\n{{ b | c }}"}}), "chat_template.jinja:2:8: unknown filter 'c'");
  EXPECT_EQ(message({{"tokenizer_config.json", R"({"chat_template": "{% x %}"})"}}),
            "tokenizer_config.json: chat_template:1:4: unknown tag 'x'");
  EXPECT_EQ(message({{"tokenizer_config.json", R"({"chat_template": 3})"}}),
            "tokenizer_config.json: chat_template: expected a string or a list of {name, template}");
  EXPECT_EQ(message({{"chat_template.json", "[]"}}), "chat_template.json: expected the key 'chat_template'");
  EXPECT_NE(message({{"tokenizer_config.json", "{"}}).find("tokenizer_config.json"), std::string::npos);
  EXPECT_THROW(ChatTemplate("{{ (", "mine"), FormatError);
}

TEST(ChatTemplate, VariablesOfTheWrongShapeAreRefused) {
  const ChatTemplate chat("{{ messages[0].content }}");
  EXPECT_THROW(chat.render(Json::array()), ArgumentError);
  EXPECT_THROW(chat.render({{"messages", "text"}}), ArgumentError);
  EXPECT_THROW(chat.render({{"messages", Json::array()}}), ArgumentError);
  EXPECT_THROW(chat.render({{"messages", Json::array({"text"})}}), ArgumentError);
  EXPECT_THROW(chat.render({{"messages", Json::array({Json::object()})}, {"chat_template", 3}}), ArgumentError);
}

TEST(ChatTemplate, ContinuesTheFinalMessage) {
  const Json messages = {{{"role", "user"}, {"content", "Hi"}}, {{"role", "assistant"}, {"content", "I am "}}};
  const ChatTemplate exact("{% for m in messages %}[{{ m.content }}]{% endfor %}");
  EXPECT_EQ(exact.render({{"messages", messages}, {"continue_final_message", true}}), "[Hi][I am ");
  const ChatTemplate trimmed("{% for m in messages %}[{{ m.content | trim }}]{% endfor %}");
  EXPECT_EQ(trimmed.render({{"messages", messages}, {"continue_final_message", true}}), "[Hi][I am");
  EXPECT_THROW(exact.render({{"messages", messages}, {"continue_final_message", "other"}}), ArgumentError);
  EXPECT_THROW(
      exact.render({{"messages", messages}, {"continue_final_message", true}, {"add_generation_prompt", true}}),
      ArgumentError);
  EXPECT_THROW(
      ChatTemplate("{{ messages[0].content }}").render({{"messages", messages}, {"continue_final_message", true}}),
      ArgumentError);
}

/// A GGUF file of strings only, little endian.
class GgufBytes {
 public:
  void number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void text(const std::string& value) {
    number(value.size(), 8);
    bytes_ += value;
  }
  void string_key(const std::string& key, const std::string& value) {
    text(key);
    number(8, 4);
    text(value);
  }
  void integer_key(const std::string& key, std::uint32_t value) {
    text(key);
    number(4, 4);
    number(value, 4);
  }
  std::string bytes_;
};

headformer::Gguf parse(std::uint64_t keys, const std::string& metadata) {
  GgufBytes file;
  file.bytes_ = "GGUF";
  file.number(3, 4);
  file.number(0, 8);
  file.number(keys, 8);
  const auto held = std::make_shared<std::string>(file.bytes_ + metadata);
  return headformer::Gguf::parse(Bytes(std::as_bytes(std::span(*held)), held, "model.gguf"));
}

TEST(ChatTemplate, ReadsGguf) {
  GgufBytes metadata;
  metadata.string_key("tokenizer.chat_template",
                      "{{ bos_token }}|{{ eos_token }}|{{ pad_token }}|{{ messages[0].content }}");
  metadata.string_key("tokenizer.chat_template.tool_use", "tools");
  metadata.integer_key("tokenizer.ggml.bos_token_id", 1);
  metadata.integer_key("tokenizer.ggml.eos_token_id", 2);
  metadata.integer_key("tokenizer.ggml.padding_token_id", 9);
  metadata.text("tokenizer.ggml.tokens");
  metadata.number(9, 4);
  metadata.number(8, 4);
  metadata.number(3, 8);
  for (const char* token : {"<pad>", "<bos>", "<eos>"}) metadata.text(token);
  const auto chat = ChatTemplate::from_gguf(parse(6, metadata.bytes_));
  ASSERT_TRUE(chat);
  Json variables = {{"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
  EXPECT_EQ(chat->render(variables), "<bos>|<eos>||Hi");
  variables["tools"] = Json::array({Json::object()});
  EXPECT_EQ(chat->render(variables), "tools");
  EXPECT_FALSE(ChatTemplate::from_gguf(parse(0, "")));
}

}  // namespace
