// SPDX-License-Identifier: Apache-2.0
#include "http/json_fields.h"

#include <string>
#include <utility>

namespace avatar {
namespace {

using Json = nlohmann::ordered_json;

// The library's own reader builds everything first: a million names take it hours (an ordered object is searched from
// end to end), nested brackets eighty times their size. False ends the reading.
class Fields final : public Json::json_sax_t {
 public:
  bool null() override { return keep(nullptr); }
  bool boolean(bool value) override { return keep(value); }
  bool number_integer(number_integer_t value) override { return keep(value); }
  bool number_unsigned(number_unsigned_t value) override { return keep(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return keep(value); }
  bool string(string_t& value) override { return keep(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(size_t /*size*/) override { return descend(); }
  bool key(string_t& name) override {
    if (depth_ == 1) name_ = std::move(name);
    return true;
  }
  bool end_object() override { return ascend(); }
  bool start_array(size_t /*size*/) override { return depth_ > 0 ? descend() : wrong("send a JSON object"); }
  bool end_array() override { return ascend(); }
  bool parse_error(size_t /*at*/, const std::string& /*token*/, const Json::exception& /*what*/) override {
    return wrong("this is no JSON");
  }

  Json object = Json::object();
  const char* why = "this is no JSON";

 private:
  bool keep(Json value) {
    if (depth_ == 0) return wrong("send a JSON object, as {\"name\":value}");
    if (depth_ > 1) return true;
    if (object.size() == kMostFields && !object.contains(name_)) return wrong("the JSON has too many fields");
    object[name_] = std::move(value);
    return true;
  }
  bool descend() { return ++depth_ <= kMostDepth || wrong("the JSON is nested too deep"); }
  bool ascend() {
    --depth_;
    return true;
  }
  bool wrong(const char* words) {
    why = words;
    return false;
  }

  std::string name_;
  int depth_ = 0;
};

}  // namespace

Result<Json> json_fields(std::string_view text) {
  Fields fields;
  if (!Json::sax_parse(text, &fields)) return Error{ErrorKind::invalid, fields.why};
  return std::move(fields.object);
}

}  // namespace avatar
