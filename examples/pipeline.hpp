#pragma once

#include <unistd.h>

#include <functional>
#include <headformer/core/outcome.hpp>
#include <headformer/pipelines/options.hpp>
#include <headformer/pipelines/scores.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "program.hpp"
#include "program/json_lines.hpp"

// What the programs over pipelines share: their options, and JSON lines in and out.
namespace program {

/// ComputeOptions as pipelines take them.
struct ImageProgram {
  ComputeOptions compute;

  void add_to(App& app) { compute.add_to(app, "stored"); }

  headformer::PipelineOptions options() const {
    headformer::PipelineOptions options;
    options.load = compute.loading();
    options.executor = compute.executor();
    options.isa = headformer::isa_from_name(compute.isa);
    options.activations = compute.met();
    if (::isatty(STDERR_FILENO) != 0) {
      options.progress = [](const headformer::Progress& progress) {
        const bool running = progress.stage == headformer::Progress::Stage::running;
        if (progress.total <= 0) return;
        std::fprintf(stderr, "\r%s %3.0f %%%s", running ? "running" : "loading", 100 * progress.done / progress.total,
                     progress.done >= progress.total ? "\r\033[K" : "");
      };
    }
    return options;
  }
};

/// The same for texts, which may be cut.
struct PipelineProgram : ImageProgram {
  headformer::Index max_length = 0;

  void add_to(App& app) {
    ImageProgram::add_to(app);
    app.add_option("--max-length", max_length, "tokens kept of a text; 0: as many as the model allows")
        ->check(a_number())
        ->capture_default_str();
  }
  headformer::PipelineOptions options() const {
    headformer::PipelineOptions options = ImageProgram::options();
    options.max_length = max_length;
    return options;
  }
};

/// [{label, score}]
inline OrderedJson json_of(const std::vector<headformer::LabelScore>& labels) {
  OrderedJson list = OrderedJson::array();
  for (const headformer::LabelScore& label : labels) list.push_back({{"label", label.label}, {"score", label.score}});
  return list;
}

/// [{label, score}], the best first, or what stands in its place.
inline void put_labels(std::size_t index, const headformer::Outcome<std::vector<headformer::LabelScore>>& labels) {
  std::cout << (labels ? line_of(json_of(labels.value())) : failure_line(index, labels.error()));
}

/// Outcomes as JSON, each by `json_of` of its value.
template <class Value, class JsonOf>
std::vector<headformer::Outcome<OrderedJson>> lines_of(const std::vector<headformer::Outcome<Value>>& outcomes,
                                                       const JsonOf& json_of) {
  std::vector<headformer::Outcome<OrderedJson>> lines;
  for (const headformer::Outcome<Value>& outcome : outcomes) {
    lines.push_back(outcome ? headformer::Outcome<OrderedJson>(json_of(outcome.value()))
                            : headformer::Outcome<OrderedJson>::failure(outcome.error()));
  }
  return lines;
}

/// Reads stdin's JSON lines, some hundred at once, and puts out a line for each in its place: `read` makes an item of a
/// line's JSON, `answer` an outcome for each item. What is wrong with one line stops no other.
template <class Item, class Answer>
void answer_json_lines(const std::function<Item(const OrderedJson&)>& read,
                       const std::function<std::vector<headformer::Outcome<Answer>>(const std::vector<Item>&)>& answer,
                       const std::function<void(std::size_t index, const headformer::Outcome<Answer>&)>& put) {
  constexpr std::size_t at_once = 512;
  std::size_t index = 0;
  for (bool more = true; more;) {
    std::vector<Item> items;
    std::vector<std::optional<std::string>> errors;  // of each line; none where it became an item
    std::string line;
    while (errors.size() < at_once && (more = static_cast<bool>(std::getline(std::cin, line)))) {
      try {
        items.push_back(read(parse_line(line)));
        errors.emplace_back();
      } catch (const headformer::Error& error) {
        errors.emplace_back(error.what());
      } catch (const nlohmann::json::exception& error) {
        errors.emplace_back(error.what());
      }
    }
    std::vector<headformer::Outcome<Answer>> answers;
    if (!items.empty()) answers = answer(items);
    std::size_t next = 0;
    for (const std::optional<std::string>& error : errors) {
      put(index++, error ? headformer::Outcome<Answer>::failure(*error) : std::move(answers[next++]));
    }
    std::cout.flush();
  }
}

/// The same where an answer is a line of JSON.
template <class Item>
void answer_json_lines(
    const std::function<Item(const OrderedJson&)>& read,
    const std::function<std::vector<headformer::Outcome<OrderedJson>>(const std::vector<Item>&)>& answer) {
  answer_json_lines<Item, OrderedJson>(
      read, answer, [](std::size_t index, const headformer::Outcome<OrderedJson>& outcome) {
        std::cout << (outcome ? line_of(outcome.value()) : failure_line(index, outcome.error()));
      });
}

}  // namespace program
