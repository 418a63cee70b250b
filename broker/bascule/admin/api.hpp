// Api: broker management over HTTP on the admin port. A thin front end of broker::Operations: guard (who may talk at all),
// login, access rules, then one operation and its document.
//
// Who comes in: the token of broker.admin_token_file (may do everything), or a user of broker.users by HTTP Basic (may do
// what the access rules grant as `manage`, for $management and each address named, as over AMQP). With neither file: nobody.
// Thread safety: the broker's loop only. Lifetime: the broker outlives it, and it outlives the AdminServer.
#pragma once

#include <map>

#include "bascule/admin/body.hpp"
#include "bascule/admin/guard.hpp"
#include "bascule/admin/routes.hpp"
#include "bascule/broker/broker.hpp"
#include "bascule/telemetry/metrics.hpp"

namespace bascule::admin {

/// Who asks.
struct Caller {
  std::string name;
  std::shared_ptr<const broker::Grants> grants = nullptr;  ///< null: everything
  bool may(std::string_view address) const noexcept {
    return !grants || grants->allow(broker::Operation::manage, address);
  }
};

class Api final : public AdminApi {
 public:
  explicit Api(broker::Broker& broker);
  void register_metrics(telemetry::Registry& registry) const;

  bool has(std::string_view target) const override;
  void admit(std::shared_ptr<const AdminHead> head, Decide decide) override;
  AdminResponse refusal(int status, const std::string& why) override;

 private:
  using Known = UniqueFunction<void(std::variant<Caller, AdminResponse>)>;
  struct Request {
    Route route;
    Caller caller;
    std::string peer;
  };

  void identify(const AdminHead& head, Known known);
  void log_in(const AdminHead& head, Basic basic, Known known);
  AdminResponse unauthenticated(std::string why) const;
  AdminResponse throttled();
  std::optional<AdminResponse> forbidden(const Request& request, std::string_view address);
  std::variant<AdminResponse, Serve> decide_on(const std::shared_ptr<const AdminHead>& head, Caller caller);
  void serve(const std::shared_ptr<Request>& request, const std::string& body, Answer answer);

  void list(const Request& request, Answer& answer);
  void show(const Request& request, Answer& answer);
  void declare(const Request& request, Body& body, Answer& answer);
  void remove(const Request& request, Answer& answer);
  void peek(const Request& request, Answer& answer);
  void purge(const Request& request, Answer& answer);
  void cancel(const Request& request, Body& body, Answer& answer);
  void start_job(const Request& request, Body& body, Answer& answer);
  void jobs(const Request& request, Answer& answer);
  void job(const Request& request, Answer& answer);

  broker::Broker& broker_;
  broker::Operations& operations_;
  std::map<std::string, std::uint64_t> requests_;  // by status
  std::map<std::string, std::uint64_t> refused_;   // by reason
};

}  // namespace bascule::admin
