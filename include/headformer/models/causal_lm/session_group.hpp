#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "headformer/models/causal_lm/session.hpp"

namespace headformer {

/// Sessions that begin alike and share the memory of what they have in common, for a search over several (a
/// SequenceGroup of generate/beam_search.hpp). All go on together: one pass over the weights a step.
class SessionGroup {
 public:
  /// From an empty session.
  explicit SessionGroup(Session session) { sessions_.push_back(std::move(session)); }

  /// Appends the prompt. Shapes: [T] -> [V]; valid until the next call. Throws as Session::append().
  std::span<const float> start(std::span<const TokenId> ids) { return sessions_.front().append(ids); }

  /// Sequence i becomes what sequence parents[i] was, and ids[i]; those that nobody names end. Shapes: [N] -> [N, V].
  std::span<const float> step(std::span<const std::size_t> parents, std::span<const TokenId> ids) {
    if (parents.size() != ids.size() || ids.empty())
      throw ArgumentError("step: expected as many ids as parents, found " + std::to_string(ids.size()) + " and " +
                          std::to_string(parents.size()));
    // At first all beams are the one that the prompt was appended to.
    const auto parent = [&](std::size_t i) { return sessions_.size() == 1 ? std::size_t{0} : parents[i]; };
    std::vector<std::size_t> heirs(sessions_.size(), 0);
    for (std::size_t i = 0; i < parents.size(); ++i) ++heirs.at(parent(i));
    std::vector<Session> next;
    next.reserve(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      Session& from = sessions_[parent(i)];
      if (--heirs[parent(i)] > 0)
        next.push_back(from.fork());
      else
        next.push_back(std::move(from));  // nobody else goes on from there
    }
    sessions_ = std::move(next);
    return Session::append_each(sessions_, ids, logits_);
  }

 private:
  std::vector<Session> sessions_;
  Tensor<float> logits_;  ///< [N, V]
};

}  // namespace headformer
