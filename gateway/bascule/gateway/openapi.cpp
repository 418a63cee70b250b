#include "bascule/gateway/documents.hpp"
namespace bascule::gateway {
std::string openapi(const Routes&) {
  return R"({"openapi":"3.1.0","info":{"title":"gateway","version":"1"},"paths":{}})";
}
}  // namespace bascule::gateway
