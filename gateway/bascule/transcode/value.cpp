#include "bascule/transcode/value.hpp"

#include "bascule/transcode/decoder.hpp"
#include "bascule/transcode/encoder.hpp"

namespace bascule::transcode {

bool json_to_value(const TypePlan& type, std::string_view json, Workspace& workspace, std::string& out,
                   Problem& problem, const Options& options) {
  thrift::CompactWriter writer(out, options.thrift_depth);
  const std::size_t start = writer.size();
  Encoder encoder(workspace, writer, options, problem);
  if (!encoder.open(json) || !encoder.value(type, nullptr) || !encoder.close()) return false;
  return encoder.small_enough(start);
}

bool value_to_json(const TypePlan& type, std::string_view bytes, std::string& out, Problem& problem,
                   const Options& options) {
  thrift::CompactReader reader(bytes, {options.message, options.thrift_depth});
  JsonWriter writer(out);
  Decoder decoder(reader, writer, options, problem);
  return decoder.sound() && decoder.value(type) && decoder.close();
}

}  // namespace bascule::transcode
