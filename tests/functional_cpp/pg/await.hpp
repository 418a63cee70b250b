// await: runs a coroutine to its end on a loop of the test's own; soon: the deadline of one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "bascule/loop/deadline.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::test {

/// When a step of a test must be done.
inline Deadline soon() { return Deadline::after(std::chrono::seconds(60)); }

template <class T>
T await(Loop& loop, asio::awaitable<T> work) {
  std::exception_ptr failure;
  std::optional<T> value;
  asio::co_spawn(loop.context(), std::move(work), [&](std::exception_ptr error, T result) {
    failure = error;
    if (!error) value.emplace(std::move(result));
    loop.stop();
  });
  loop.context().restart();
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(*value);
}

inline void await(Loop& loop, asio::awaitable<void> work) {
  std::exception_ptr failure;
  asio::co_spawn(loop.context(), std::move(work), [&](std::exception_ptr error) {
    failure = error;
    loop.stop();
  });
  loop.context().restart();
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace bascule::test
