// The peer's server, callback API.   bench-grpc-callback-server   [unix:PATH]   (prints its port)
#include <grpcpp/grpcpp.h>

#include <iostream>

#include "order.grpc.pb.h"

class Echo final : public bench::Echo::CallbackService {
  grpc::ServerUnaryReactor* Place(grpc::CallbackServerContext* context, const bench::Order* request,
                                  bench::Order* answer) override {
    *answer = *request;
    answer->set_status(bench::CONFIRMED);
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int main(int argc, char** argv) {
  Echo service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(argc > 1 ? argv[1] : "127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  std::cout << port << std::endl;
  server->Wait();
}
