// Measures transactions of a business row and its event, on one loop; and the relay that takes the events out
// again. Usage: bench_outbox CONNINFO MODE SECONDS CONCURRENCY
//   prepare  migrates and makes the table
//   commit   CONCURRENCY coroutines, each: insert the row, add the event, commit; in one round trip
//   relay    empties the outbox into a sink that takes everything
// Prints one line of JSON: {"per_second", "p50_us", "p99_us", "cpu_us"}.
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "bascule/events/outbox_relay.hpp"
#include "bascule/pg/migrate.hpp"
#include "bascule/pg/pool.hpp"

namespace {

using namespace bascule;
using namespace std::chrono_literals;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

struct Figures {
  Clock::time_point since = Clock::now();
  double cpu_since = cpu_seconds();
  std::vector<double> latencies_us{};
  std::size_t count = 0;

  void print() {
    const double seconds = std::chrono::duration<double>(Clock::now() - since).count();
    std::sort(latencies_us.begin(), latencies_us.end());
    const auto at = [&](double share) {
      return latencies_us.empty()
                 ? 0.0
                 : latencies_us[static_cast<std::size_t>(share * static_cast<double>(latencies_us.size() - 1))];
    };
    std::printf("{\"per_second\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"cpu_us\": %.2f}\n",
                static_cast<double>(count) / seconds, at(0.5), at(0.99),
                (cpu_seconds() - cpu_since) * 1e6 / static_cast<double>(std::max<std::size_t>(count, 1)));
  }
};

/// Runs until every coroutine has ended; the first failure ends the program.
void run_all(Loop& loop, std::vector<asio::awaitable<void>> work) {
  auto left = work.size();
  for (auto& one : work) {
    asio::co_spawn(loop.context(), std::move(one), [&](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
      if (--left == 0) loop.stop();
    });
  }
  loop.run();
}

asio::awaitable<void> prepare(Loop& loop, std::string conninfo) {
  const pg::ConnectionOptions options{.conninfo = conninfo};
  co_await pg::migrate(loop, conninfo, {}, Deadline::after(30s));
  const auto db = std::make_shared<pg::Connection>(loop, options);
  co_await db->connect(Deadline::after(10s));
  co_await db->script(Deadline::after(10s),
                      "create table bench_order (id bigint generated always as identity primary key,"
                      " customer bigint not null, total bigint not null, note text not null)");
}

asio::awaitable<void> committer(pg::Pool& pool, Clock::time_point until, std::int64_t number, Figures& figures) {
  const std::string body(300, 'x');
  for (std::int64_t i = 0; Clock::now() < until; ++i) {
    const auto began = Clock::now();
    auto tx = co_await pool.begin(Deadline::after(5s));
    tx.queue("insert into bench_order (customer, total, note) values ($1, $2, $3)", number, i, "a note of some length");
    events::outbox_add(
        tx,
        {.topic = "events.shop.OrderPlaced", .type = "shop.OrderPlaced", .key = std::to_string(number), .body = body});
    co_await tx.commit();
    figures.latencies_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
    figures.count += 1;
  }
}

struct TakesEverything final : events::EventSink {
  std::size_t taken = 0;
  asio::awaitable<void> publish(const events::OutboxRow&, Deadline) override {
    ++taken;
    co_return;
  }
};

asio::awaitable<void> drain(Loop& loop, std::string conninfo, Figures& figures) {
  const auto db = std::make_shared<pg::Connection>(loop, pg::ConnectionOptions{.conninfo = conninfo});
  co_await db->connect(Deadline::after(10s));
  TakesEverything sink;
  events::OutboxRelayOptions options;
  options.connection.conninfo = conninfo;
  events::OutboxRelay relay(loop, options, sink);
  figures = Figures();
  relay.start();
  asio::steady_timer pause(loop.context());
  do {
    pause.expires_after(5ms);
    co_await pause.async_wait(asio::use_awaitable);
  } while ((co_await db->exec(Deadline::after(10s), "select exists (select from bascule_outbox)")).one<bool>());
  figures.count = sink.taken;
  co_await relay.stop(Deadline::after(10s));
}

int measure(const std::string& conninfo, const std::string& mode, int seconds, int concurrency) {
  Loop loop;
  std::vector<asio::awaitable<void>> work;
  if (mode == "prepare") {
    work.push_back(prepare(loop, conninfo));
    run_all(loop, std::move(work));
    return 0;
  }
  Figures figures;
  if (mode == "relay") {
    work.push_back(drain(loop, conninfo, figures));
    run_all(loop, std::move(work));
    figures.print();
    return 0;
  }
  pg::PoolOptions options;
  options.connection.conninfo = conninfo;
  options.limits.min = options.limits.max = static_cast<std::size_t>(concurrency);
  pg::Pool pool(loop, options);
  for (int i = 0; i < concurrency; ++i)
    work.push_back(committer(pool, Clock::now() + std::chrono::seconds(seconds), i, figures));
  run_all(loop, std::move(work));
  figures.print();
  pool.close();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s CONNINFO prepare|commit|relay SECONDS CONCURRENCY\n", argv[0]);
    return 2;
  }
  try {
    return measure(argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_outbox: %s\n", error.what());
    return 1;
  }
}
