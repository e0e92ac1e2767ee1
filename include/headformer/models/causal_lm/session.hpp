#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "headformer/models/causal_lm/causal_language_model.hpp"
#include "headformer/models/causal_lm/session_options.hpp"

namespace headformer {

/// One sequence of a decoder language model: append ids or embeddings, read logits, go back, branch off. Owns its
/// state; the workspace may be shared by sessions that do not run at the same time.
class Session {
 public:
  Session(const std::shared_ptr<const CausalLanguageModel>& model, std::shared_ptr<Workspace> workspace,
          const SessionOptions& options = {})
      : Session(model, std::move(workspace), model->new_sequence(options.cache), options) {}
  /// With an empty sequence of the model that is there already, such as one over a source; its cache goes before that
  /// of the options. Throws ArgumentError for one that is not empty.
  Session(std::shared_ptr<const CausalLanguageModel> model, std::shared_ptr<Workspace> workspace, SequenceState state,
          const SessionOptions& options = {})
      : model_(std::move(model)), workspace_(std::move(workspace)), options_(options), state_(std::move(state)) {
    if (state_.length() != 0)
      throw ArgumentError("session: expected an empty sequence, found one of length " +
                          std::to_string(state_.length()));
    if (options_.rows < 1)
      throw ArgumentError("session: expected rows of 1 or more, found " + std::to_string(options_.rows));
    if (options_.reserve > 0) {
      state_.reserve(options_.reserve, options_.rows);
      history_.reserve(whole_pages(options_.reserve));
    }
  }

  Index length() const { return state_.length(); }
  const CausalLanguageModel& model() const { return *model_; }
  const SequenceState& state() const { return state_; }

  /// Called while several ids or rows are appended: at the start and after each piece.
  ProgressCallback progress;
  /// Looked at between the pieces; CancelledError leaves the session with the pieces that are done.
  Cancellation cancellation;

  /// Appends ids and returns the logits of the last one. Shapes: [T] -> [V]; valid until the next call.
  /// Throws ArgumentError for no ids or one outside the vocabulary, CancelledError.
  std::span<float> append(std::span<const TokenId> ids) {
    if (ids.empty()) throw ArgumentError("append: expected at least one id, found none");
    model_->expect_in_vocabulary(ids);
    const auto count = static_cast<Index>(ids.size());
    restart_before(count);
    append_ids(ids, state_.length() + count, [&](SequenceInput& input, Index, Index end) {
      input.logits = end == count ? LogitRows::last : LogitRows::none;
      return end == count ? last_logits() : TensorView<float>();
    });
    return {logits_.data(), static_cast<std::size_t>(logits_.count())};
  }

  /// Appends rows of the width of the model in place of embedded ids. Shapes: [T, D] -> [V].
  std::span<float> append(TensorView<const float> embeddings) {
    if (embeddings.data() == nullptr || embeddings.rows() == 0)
      throw ArgumentError("append: expected at least one row, found none");
    const Index total = state_.length() + embeddings.rows();
    for_each_piece(embeddings.rows(), [&](Index begin, Index end) {
      SequenceInput input;
      input.embeddings = embeddings.slice_rows(begin, end);
      const bool last = end == embeddings.rows();
      input.logits = last ? LogitRows::last : LogitRows::none;
      run(input, total, last ? last_logits() : TensorView<float>());
      replayable_ = false;
    });
    return {logits_.data(), static_cast<std::size_t>(logits_.count())};
  }

  /// Appends ids and returns the logits of each. Shapes: [T] -> [T, V].
  Tensor<float> append_all(std::span<const TokenId> ids) {
    Tensor<float> logits;
    append_all(ids, logits);
    return logits;
  }
  /// The same to where the caller says; `logits` is made when it has fewer than T rows of V. Shapes: [T] -> [T.., V].
  void append_all(std::span<const TokenId> ids, Tensor<float>& logits) {
    model_->expect_in_vocabulary(ids);
    const auto count = static_cast<Index>(ids.size());
    const Index vocabulary = model_->config().vocabulary;
    if (logits.data() == nullptr || logits.size(1) != vocabulary || logits.size(0) < count)
      logits = Tensor<float>(Shape{count, vocabulary});
    restart_before(count);
    append_ids(ids, state_.length() + count, [&](SequenceInput& input, Index begin, Index end) {
      input.logits = LogitRows::all;
      return logits.view().slice_rows(begin, end);
    });
  }

  /// How many of the next `count` ids can be appended together as if one after the other: with the same bits, and with
  /// the way back to each of them.
  Index at_once(Index count) const {
    count = std::min(count, kernels::page_positions);  // what a layer with a window keeps besides it
    const CausalLmConfig& config = model_->config();
    if (config.learned_positions > 0)
      count = std::min(count, config.learned_positions - config.numbering.first() - state_.length());
    const auto rotated_alike = [&](Index length) {
      return std::all_of(config.layers.begin(), config.layers.end(), [&](const LayerConfig& layer) {
        const RotaryConfig& rotary = layer.attention.rotary;
        return rotary.length_class(state_.length() + 1) == rotary.length_class(length);
      });
    };
    while (count > 1 && !rotated_alike(state_.length() + count)) --count;
    return std::max<Index>(count, 0);
  }

  /// What is appended to one of several sessions.
  struct Piece {
    Session* session = nullptr;
    std::span<const TokenId> ids;
    Index total = 0;     ///< the session's length when all is there that this is a piece of; 0: nothing follows
    bool logits = true;  ///< of the last id; otherwise of none
  };

  /// Appends to several sessions of one model, all different, in one pass. `logits` is where to, made when it does not
  /// fit; a session's bits are those it has alone. Shapes: [pieces that want logits] -> [them, V].
  /// Throws ArgumentError for no pieces, one without ids, an id outside the vocabulary; then no session has changed.
  static std::span<const float> append_pieces(std::span<const Piece> pieces, Tensor<float>& logits) {
    if (pieces.empty()) throw ArgumentError("append: expected at least one session, found none");
    const CausalLanguageModel& model = pieces.front().session->model();
    const Index vocabulary = model.config().vocabulary;
    Index rows = 0;
    for (const Piece& piece : pieces) {
      if (piece.ids.empty()) throw ArgumentError("append: expected at least one id for each session, found none");
      model.expect_in_vocabulary(piece.ids);
      rows += piece.logits ? 1 : 0;
    }
    if (rows > 0 && (logits.data() == nullptr || logits.size(1) != vocabulary || logits.size(0) < rows))
      logits = Tensor<float>(Shape{rows, vocabulary});
    std::vector<SequenceInput> inputs(pieces.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      Session& session = *pieces[i].session;
      const auto count = static_cast<Index>(pieces[i].ids.size());
      const Index total = std::max(pieces[i].total, session.length() + count);
      session.restart_before(total - session.length());
      inputs[i].state = &session.state_;
      inputs[i].ids = pieces[i].ids;
      inputs[i].logits = pieces[i].logits ? LogitRows::last : LogitRows::none;
      inputs[i].total_length = session.rotated_for_ = total;
    }
    model.forward(*pieces.front().session->workspace_, inputs,
                  rows > 0 ? logits.view().slice_rows(0, rows) : TensorView<float>());
    for (const Piece& piece : pieces) {
      Session& session = *piece.session;
      if (session.replayable_) session.history_.insert(session.history_.end(), piece.ids.begin(), piece.ids.end());
    }
    return {logits.data(), static_cast<std::size_t>(rows * vocabulary)};
  }

  /// Appends one id to each of several sessions of one model, together. Shapes: [N] -> [N, V]. Throws as
  /// append_pieces().
  static std::span<const float> append_each(std::span<Session> sessions, std::span<const TokenId> ids,
                                            Tensor<float>& logits) {
    std::vector<Piece> pieces(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) pieces[i] = {&sessions[i], ids.subspan(i, 1)};
    return append_pieces(pieces, logits);
  }

  /// Forgets everything from position `length` on; see SequenceState::truncate.
  void truncate(Index length) {
    state_.truncate(length);
    replayable_ = replayable_ || length == 0;
    history_.resize(replayable_ ? static_cast<std::size_t>(length) : 0);
  }

  /// Goes back to the longest beginning that it shares with `ids` and can go back to, and returns its length: the ids
  /// from there on are what is left to append, at least the last, which gives the logits. (With dynamic rotary scaling
  /// keys keep the rotation they were cached with, as in every sequence that grows.)
  Index keep_common(std::span<const TokenId> ids) {
    const auto most = std::min(history_.size(), ids.empty() ? 0 : ids.size() - 1);
    const auto end = history_.begin() + static_cast<std::ptrdiff_t>(replayable_ ? most : 0);
    const Index common = std::mismatch(history_.begin(), end, ids.begin()).first - history_.begin();
    truncate(state_.can_truncate(common) ? common : 0);
    return length();
  }

  /// A session with the same first `length` positions, which share memory until one of the two writes there.
  Session fork(Index length) const {
    Session copy(*this);
    copy.truncate(length);
    return copy;
  }
  Session fork() const { return fork(length()); }

  Session(Session&&) = default;
  Session& operator=(Session&&) = default;

 private:
  Session(const Session& other)
      : progress(other.progress),
        cancellation(other.cancellation),
        model_(other.model_),
        workspace_(other.workspace_),
        options_(other.options_),
        state_(other.state_),
        history_(other.history_),
        replayable_(other.replayable_),
        rotated_for_(other.rotated_for_) {}

  template <class Body>
  void for_each_piece(Index count, Body body) {
    const auto report = [&](Index done) {
      if (progress && count > 1)
        progress({Progress::Stage::prefilling, static_cast<double>(done), static_cast<double>(count)});
    };
    report(0);
    for (Index begin = 0; begin < count; begin += options_.rows) {
      cancellation.throw_if_cancelled();
      const Index end = std::min(begin + options_.rows, count);
      body(begin, end);
      report(end);
    }
  }

  static std::size_t whole_pages(Index positions) {
    constexpr Index page = kernels::page_positions;
    return static_cast<std::size_t>((positions + page - 1) / page * page);
  }

  /// Appends ids piece by piece; `prepare(input, begin, end)` says which logits a piece gives, and where to.
  template <class Prepare>
  void append_ids(std::span<const TokenId> ids, Index total, Prepare prepare) {
    if (replayable_) history_.reserve(whole_pages(total));  // as the pages grow: between them a step allocates nothing
    for_each_piece(static_cast<Index>(ids.size()), [&](Index begin, Index end) {
      SequenceInput input;
      input.ids = ids.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
      const TensorView<float> logits = prepare(input, begin, end);
      run(input, total, logits);
      if (replayable_) history_.insert(history_.end(), input.ids.begin(), input.ids.end());
    });
  }

  /// `total`: the sequence's length when the whole input is there, so that its pieces are rotated alike.
  void run(SequenceInput input, Index total, TensorView<float> logits) {
    input.state = &state_;
    input.total_length = rotated_for_ = total;
    model_->forward(*workspace_, std::span(&input, 1), logits);
  }

  TensorView<float> last_logits() {
    if (logits_.data() == nullptr) logits_ = Tensor<float>(Shape{1, model_->config().vocabulary});
    return logits_.view();
  }

  /// Phi-3's rule: when a sequence outgrows the length of the short factors, what was cached with them is computed
  /// again with the long ones (the reference drops its cache there); and with the short ones after going back.
  void restart_before(Index more) {
    if (!model_->config().restarts_with_long_factors || !replayable_ || state_.length() == 0) return;
    const RotaryConfig& rotary = model_->config().layers.front().attention.rotary;
    const Index total = state_.length() + more;
    if (rotary.length_class(rotated_for_) == rotary.length_class(total)) return;
    const std::vector<TokenId> past = history_;
    history_.clear();  // which keeps the memory that was reserved
    state_.truncate(0);
    append_ids(past, total, [](SequenceInput& input, Index, Index) {
      input.logits = LogitRows::none;
      return TensorView<float>();
    });
  }

  std::shared_ptr<const CausalLanguageModel> model_;
  std::shared_ptr<Workspace> workspace_;
  SessionOptions options_;
  SequenceState state_;
  std::vector<TokenId> history_;  ///< ids appended so far
  bool replayable_ = true;        ///< history_ is the whole sequence
  Index rotated_for_ = 0;         ///< length whose frequencies the latest positions have
  Tensor<float> logits_;          ///< [1, V]
};

/// A session that a generation shares with whoever goes on with it afterwards.
class SharedSession {
 public:
  explicit SharedSession(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  std::span<float> append(std::span<const TokenId> ids) { return session_->append(ids); }
  void append_all(std::span<const TokenId> ids, Tensor<float>& logits) { session_->append_all(ids, logits); }
  void truncate(Index length) { session_->truncate(length); }
  Index length() const { return session_->length(); }
  Index at_once(Index count) const { return session_->at_once(count); }

 private:
  std::shared_ptr<Session> session_;
};

}  // namespace headformer
