// Any bytes as the config.json of a folder, and as its generation_config.json: must be read, or refused with an error
// of the library's.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "headformer/formats/json.hpp"
#include "headformer/generate/generation_config.hpp"
#include "headformer/preprocess/image/image_processor.hpp"
#include "read_config.hpp"

namespace {

using namespace headformer;

Bytes in_memory(std::string_view text, const char* name) {
  return Bytes({reinterpret_cast<const std::byte*>(text.data()), text.size()}, nullptr, name);
}

/// Each of these either reads or throws ConfigError.
void read_object(const JsonObject& object) {
  const auto attempt = [](auto&& read) {
    try {
      static_cast<void>(read());
    } catch (const ConfigError&) {
    }
  };
  for (const std::string& key : object.keys()) {
    attempt([&] { return object.integer(key, -100, 100); });
    attempt([&] { return object.number(key, 0); });
    attempt([&] { return object.positive(key); });
    attempt([&] { return object.boolean(key); });
    attempt([&] { return object.string(key); });
    attempt([&] { return object.integers(key, 0); });
    attempt([&] { return object.numbers(key); });
    attempt([&] { return object.strings(key); });
    attempt([&] { return object.booleans(key); });
    attempt([&] {
      for (const JsonObject& element : object.objects(key)) read_object(element);
      return 0;
    });
    attempt([&] {
      read_object(object.object(key));
      return 0;
    });
  }
}

template <class Read>
void attempt(Read read) {
  try {
    read();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file({reinterpret_cast<const std::byte*>(data), size}, nullptr, "config.json");
  attempt([&] {
    const Json json = parse_json(file);
    read_object(JsonObject(json, file.name()));
    attempt([&] { static_cast<void>(GenerationConfig::from_caller(JsonObject(json, file.name()))); });
    attempt([&] { static_cast<void>(GenerationConfig::from_checkpoint(JsonObject(json, file.name()))); });
    attempt([&] { static_cast<void>(ImageProcessor(JsonObject(json, file.name()))); });
    const auto files = [&](const std::string& name) {
      using namespace std::string_view_literals;
      if (name == "config.json") return file;
      return name == "model.safetensors" ? in_memory("\2\0\0\0\0\0\0\0{}"sv, "model.safetensors") : Bytes();
    };
    const Checkpoint checkpoint = Checkpoint::from_reader(files, "fuzz");
    read_config(checkpoint);
  });
  return 0;
}
