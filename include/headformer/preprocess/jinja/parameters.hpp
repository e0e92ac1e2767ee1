#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "headformer/preprocess/jinja/interpreter.hpp"

namespace headformer::jinja {

/// The arguments of a built-in function under its parameters' names.
class Parameters {
 public:
  /// Throws Failure for too many arguments, unknown names, or fewer than `required`.
  Parameters(const Arguments& arguments, const char* function, std::initializer_list<std::string_view> names,
             std::size_t required = 0)
      : function_(function), values_(names.size(), nullptr) {
    if (arguments.positional.size() > names.size())
      throw Failure(std::string(function) + "() takes at most " + std::to_string(names.size()) + " arguments, found " +
                    std::to_string(arguments.positional.size()));
    for (std::size_t i = 0; i < arguments.positional.size(); ++i) values_[i] = &arguments.positional[i];
    for (const auto& [name, value] : arguments.named) {
      std::size_t at = 0;
      while (at < names.size() && names.begin()[at] != name) ++at;
      if (at == names.size() || values_[at] != nullptr)
        throw Failure(std::string(function) + "() got an unexpected argument " + headformer::detail::quoted(name, 60));
      values_[at] = &value;
    }
    for (std::size_t i = 0; i < required; ++i)
      if (values_[i] == nullptr)
        throw Failure(std::string(function) + "() misses the argument '" + std::string(names.begin()[i]) + "'");
  }

  /// nullptr when it is not given.
  const Value* operator[](std::size_t i) const { return values_[i]; }
  /// Given and not None.
  bool has(std::size_t i) const { return values_[i] != nullptr && !values_[i]->is_none(); }
  Value value(std::size_t i, const Value& otherwise = Value(None{})) const {
    return values_[i] == nullptr ? otherwise : *values_[i];
  }
  bool flag(std::size_t i, bool otherwise) const { return values_[i] == nullptr ? otherwise : truth(*values_[i]); }
  /// An integer; None counts as not given.
  Integer integer(std::size_t i, Integer otherwise) const {
    if (!has(i)) return otherwise;
    if (!values_[i]->is_integer()) {
      values_[i]->require_defined();
      throw Failure(std::string(function_) + "() expects an integer, found " + type_name(*values_[i]));
    }
    return values_[i]->integer();
  }
  /// Text that must be given as such.
  const std::string& text(std::size_t i) const {
    if (values_[i] == nullptr || !values_[i]->is_text()) {
      if (values_[i] != nullptr) values_[i]->require_defined();
      throw Failure(std::string(function_) + "() expects a string, found " +
                    (values_[i] == nullptr ? "nothing" : type_name(*values_[i])));
    }
    return values_[i]->bytes();
  }

 private:
  const char* function_;
  std::vector<const Value*> values_;
};

}  // namespace headformer::jinja
