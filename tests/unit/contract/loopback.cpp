#include "unit/contract/loopback.hpp"

#include <stdexcept>

namespace bascule::rpc {

// In place of the library's client, which the linker then leaves out: a call is the service's dispatch().
struct Client::State {};
Client::Client(amqp::Client&, ClientOptions) {}
Client::~Client() = default;

asio::awaitable<Reply> Client::call(OutgoingCall call) {
  auto& loop = test::loopback();
  loop.last = call;
  if (loop.answer_instead) co_return *loop.answer_instead;
  Reply reply;
  try {
    const auto answer = test::dispatch(*loop.service, call.method, call.encoding, call.body);
    reply.body = answer.message;
  } catch (const Error& wrong) {
    reply.error = wrong.code();
    reply.message = wrong.what();
  } catch (const std::exception& wrong) {
    reply.error = Errc::internal;
    reply.message = wrong.what();
  }
  co_return reply;
}

}  // namespace bascule::rpc

namespace bascule::test {

asio::awaitable<pg::Transaction*> PlainContext::transaction() { throw Error(Errc::unavailable, "no database"); }
pg::Pool& PlainContext::database() { throw Error(Errc::unavailable, "no database"); }
rpc::Client& PlainContext::client() { return test::client(); }
asio::awaitable<void> PlainContext::emit(service::EncodedEvent) { throw Error(Errc::unavailable, "no database"); }

Loopback& loopback() {
  static Loopback state;
  return state;
}

rpc::Client& client() {
  static char no_connection = 0;  // never looked at
  static rpc::Client made(reinterpret_cast<amqp::Client&>(no_connection));
  return made;
}

std::size_t method_number(const service::Service& service, std::string_view name) {
  const auto methods = service.info().methods;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (methods[i].name == name) return i;
  }
  throw std::out_of_range("no method " + std::string(name));
}

service::Answer dispatch(service::Service& service, std::string_view method, rpc::Encoding encoding,
                         std::string_view message) {
  PlainContext context;
  return run(service.dispatch(context, method_number(service, method), encoding, message));
}

}  // namespace bascule::test
