// Registry: which services there are, which contract each serves, and whether any instance of it is up.
//
// What: pure; the time is passed in. Instances hold leases of three announcement intervals. A contract is
// asked for once per digest; the newest digest that a live instance serves is the service's contract, so that
// a rolling deployment swaps it once, and a rollback swaps it back. A service whose instances are all gone
// stays, as down: its routes are known and answer 503. Bounds: max_services, and max_instances and
// max_digests of each; what comes past them is counted in refused(). Thread safety: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bascule/contracts/announcement.hpp"
#include "bascule/loop/deadline.hpp"
#include "bascule/thrift/descriptor.hpp"

namespace bascule::contracts {

using DescriptorPtr = std::shared_ptr<const thrift::Descriptor>;

/// A service as the gateway's routes see it.
struct ServiceState {
  std::string name, address;
  DescriptorPtr contract;   ///< null until one was learnt
  bool up = false;          ///< an instance that serves this contract holds a lease
  std::uint64_t order = 0;  ///< lower: known for longer
};

class Registry {
 public:
  static constexpr std::size_t max_services = 1000, max_instances = 1000, max_digests = 16;

  void announced(const Announcement& announcement, Clock::time_point now);
  /// Ends the leases that have run out.
  void tick(Clock::time_point now);

  struct Wanted {
    std::string service, address, digest;
  };
  /// The contracts to ask for now: `describe` on the address. Each must be answered by described() or
  /// undescribed().
  std::vector<Wanted> take_wanted();
  /// A descriptor came. It may be another than the one asked for: during a rolling deployment any instance
  /// answers.
  void described(const std::string& service, const std::string& asked_digest, DescriptorPtr contract);
  /// None came. `retry`: the next announcement asks again; otherwise the digest is refused for good.
  void undescribed(const std::string& service, const std::string& digest, bool retry);

  /// Whether services() has changed since the last call.
  bool take_changed() noexcept { return std::exchange(changed_, false); }
  std::vector<ServiceState> services() const;
  std::uint64_t refused() const noexcept { return refused_; }

 private:
  enum class Known {
    unasked,   ///< an instance announced it; take_wanted() gives it out
    asked,     ///< describe is on its way
    learnt,    ///< the descriptor is here
    unusable,  ///< it is no descriptor of this service; not asked for again
  };
  struct Digest {
    Known known = Known::unasked;
    DescriptorPtr contract;
    std::uint64_t order = 0;
  };
  struct Instance {
    std::string digest;
    Clock::time_point lease;
  };
  struct Service {
    std::string address;
    std::uint64_t order = 0;
    std::map<std::string, Instance> instances;
    std::map<std::string, Digest> digests;
    std::string active;  ///< the digest of the contract in use; empty: none yet
    bool up = false;
  };

  void choose(Service& service);
  bool live(const Service& service, const std::string& digest) const;
  bool make_room(Service& service);

  std::map<std::string, Service> services_;
  std::uint64_t next_order_ = 0, refused_ = 0;
  bool changed_ = false;
};

}  // namespace bascule::contracts
