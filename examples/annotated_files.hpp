#pragma once

#include <functional>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "annotate.hpp"
#include "image_files.hpp"
#include "pipeline.hpp"

namespace program {

/// A line of JSON for each file, and its picture where the caller wants one: `show` makes both of what `answer` found.
template <class Answer>
void show_files(
    const std::vector<std::string>& files, const PictureWriter& writer,
    const std::function<std::vector<headformer::Outcome<Answer>>(std::span<const headformer::Picture>)>& answer,
    const std::function<ShownAnswer(const Answer&, const headformer::Picture&)>& show) {
  writer.open();
  answer_files<ShownAnswer>(
      files,
      [&](std::span<const headformer::Picture> pictures) {
        std::vector<headformer::Outcome<ShownAnswer>> shown;
        const auto found = answer(pictures);
        for (std::size_t i = 0; i < found.size(); ++i) {
          shown.push_back(found[i] ? headformer::Outcome<ShownAnswer>(show(found[i].value(), pictures[i]))
                                   : headformer::Outcome<ShownAnswer>::failure(found[i].error()));
        }
        return shown;
      },
      [&](std::size_t index, const headformer::Outcome<ShownAnswer>& shown) {
        if (shown && writer) writer.write(writer.path_of(index, files[index]), shown.value().picture);
        std::cout << (shown ? line_of(shown.value().json) : failure_line(index, shown.error()));
      });
}

}  // namespace program
