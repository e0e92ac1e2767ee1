#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/small_checkpoint.hpp"
#include "support/terminal.hpp"

// `generate --chat` as anyone runs it: the bundled model under the chat templates of published ones.
namespace headformer::testing {
namespace {

class ChatDoor : public ::testing::Test {
 protected:
  /// The bundled model with a template of its own.
  std::string model_with(const std::string& chat_template) {
    const std::filesystem::path tiny = std::filesystem::path(HEADFORMER_EXAMPLES_DIR) / "tiny_model";
    const std::filesystem::path templates = std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/chat_templates";
    const std::filesystem::path model = folder_ / chat_template;
    std::filesystem::create_directory(model);
    for (const char* file : {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"})
      std::filesystem::create_symlink(tiny / file, model / file);
    std::filesystem::create_symlink(templates / "templates" / (chat_template + ".jinja"),
                                    model / "chat_template.jinja");
    return model.string();
  }
  static std::vector<std::string> options(const std::string& model) {
    return {model, "--chat", "--max-new-tokens", "12", "--threads", "1"};
  }
  static ProgramResult chat(const std::string& model, const std::string& input, bool ids = false) {
    std::vector<std::string> words = options(model);
    if (ids) words.emplace_back("--output-ids");
    return run_program("generate", words, input);
  }

  /// The answer to messages: rendered and encoded by `tokenize`, continued by `generate --input-ids`.
  static std::string answer_by_hand(const std::string& model, const Json& messages) {
    const Json conversation = {{"messages", messages}, {"add_generation_prompt", true}};
    const ProgramResult rendered = run_program("tokenize", {model, "--chat"}, conversation.dump() + "\n");
    expect_success(rendered);
    const ProgramResult encoded = run_program("tokenize", {model}, rendered.out);
    expect_success(encoded);
    std::string ids;
    const Json list = Json::parse(encoded.out);
    // The tokenizer adds its beginning; a rendered prompt says itself where it begins.
    for (std::size_t i = 1; i < list.size(); ++i) ids += (i > 1 ? "," : "") + list[i].dump();
    const ProgramResult answer =
        run_program("generate", {model, "--input-ids", ids, "--max-new-tokens", "12", "--threads", "1"});
    expect_success(answer);
    return answer.out;
  }

  TemporaryFolder folder_;
};

TEST_F(ChatDoor, EachLineIsATurnAndTheAnswersStayInTheConversation) {
  for (const char* name : {"chatml", "llama3", "gemma"}) {
    SCOPED_TRACE(name);
    const std::string model = model_with(name);
    Json messages = Json::array();
    std::string expected;
    for (const char* turn : {"Who made the earth?", "And the \u201cheaven\u201d?", "Why?"}) {
      messages.push_back({{"role", "user"}, {"content", turn}});
      const std::string answer = answer_by_hand(model, messages);
      messages.push_back({{"role", "assistant"}, {"content", answer.substr(0, answer.size() - 1)}});
      expected += answer;
    }
    const ProgramResult result = chat(model, "Who made the earth?\nAnd the \u201cheaven\u201d?\n\nWhy?");
    expect_success(result);
    EXPECT_EQ(result.out, expected);
  }
}

TEST_F(ChatDoor, AListIsAConversation) {
  const std::string model = model_with("chatml");
  const Json messages = {{{"role", "system"}, {"content", "Answer in verse."}},
                         {{"role", "user"}, {"content", "Who?"}},
                         {{"role", "assistant"}, {"content", "The LORD."}},
                         {{"role", "user"}, {"content", "And then?"}}};
  const std::string expected = answer_by_hand(model, messages);
  const ProgramResult one_line = chat(model, messages.dump() + "\n");
  expect_success(one_line);
  EXPECT_EQ(one_line.out, expected);
  EXPECT_EQ(chat(model, messages.dump(2)).out, expected) << "over several lines";
  EXPECT_EQ(chat(model, messages.dump() + "\n" + messages.dump()).out, expected + expected) << "one after another";

  Json longer = messages;
  longer.push_back({{"role", "assistant"}, {"content", expected.substr(0, expected.size() - 1)}});
  longer.push_back({{"role", "user"}, {"content", "Go on."}});
  EXPECT_EQ(chat(model, messages.dump() + "\nGo on.\n").out, expected + answer_by_hand(model, longer))
      << "a turn after it goes on";

  const ProgramResult ids = chat(model, messages.dump() + "\n", true);
  expect_success(ids);
  EXPECT_EQ(Json::parse(ids.out).size(), 12U);
}

TEST_F(ChatDoor, NothingSaidIsNothingAnswered) {
  const ProgramResult result = chat(model_with("chatml"), "\n\n");
  expect_success(result);
  EXPECT_EQ(result.out, "");
}

TEST_F(ChatDoor, BadConversationsAreRefused) {
  const std::string model = model_with("gemma");
  struct Case {
    const char* name;
    std::string input;
    std::vector<std::string> mentions;
  };
  const Case table[] = {
      {"no JSON", "[{\"role\": \"user\"\n", {"--chat", "JSON list"}},
      {"no messages", "[]", {"messages", "at least one"}},
      {"a message that is text", "[\"hello\"]", {"--chat", "object"}},
      {"a message without a role", R"([{"content": "hello"}])", {"--chat", "role"}},
      {"a message of another type", R"([{"role": "user", "content": 7}])", {"content", "7"}},
      {"a key that would be lost", R"([{"role": "user", "content": "a", "tool_calls": []}])", {"tool_calls"}},
      {"what the template refuses", R"([{"role": "assistant", "content": "a"}])", {"alternate"}},
  };
  for (const Case& item : table) {
    SCOPED_TRACE(item.name);
    expect_refused(chat(model, item.input), item.mentions);
  }
}

TEST_F(ChatDoor, AtATerminalItAsksShowsProgressAndTellsTheRate) {
  const std::string model = model_with("chatml");
  const std::string piped = chat(model, "Who made the earth?\nWhy?\n").out;
  const ProgramResult result = run_on_terminal("generate", options(model), "Who made the earth?\nWhy?\n");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, piped) << "only the answers are output";
  for (const char* part : {"loading ", "prefilling ", "100 %", "> ", "tokens/s"})
    EXPECT_NE(result.error.find(part), std::string::npos) << part << " in: " << result.error;

  std::vector<std::string> quiet = options(model);
  quiet.emplace_back("--quiet");
  const ProgramResult silent = run_on_terminal("generate", quiet, "Who made the earth?\nWhy?\n");
  EXPECT_EQ(silent.status, 0);
  EXPECT_EQ(silent.out, piped);
  for (const char* part : {"loading", "prefilling", ">", "tokens/s"})
    EXPECT_EQ(silent.error.find(part), std::string::npos) << part << " in: " << silent.error;
}

TEST_F(ChatDoor, AtATerminalAnErrorIsOneLine) {
  const ProgramResult result = run_on_terminal("generate", {(folder_ / "nowhere").string(), "--chat"}, "");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.error.find("nowhere"), std::string::npos) << result.error;
}

}  // namespace
}  // namespace headformer::testing
