// AdminApi: what a daemon serves on its admin listener besides /livez, /readyz and /metrics. AdminServer reads and writes
// HTTP and keeps the bounds; this decides and answers.
//
// A request comes in two parts: its head, for which the API says who may go on, and then its body. So a stranger's body is
// never read.
// Thread safety: the loop's thread; callbacks may come later, there, once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bascule/loop/unique_function.hpp"

namespace bascule {

/// The head of a request. Fields are empty when absent; a request in which one of these is there twice is refused before.
struct AdminHead {
  std::string method = {}, target = {};
  std::string host = {}, origin = {}, fetch_site = {}, authorization = {}, content_type = {};
  std::string peer = {};  ///< "127.0.0.1:41233"
  bool loopback = false;  ///< it came over the loopback interface
  bool has_body = false;
};

struct AdminResponse {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> fields = {};
};

class AdminApi {
 public:
  virtual ~AdminApi() = default;
  using Answer = UniqueFunction<void(AdminResponse)>;
  /// Takes the body; may be called once.
  using Serve = UniqueFunction<void(std::string body, Answer answer)>;
  using Decide = UniqueFunction<void(std::variant<AdminResponse, Serve>)>;

  /// Is this target ours? "/api/...".
  virtual bool has(std::string_view target) const = 0;
  /// Says how to go on, or the response that ends it.
  virtual void admit(std::shared_ptr<const AdminHead> head, Decide decide) = 0;
  /// The response for a request that HTTP itself forbids (`status` 400, 408, 411, 413, 417, 431) or that took too long (504).
  virtual AdminResponse refusal(int status, const std::string& why) = 0;
};

}  // namespace bascule
