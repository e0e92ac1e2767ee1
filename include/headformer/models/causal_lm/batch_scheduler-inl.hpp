#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <list>
#include <mutex>
#include <utility>

#include "headformer/core/compiled.hpp"
#include "headformer/core/error.hpp"
#include "headformer/generate/sampler.hpp"
#include "headformer/models/causal_lm/batch_scheduler.hpp"
#include "headformer/models/causal_lm/session.hpp"
#include "headformer/models/generation_rules.hpp"

namespace headformer {

struct BatchScheduler::Parts {
  using Clock = std::chrono::steady_clock;

  /// A request, waiting or running.
  struct Task {
    std::uint64_t number;
    BatchRequest request;
    std::vector<TokenId> history;  ///< the prompt and what has been generated
    Index most;                    ///< new tokens
    std::vector<TokenId> ends;
    Sampler sampler;
    Clock::time_point submitted = Clock::now();
    std::uint64_t waiting_since = 0;  ///< in passes
    std::optional<Session> session;
    Index reused = 0;
    bool over = false;

    Task(std::uint64_t n, BatchRequest r)
        : number(n),
          request(std::move(r)),
          history(request.prompt),
          most(request.config.new_tokens(prompt_length())),
          ends(request.config.eos_token_id.value_or(std::vector<TokenId>{})),
          sampler(request.config, prompt_length()) {}

    Index prompt_length() const { return static_cast<Index>(request.prompt.size()); }
    Index length() const { return static_cast<Index>(history.size()); }
    /// Ids that the session lacks.
    Index behind() const { return length() - (session ? session->length() : 0); }
    double seconds() const { return std::chrono::duration<double>(Clock::now() - submitted).count(); }
  };
  /// The sequence of one that has ended, for prompts that begin like it.
  struct Kept {
    std::vector<TokenId> ids;
    Session session;
  };

  std::shared_ptr<const CausalLanguageModel> model;
  std::shared_ptr<Workspace> workspace;
  BatchSchedulerOptions options;
  bool rotates_by_length;  ///< keys depend on a sequence's length: they cannot be shared or computed again in one piece

  mutable std::mutex mutex;  ///< of what follows, up to the next line
  std::vector<std::unique_ptr<Task>> submitted;
  std::uint64_t next_number = 1;
  BatchStatistics published;

  // Of the thread that steps.
  std::vector<std::unique_ptr<Task>> waiting;
  std::vector<std::unique_ptr<Task>> running;  ///< in the order they came
  std::list<Kept> kept;                        ///< the last used first
  Tensor<float> logits;
  BatchStatistics counts;

  Parts(std::shared_ptr<const CausalLanguageModel> m, std::shared_ptr<Workspace> w, BatchSchedulerOptions o)
      : model(std::move(m)), workspace(std::move(w)), options(o) {
    const auto expect_one = [](const char* name, Index found) {
      if (found < 1)
        throw ArgumentError(std::string("batch: expected ") + name + " of 1 or more, found " + std::to_string(found));
    };
    expect_one("most_running", options.most_running);
    expect_one("rows", options.rows);
    const auto& layers = model->config().layers;
    rotates_by_length = std::any_of(layers.begin(), layers.end(), [](const LayerConfig& layer) {
      return layer.attention.rotary.depends_on_length();
    });
  }

  // --- ends ---

  /// Takes a task out of the running; the callback is told.
  void end(Task& task, FinishReason reason, std::string error = "") {
    task.over = true;
    if (task.session && error.empty()) keep(task);
    task.session.reset();
    if (!task.request.on_end) return;
    BatchRequest::End ended;
    ended.ids.assign(task.history.begin() + task.prompt_length(), task.history.end());
    ended.reason = reason;
    ended.error = std::move(error);
    ended.reused_tokens = task.reused;
    try {
      task.request.on_end(ended);
    } catch (...) {  // the caller's own affair; the others go on
    }
  }
  void keep(Task& task) {
    if (rotates_by_length || task.session->length() == 0) return;
    std::vector<TokenId> ids(task.history.begin(), task.history.begin() + task.session->length());
    std::erase_if(kept, [&](const Kept& other) {
      return other.ids.size() <= ids.size() && std::equal(other.ids.begin(), other.ids.end(), ids.begin());
    });
    kept.push_front({std::move(ids), std::move(*task.session)});
    if (kept.size() > 4 * static_cast<std::size_t>(options.most_running)) kept.pop_back();
  }

  /// Deadlines and cancellations, of those that wait too.
  void end_what_is_over(std::vector<std::unique_ptr<Task>>& tasks) {
    for (const auto& task : tasks) {
      if (task->over) continue;
      if (task->request.cancellation.cancelled())
        end(*task, FinishReason::cancelled);
      else if (task->request.deadline && task->seconds() > *task->request.deadline)
        end(*task, FinishReason::time);
    }
    std::erase_if(tasks, [](const auto& task) { return task->over; });
  }

  // --- memory ---

  static std::size_t bytes_of(const Task& task) { return task.session ? task.session->state().bytes() : 0; }
  std::size_t cache_bytes() const {
    std::size_t bytes = 0;
    for (const auto& task : running) bytes += bytes_of(*task);
    for (const Kept& each : kept) bytes += each.session.state().bytes();
    return bytes;
  }
  /// What `count` more positions of a sequence take at most.
  std::size_t bytes_for(Index count) const {
    std::size_t bytes = 0;
    for (const KeyValueSlotConfig& slot : CausalLanguageModel::slots(model->config(), options.cache))
      bytes += slot.layout.page_bytes();
    return bytes * static_cast<std::size_t>((count + kernels::page_positions - 1) / kernels::page_positions + 1);
  }
  bool has_room(std::size_t more) const {
    return options.most_cache_bytes == 0 || cache_bytes() + more <= options.most_cache_bytes;
  }

  /// Before a pass that adds to each running sequence: ended ones go, then the least important running one waits again.
  void make_room() {
    if (options.most_cache_bytes == 0) return;
    const auto needed = [&] { return running.size() * bytes_for(0); };
    while (!kept.empty() && !has_room(needed())) kept.pop_back();
    while (running.size() > 1 && !has_room(needed())) {
      const auto last = std::min_element(running.begin(), running.end(), [](const auto& a, const auto& b) {
        return a->request.priority != b->request.priority ? a->request.priority < b->request.priority
                                                          : a->number > b->number;
      });
      (*last)->session.reset();
      (*last)->waiting_since = counts.passes;
      waiting.push_back(std::move(*last));
      running.erase(last);
      ++counts.preempted;
    }
  }

  // --- who runs ---

  std::int64_t rank(const Task& task) const {
    const auto waited = static_cast<std::int64_t>(counts.passes - task.waiting_since);
    return task.request.priority + (options.aging > 0 ? waited / options.aging : 0);
  }
  static Index common_length(std::span<const TokenId> a, std::span<const TokenId> b) {
    return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
  }

  /// A session for a task: a fork of what begins like it for the longest, or an empty one. False where it had better
  /// wait for a running one that is about to compute more of the same.
  bool give_session(Task& task) {
    const Session* best = nullptr;
    Index length = 0;
    Index coming = 0;
    const auto consider = [&](const Session& session, std::span<const TokenId> ids) {
      // The last id is always computed: it gives the logits.
      const Index common = std::min(common_length(ids, task.history), task.length() - 1);
      const Index there = std::min(common, session.length());
      if (session.length() < common) coming = std::max(coming, common);
      if (there <= length || !session.state().can_truncate(there)) return false;
      best = &session;
      length = there;
      return true;
    };
    if (!rotates_by_length) {
      for (const auto& other : running) consider(*other->session, other->history);
      for (auto each = kept.begin(); each != kept.end(); ++each)
        if (consider(each->session, each->ids)) kept.splice(kept.begin(), kept, each);
      if (coming >= length + kernels::page_positions) return false;
    }
    if (best != nullptr)
      task.session.emplace(best->fork(length));
    else
      task.session.emplace(model, workspace, SessionOptions{options.cache, 0, options.rows});
    task.reused = std::min(length, task.prompt_length());
    counts.reused_tokens += static_cast<std::uint64_t>(task.reused);
    return true;
  }

  void admit() {
    std::sort(waiting.begin(), waiting.end(), [&](const auto& a, const auto& b) {
      return rank(*a) != rank(*b) ? rank(*a) > rank(*b) : a->number < b->number;
    });
    std::vector<std::unique_ptr<Task>> still;
    for (auto& task : waiting) {
      const bool full = static_cast<Index>(running.size()) >= options.most_running;
      bool room = full || has_room(bytes_for(task->length()));
      while (!full && !room && !kept.empty()) {
        kept.pop_back();
        room = has_room(bytes_for(task->length()));
      }
      // One alone may pass the limit: it would wait for ever.
      if (full || (!room && !running.empty()) || !give_session(*task)) {
        still.push_back(std::move(task));
        if (!room) {  // nobody overtakes one that waits for memory
          std::move(waiting.begin() + (&task - waiting.data()) + 1, waiting.end(), std::back_inserter(still));
          break;
        }
        continue;
      }
      running.push_back(std::move(task));
    }
    waiting = std::move(still);
  }

  // --- a pass ---

  /// A token of each that has caught up, then pieces of what others lack, in the order they came.
  std::vector<Session::Piece> pieces(std::vector<Task*>& tasks) {
    std::vector<Session::Piece> result;
    Index rows = 0;
    const auto add = [&](Task& task, Index count) {
      Session::Piece piece;
      piece.session = &*task.session;
      const Index begin = task.session->length();
      piece.ids = std::span<const TokenId>(task.history)
                      .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
      // A prompt's pieces are rotated alike; what was generated came one by one.
      piece.total = begin < task.prompt_length() ? task.prompt_length() : 0;
      piece.logits = begin + count == task.length();
      if (begin < task.prompt_length()) counts.prompt_tokens += static_cast<std::uint64_t>(count);
      rows += count;
      result.push_back(piece);
      tasks.push_back(&task);
    };
    for (const auto& task : running)
      if (task->behind() == 1) add(*task, 1);
    for (const auto& task : running) {
      Index count = std::min(task->behind(), options.rows - rows);
      if (task->behind() == 1 || count <= 0) continue;
      if (rotates_by_length) {
        const Index begin = task->session->length();
        count = begin < task->prompt_length() ? std::min(count, task->prompt_length() - begin) : 1;
      }
      add(*task, count);
    }
    return result;
  }

  /// What follows from a row of logits.
  void choose(Task& task, std::span<float> row) {
    TokenId id = 0;
    try {
      id = task.sampler(row, {task.history, task.prompt_length(), {}});
    } catch (const std::exception& error) {
      return end(task, FinishReason::none, error.what());
    }
    task.history.push_back(id);
    ++counts.generated_tokens;
    bool goes_on = true;
    if (task.request.on_token) {
      try {
        goes_on = task.request.on_token(id);
      } catch (const std::exception& error) {
        return end(task, FinishReason::none, error.what());
      } catch (...) {
        return end(task, FinishReason::none, "the callback threw");
      }
    }
    if (std::find(task.ends.begin(), task.ends.end(), id) != task.ends.end())
      end(task, FinishReason::end_of_sequence);
    else if (!goes_on)
      end(task, FinishReason::cancelled);
    else if (task.length() - task.prompt_length() >= task.most)
      end(task, FinishReason::length);
    else if (task.request.config.max_time && task.seconds() > *task.request.config.max_time)
      end(task, FinishReason::time);
  }

  void pass() {
    std::vector<Task*> tasks;
    const std::vector<Session::Piece> together = pieces(tasks);
    try {
      Session::append_pieces(together, logits);
    } catch (const std::exception& error) {
      for (const auto& task : running) end(*task, FinishReason::none, error.what());
      running.clear();
      return;
    }
    ++counts.passes;
    Index row = 0;
    for (std::size_t i = 0; i < tasks.size(); ++i)
      if (together[i].logits) choose(*tasks[i], logits.view().row_span(row++));
    std::erase_if(running, [](const auto& task) { return task->over; });
  }
};

HEADFORMER_INLINE BatchScheduler::BatchScheduler(std::shared_ptr<const CausalLanguageModel> model,
                                                 std::shared_ptr<Workspace> workspace, BatchSchedulerOptions options)
    : parts_(std::make_unique<Parts>(std::move(model), std::move(workspace), options)) {}
HEADFORMER_INLINE BatchScheduler::~BatchScheduler() = default;

HEADFORMER_INLINE std::uint64_t BatchScheduler::submit(BatchRequest request) {
  detail::expect_generation(*parts_->model, "batch", request.prompt, request.config);
  if (request.config.num_return_sequences.value_or(1) > 1)
    throw ArgumentError("num_return_sequences: expected 1 here, found " +
                        std::to_string(*request.config.num_return_sequences));
  const std::lock_guard lock(parts_->mutex);
  const std::size_t waiting = parts_->published.waiting + parts_->submitted.size();
  if (parts_->options.most_waiting > 0 && waiting >= parts_->options.most_waiting)
    throw ArgumentError("batch: expected fewer than " + std::to_string(parts_->options.most_waiting) +
                        " waiting requests, found " + std::to_string(waiting));
  parts_->submitted.push_back(std::make_unique<Parts::Task>(parts_->next_number, std::move(request)));
  return parts_->next_number++;
}

HEADFORMER_INLINE bool BatchScheduler::step() {
  Parts& parts = *parts_;
  std::vector<std::unique_ptr<Parts::Task>> fresh;
  {
    const std::lock_guard lock(parts.mutex);
    fresh.swap(parts.submitted);
  }
  for (auto& task : fresh) {
    task->waiting_since = parts.counts.passes;
    parts.waiting.push_back(std::move(task));
  }
  parts.end_what_is_over(parts.waiting);
  parts.end_what_is_over(parts.running);
  parts.make_room();
  parts.admit();
  if (!parts.running.empty()) parts.pass();
  parts.counts.waiting = parts.waiting.size();
  parts.counts.running = parts.running.size();
  parts.counts.kept = parts.kept.size();
  parts.counts.cache_bytes = parts.cache_bytes();
  const std::lock_guard lock(parts.mutex);
  parts.published = parts.counts;
  return !parts.running.empty() || !parts.waiting.empty() || !parts.submitted.empty();
}

HEADFORMER_INLINE void BatchScheduler::run(const Cancellation& cancellation) {
  while (!cancellation.cancelled() && step()) continue;
}

HEADFORMER_INLINE void BatchScheduler::clear_cache() {
  Parts& parts = *parts_;
  parts.kept.clear();
  parts.counts.kept = 0;
  parts.counts.cache_bytes = parts.cache_bytes();
  const std::lock_guard lock(parts.mutex);
  parts.published = parts.counts;
}

HEADFORMER_INLINE BatchStatistics BatchScheduler::statistics() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->published;
}

}  // namespace headformer
