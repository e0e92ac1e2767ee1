#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <headformer/chat_generator.hpp>
#include <headformer/preprocess/unicode/utf8.hpp>
#include <headformer/weights/checkpoint.hpp>
#include <thread>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

// Text in, text out inside one's own program: streams, conversations, progress, cancelling. With the bundled model.
namespace headformer::testing {
namespace {

const std::filesystem::path tiny_model = std::filesystem::path(HEADFORMER_EXAMPLES_DIR) / "tiny_model";

GenerationConfig greedy(Index tokens) {
  GenerationConfig config;
  config.do_sample = false;
  config.repetition_penalty = 1;
  config.max_new_tokens = tokens;
  return config;
}

TextGeneratorOptions with_threads(int threads) {
  TextGeneratorOptions options;
  options.threads = threads;
  return options;
}

/// The bundled model with the chat template of a published one.
FileReader files_with_template(const std::string& name) {
  const std::string path =
      (std::filesystem::path(HEADFORMER_TESTS_DIR) / "goldens/chat_templates/templates" / (name + ".jinja")).string();
  return [path, files = Checkpoint::folder_reader(tiny_model)](const std::string& file) {
    return file == "chat_template.jinja" ? Bytes::map(path) : files(file);
  };
}
ChatGenerator generator_with_template(const std::string& name, TextGeneratorOptions options = with_threads(1)) {
  return ChatGenerator(Checkpoint::from_reader(files_with_template(name), name), std::move(options));
}

std::string all_of(TextStream& stream) {
  std::string text;
  for (const std::string_view piece : stream) text += piece;
  return text;
}

TEST(TextGenerator, PiecesAreTheTextHoweverItIsAskedFor) {
  const TextGenerator generator(tiny_model, with_threads(1));
  const std::string text = generator.generate("In the beginning", greedy(40));
  ASSERT_GT(text.size(), 40U);
  std::string by_callback;
  generator.generate("In the beginning", greedy(40), [&](std::string_view piece) {
    by_callback += piece;
    return true;
  });
  EXPECT_EQ(by_callback, text);
  int pieces = 0;
  generator.generate("In the beginning", greedy(40), [&](std::string_view) { return ++pieces < 3; });
  EXPECT_EQ(pieces, 3) << "false stops it";
  TextStream stream = generator.stream("In the beginning", greedy(40));
  std::string pulled;
  while (stream.advance()) {
    EXPECT_FALSE(stream.piece().empty());
    pulled += stream.piece();
    EXPECT_EQ(stream.text(), pulled);
  }
  EXPECT_EQ(pulled, text);
  EXPECT_EQ(stream.text(), text);
  EXPECT_EQ(stream.finish_reason(), FinishReason::length);
  EXPECT_EQ(stream.timings().generated_tokens, 40);
  EXPECT_EQ(stream.ids().size(), 40U);
}

TEST(TextGenerator, PiecesAreWholeCharacters) {
  // A hot sampler draws tokens that hold any bytes.
  const TextGenerator generator(tiny_model, with_threads(1));
  GenerationConfig config;
  config.temperature = 30;
  config.top_k = 0;
  config.top_p = 1;
  config.max_new_tokens = 300;
  bool beyond_ascii = false;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    config.seed = seed;
    TextStream stream = generator.stream("\u00e9\u4eba\U0001F600", config);
    for (const std::string_view piece : stream) {
      ASSERT_TRUE(unicode::is_utf8(piece)) << "seed " << seed;
      beyond_ascii = beyond_ascii || std::any_of(piece.begin(), piece.end(), [](char c) { return (c & 0x80) != 0; });
    }
  }
  EXPECT_TRUE(beyond_ascii) << "nothing was tested";
}

TEST(TextGenerator, AStopStringEndsTheTextBeforeIt) {
  const TextGenerator generator(tiny_model, with_threads(1));
  const std::string text = generator.generate("In the beginning", greedy(40));
  GenerationConfig config = greedy(40);
  const std::string stop = text.substr(20, 5);
  config.stop_strings = {"never there", stop};
  TextStream stream = generator.stream("In the beginning", config);
  EXPECT_EQ(all_of(stream), text.substr(0, text.find(stop)));
  EXPECT_EQ(stream.finish_reason(), FinishReason::stop_string);
  EXPECT_LT(stream.ids().size(), 40U) << "nothing more was computed";
}

TEST(TextGenerator, OpensWhatACallerDeliversInMemory) {
  const TextGenerator by_path(tiny_model, with_threads(1));
  const FileReader from_memory = [](const std::string& name) {
    if (!std::filesystem::exists(tiny_model / name)) return Bytes();
    auto content = std::make_shared<const std::string>(read_file(tiny_model / name));
    const auto bytes = std::as_bytes(std::span(*content));
    return Bytes(bytes, std::move(content), name);
  };
  const TextGenerator by_reader(Checkpoint::from_reader(from_memory, "archive"), with_threads(1));
  EXPECT_EQ(by_reader.generate("And", greedy(20)), by_path.generate("And", greedy(20)));
}

TEST(TextGenerator, RunsInAForkedChild) {
  const TextGenerator generator(tiny_model, with_threads(2));
  const std::string expected = generator.generate("And it came to pass", greedy(20));
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // a hang becomes a signal
    ::_exit(generator.generate("And it came to pass", greedy(20)) == expected ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  EXPECT_EQ(generator.generate("And it came to pass", greedy(20)), expected) << "and the parent goes on";
}

TEST(TextGenerator, TwoWithPoolsOfTheirOwnRunSideBySide) {
  const TextGenerator first(tiny_model, with_threads(2));
  const TextGenerator second(tiny_model, with_threads(3));
  const std::string expected = first.generate("And", greedy(20));
  std::string beside;
  std::thread other([&] { beside = second.generate("And", greedy(20)); });
  EXPECT_EQ(first.generate("And", greedy(20)), expected);
  other.join();
  EXPECT_EQ(beside, expected);
}

// --- progress and cancelling
// ------------------------------------------------------------------------------------------

TEST(TextGenerator, ReportsLoadingAndPrefilling) {
  std::vector<Progress> seen;
  TextGeneratorOptions options = with_threads(1);
  options.progress = [&](const Progress& progress) { seen.push_back(progress); };
  options.session.rows = 8;
  const TextGenerator generator(tiny_model, std::move(options));
  ASSERT_GT(seen.size(), 10U);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].stage, Progress::Stage::loading);
    EXPECT_GE(seen[i].done, i == 0 ? 0 : seen[i - 1].done);
  }
  EXPECT_EQ(seen.back().done, seen.back().total);
  seen.clear();
  generator.generate_ids(std::vector<TokenId>(20, 300), greedy(3)).next();
  std::vector<double> done;
  for (const Progress& progress : seen) {
    EXPECT_EQ(progress.stage, Progress::Stage::prefilling);
    EXPECT_EQ(progress.total, 20);
    done.push_back(progress.done);
  }
  EXPECT_EQ(done, (std::vector<double>{0, 8, 16, 20}));
  seen.clear();
  IdStream generation = generator.generate_ids({300, 301}, greedy(3));
  generation.next();
  EXPECT_EQ(seen.size(), 2U);
  generation.next();
  EXPECT_EQ(seen.size(), 2U) << "a step of decoding is no prefill";
}

/// Another thread, which cancels when the work reports that it has come half-way; the work waits there for it.
class Canceller {
 public:
  explicit Canceller(Progress::Stage stage) : stage_(stage), thread_([this] { cancel_when_asked(); }) {}
  ~Canceller() {
    ask();
    thread_.join();
  }
  TextGeneratorOptions options() {
    TextGeneratorOptions options = with_threads(2);
    options.session.rows = 8;
    options.cancellation = cancellation_;
    options.progress = [this](const Progress& progress) {
      if (progress.stage != stage_ || progress.done < progress.total / 2) return;
      ++reports;
      ask();
      while (!cancellation_.cancelled()) std::this_thread::yield();
    };
    return options;
  }
  int reports = 0;

 private:
  void ask() {
    asked_ = true;
    asked_.notify_one();
  }
  void cancel_when_asked() {
    asked_.wait(false);
    cancellation_.cancel();
  }

  Progress::Stage stage_;
  Cancellation cancellation_;
  std::atomic<bool> asked_ = false;
  std::thread thread_;
};

TEST(TextGenerator, LoadingIsCancelledFromAnotherThread) {
  Canceller canceller(Progress::Stage::loading);
  EXPECT_THROW(TextGenerator(tiny_model, canceller.options()), CancelledError);
  EXPECT_EQ(canceller.reports, 1) << "no tensor more";
}

TEST(TextGenerator, PrefillingIsCancelledFromAnotherThread) {
  Canceller canceller(Progress::Stage::prefilling);
  const TextGenerator generator(tiny_model, canceller.options());
  TextStream stream = generator.stream_ids(std::vector<TokenId>(200, 300), greedy(5));
  EXPECT_EQ(all_of(stream), "");
  EXPECT_EQ(stream.finish_reason(), FinishReason::cancelled);
  EXPECT_EQ(canceller.reports, 1) << "no piece more";
}

TEST(TextGenerator, AStreamIsCancelledFromAnotherThread) {
  TextGeneratorOptions options = with_threads(2);
  Cancellation cancellation;
  options.cancellation = cancellation;
  const TextGenerator generator(tiny_model, std::move(options));
  GenerationConfig config = greedy(1000000);
  config.eos_token_id = std::vector<TokenId>{};
  TextStream stream = generator.stream("And", config);
  ASSERT_TRUE(stream.advance());
  std::thread other([&] { cancellation.cancel(); });
  while (stream.advance()) continue;
  other.join();
  EXPECT_EQ(stream.finish_reason(), FinishReason::cancelled);
}

// --- conversations
// ----------------------------------------------------------------------------------------------------

class Conversations : public ::testing::TestWithParam<std::string> {};

TEST_P(Conversations, AnswerAsIfComputedAnewAndComputeOnlyWhatIsNew) {
  const ChatGenerator generator = generator_with_template(GetParam());
  Conversation conversation(generator, greedy(12));
  std::vector<ChatMessage> messages;
  Index held = 0;
  for (const char* turn : {"Who made the earth?", "And who was Adam? Tell me all.", "Why?", "Why?"}) {
    messages.push_back({"user", turn});
    TextStream& stream = conversation.say(turn);
    const std::string answer = all_of(stream);
    TextStream anew = generator.chat(messages, greedy(12));
    ASSERT_EQ(answer, all_of(anew)) << turn;
    EXPECT_EQ(anew.timings().reused_tokens, 0);
    EXPECT_GE(stream.timings().reused_tokens, held) << turn;
    EXPECT_LT(stream.timings().reused_tokens, stream.timings().prompt_tokens);
    // The template renders the user's turn again as it was, so that at least it and all before it are shared.
    held = stream.timings().prompt_tokens - 40;
    messages.push_back({"assistant", answer});
    const std::vector<ChatMessage> kept = conversation.messages();
    ASSERT_EQ(kept.size(), messages.size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(kept[i].role, messages[i].role);
      EXPECT_EQ(kept[i].content, messages[i].content);
    }
  }
  EXPECT_GT(held, 0) << "nothing was tested";
}

INSTANTIATE_TEST_SUITE_P(Templates, Conversations,
                         ::testing::Values("chatml", "gemma", "llama3", "mistral_v1", "phi3", "qwen3", "zephyr"),
                         [](const auto& name) { return name.param; });

TEST(Conversation, GoesOnFromMessagesAndFromHalfAnAnswer) {
  const ChatGenerator generator = generator_with_template("chatml");
  const std::vector<ChatMessage> past = {{"system", "Be brief."}, {"user", "Who?"}, {"assistant", "The LORD."}};
  Conversation conversation(generator, greedy(30), past);
  TextStream& stream = conversation.say("And then?");
  ASSERT_TRUE(stream.advance());
  ASSERT_TRUE(stream.advance());
  const std::string half = stream.text();
  std::vector<ChatMessage> messages = past;
  for (const ChatMessage& message : {ChatMessage{"user", "And then?"}, {"assistant", half}, {"user", "Go on."}})
    messages.push_back(message);
  TextStream expected = generator.chat(messages, greedy(30));
  EXPECT_EQ(all_of(conversation.say("Go on.")), all_of(expected));
  TextStream other = generator.chat(past, greedy(30));
  EXPECT_EQ(all_of(conversation.answer_to(past)), all_of(other)) << "other messages in place of all";
}

TEST(Conversation, ATurnThatTheTemplateRefusesChangesNothing) {
  const ChatGenerator generator = generator_with_template("gemma");
  Conversation conversation(generator, greedy(8));
  const std::string answer = all_of(conversation.say("Who?"));
  EXPECT_THROW(conversation.answer_to({{"assistant", "I come first."}}), Error);
  ASSERT_EQ(conversation.messages().size(), 2U);
  EXPECT_EQ(conversation.messages()[1].content, answer);
  EXPECT_FALSE(all_of(conversation.say("Why?")).empty());
}

TEST(Conversation, ASeedGivesEachAnswerDrawsOfItsOwn) {
  const ChatGenerator generator = generator_with_template("chatml");
  const std::vector<ChatMessage> question = {{"user", "Who?"}};
  GenerationConfig config;
  config.temperature = 5;
  config.seed = 7;
  config.max_new_tokens = 20;
  Conversation conversation(generator, config);
  const std::string first = all_of(conversation.answer_to(question));
  const std::string second = all_of(conversation.answer_to(question));
  EXPECT_NE(first, second) << "the same question again";
  Conversation again(generator, config);
  EXPECT_EQ(all_of(again.answer_to(question)), first);
  EXPECT_EQ(all_of(again.answer_to(question)), second);
}

TEST(Conversation, NeedsATemplate) {
  const ChatGenerator generator(tiny_model, with_threads(1));
  expect_mentions(message_of<ConfigError>([&] { Conversation conversation(generator); }), {"tiny_model", "template"});
}

}  // namespace
}  // namespace headformer::testing
