// What a user of headformer::models writes: a checkpoint opened by name, ids in, logits out; no text, nothing to link.
#include <algorithm>
#include <exception>
#include <headformer/auto_causal_lm.hpp>
#include <iostream>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const auto model = headformer::open_causal_lm(argv[1]);
    headformer::SequenceState sequence = model->new_sequence();
    headformer::Workspace workspace;
    const std::vector<headformer::TokenId> ids = {1, 2, 3, 4, 5};
    const headformer::SequenceInput input{.state = &sequence, .ids = ids};
    headformer::Tensor<float> logits({1, model->config().vocabulary});
    model->forward(workspace, {&input, 1}, logits);
    std::cout << std::max_element(logits.data(), logits.data() + logits.count()) - logits.data() << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
