// bascule-gateway: the HTTP edge as a daemon.
#include "bascule/daemon/daemon.hpp"
#include "bascule/gateway/gateway.hpp"

namespace {

using namespace bascule;

void serve(Daemon& daemon) {
  std::string listen;
  daemon.option("--http", listen, "HOST:PORT to listen on, instead of gateway.listen; port 0: the kernel chooses");
  daemon.parse();
  auto settings = gateway::Settings::read(daemon.config());
  daemon.config().finish();
  if (!listen.empty()) {
    const auto endpoint = config::parse_endpoint(listen);
    if (!endpoint) throw Error(Errc::invalid_argument, "--http " + listen + ": expected HOST:PORT");
    settings.listen = *endpoint;
  }
  gateway::Gateway edge(daemon.loop(), settings, daemon.metrics());
  daemon.drain_timeout(settings.drain_time);
  daemon.on_stop([&edge](Daemon::Done done) { edge.drain([finished = std::move(done)] { finished(); }); });
  edge.when_ready([&daemon, &edge] { daemon.ready({{"http", edge.url()}}); });
  edge.start();
  daemon.run();
}

}  // namespace

int main(int argc, char** argv) {
  return bascule::Daemon::main("bascule-gateway", "The HTTP edge: serves contracts as HTTP/JSON", argc, argv, serve);
}
