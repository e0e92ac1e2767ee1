#include <headformer/auto_seq2seq.hpp>
#include <set>

#include "models/seq2seq.hpp"

namespace headformer::testing {

std::shared_ptr<const SequenceToSequence> open_seq2seq_of_goldens(const std::string& name, LoadOptions options) {
  SerialExecutor executor;
  options.executor = &executor;
  return open_seq2seq(goldens() / "seq2seq" / name, options);
}

MemoryEstimate estimate_seq2seq_of_goldens(const std::string& name, const LoadOptions& options, const MemoryUse& use) {
  return seq2seq_memory_estimate(Checkpoint::open(goldens() / "seq2seq" / name), options, use);
}

namespace {

TEST(Seq2SeqFamilies, EveryClassHasAGoldenAndEveryGoldenFindsItsFamily) {
  std::set<std::string> classes;
  for (const Golden& golden : read_manifest()) {
    const Checkpoint checkpoint = Checkpoint::open(golden.model);
    EXPECT_EQ(is_seq2seq(checkpoint), golden.of_seq2seq()) << golden.name;
    if (!golden.of_seq2seq()) continue;
    classes.insert(checkpoint.architecture());
    EXPECT_EQ(detail::match_seq2seq(checkpoint).family->config(checkpoint).family, golden.family) << golden.name;
  }
  for (const Seq2SeqFamily* family : seq2seq_families) {
    for (const Seq2SeqClass& known : family->classes)
      EXPECT_TRUE(classes.contains(std::string(known.architecture))) << known.architecture << ": no golden";
  }
}

TEST(Seq2SeqFamilies, NoTwoAnswerToTheSameName) {
  std::set<std::string_view> names;
  for (const Seq2SeqFamily* family : seq2seq_families) {
    for (const Seq2SeqClass& known : family->classes)
      EXPECT_TRUE(names.insert(known.architecture).second) << known.architecture;
  }
}

}  // namespace
}  // namespace headformer::testing
