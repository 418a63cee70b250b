#include "bascule/gateway/documents.hpp"
namespace bascule::gateway {
std::string asyncapi(const Routes&) {
  return R"({"asyncapi":"3.0.0","info":{"title":"gateway","version":"1"},"channels":{}})";
}
}  // namespace bascule::gateway
