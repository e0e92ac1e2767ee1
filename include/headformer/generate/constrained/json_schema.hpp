#pragma once

#include <string>
#include <string_view>

#include "headformer/core/compiled.hpp"
#include "headformer/generate/constrained/grammar.hpp"

namespace headformer {

/// The grammar of the JSON texts that a JSON Schema (2020-12, and draft 7's spellings) allows: each text that it
/// matches is valid. It does not match each valid text: members come in the schema's order, those that no keyword names
/// only where additionalProperties is given, blanks are few, and numbers have at most 15 digits before the point.
///
/// Keywords: type (also lists), enum, const, properties, required, additionalProperties, patternProperties (one),
/// propertyNames, minProperties, maxProperties, items, prefixItems, additionalItems, minItems, maxItems, minLength,
/// maxLength, pattern, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, anyOf, oneOf (of
/// branches that exclude each other), allOf (of what can be merged), $ref within the schema, recursive ones too. What
/// only describes ($defs, title, default, ...) is passed over.
///
/// Throws FormatError for what is no JSON, ArgumentError that names `about` and the place (a JSON pointer) for a
/// keyword or a combination that is not supported, a value that the keyword cannot have, a $ref that leads nowhere, and
/// a schema that no text satisfies.
Grammar grammar_of_json_schema(std::string_view schema, const std::string& about = "schema");

}  // namespace headformer

#ifndef HEADFORMER_COMPILED_LIBRARY
#include "headformer/generate/constrained/json_schema-inl.hpp"
#endif
