// The peer's server, completion queue, one thread.   bench-grpc-queue-server   [unix:PATH]   (prints its port)
#include <grpcpp/grpcpp.h>

#include <iostream>

#include "order.grpc.pb.h"

namespace {

struct Call {
  Call(bench::Echo::AsyncService& s, grpc::ServerCompletionQueue& q) : service(s), queue(q), responder(&context) {
    service.RequestPlace(&context, &request, &responder, &queue, &queue, this);
  }
  void advance() {
    if (finishing) {
      delete this;
      return;
    }
    new Call(service, queue);
    answer = request;
    answer.set_status(bench::CONFIRMED);
    finishing = true;
    responder.Finish(answer, grpc::Status::OK, this);
  }
  bench::Echo::AsyncService& service;
  grpc::ServerCompletionQueue& queue;
  grpc::ServerContext context;
  bench::Order request, answer;
  grpc::ServerAsyncResponseWriter<bench::Order> responder;
  bool finishing = false;
};

}  // namespace

int main(int argc, char** argv) {
  bench::Echo::AsyncService service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(argc > 1 ? argv[1] : "127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  std::cout << port << std::endl;
  for (int i = 0; i < 512; ++i) new Call(service, *queue);
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
    if (ok) static_cast<Call*>(tag)->advance();
  }
}
