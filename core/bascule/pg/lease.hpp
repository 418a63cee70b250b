// Lease: the right to use a pooled connection, returned when it goes out of scope. Internal to pg.
#pragma once

#include <memory>
#include <utility>

#include "bascule/pg/connection.hpp"
#include "bascule/pg/pool_state.hpp"

namespace bascule::pg {

class PoolCore;

class Lease {
 public:
  Lease(std::shared_ptr<PoolCore> core, std::size_t slot, PoolState::Use use, std::shared_ptr<Connection> connection)
      : core_(std::move(core)), slot_(slot), use_(use), connection_(std::move(connection)) {}
  ~Lease() { give_back(); }
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept {
    give_back();
    core_ = std::move(other.core_);
    slot_ = other.slot_;
    use_ = other.use_;
    settled_ = other.settled_;
    connection_ = std::move(other.connection_);
    return *this;
  }

  Connection& connection() const noexcept { return *connection_; }
  /// Nothing of this user's is in flight: a shared connection needs no clean-up.
  void settled() noexcept { settled_ = true; }
  /// Returns the connection now. The pool cleans it first, if need be.
  void give_back() noexcept;

 private:
  std::shared_ptr<PoolCore> core_;
  std::size_t slot_;
  PoolState::Use use_;
  bool settled_ = false;
  std::shared_ptr<Connection> connection_;
};

}  // namespace bascule::pg
