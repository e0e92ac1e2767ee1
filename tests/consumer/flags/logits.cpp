// Compiled twice, with different machine flags, as FUNCTION.
#include "logits.hpp"

#include <headformer/auto_causal_lm.hpp>

std::vector<float> FUNCTION(const char* checkpoint, std::string_view isa) {
  const auto model = headformer::open_causal_lm(checkpoint);
  headformer::SequenceState sequence = model->new_sequence();
  headformer::Workspace workspace(std::make_shared<headformer::ThreadPool>(2), headformer::isa_from_name(isa));
  const std::vector<headformer::TokenId> ids = {1, 2, 3, 4, 5, 6, 7};
  const headformer::SequenceInput input{.state = &sequence, .ids = ids};
  headformer::Tensor<float> logits({1, model->config().vocabulary});
  model->forward(workspace, {&input, 1}, logits);
  return {logits.data(), logits.data() + logits.count()};
}
