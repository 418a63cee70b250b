#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <filesystem>
#include <vector>

#include "bascule/amqp/connector.hpp"
#include "bascule/amqp/url.hpp"

namespace bascule::amqp {
namespace {

using Local = asio::local::stream_protocol;

class UnixConnector : public testing::Test {
 protected:
  UnixConnector() {
    std::string pattern = std::filesystem::temp_directory_path() / "bascule-connector-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "broker.sock";
  }
  ~UnixConnector() override { std::filesystem::remove_all(folder_); }

  // What one attempt comes to.
  error_code attempt() {
    std::optional<error_code> result;
    const auto connect = connector_for(loop_, Url::parse("amqp+unix://" + path_.string()));
    connect([&](error_code error, std::unique_ptr<Stream> stream) {
      result = error;
      EXPECT_EQ(stream == nullptr, error.failed());
    });
    EXPECT_FALSE(result) << "never from inside the call";
    loop_.context().restart();
    loop_.context().run();
    return result.value();
  }

  Loop loop_;
  std::filesystem::path folder_, path_;
};

TEST_F(UnixConnector, ConnectsToAListener) {
  const Local::acceptor listener(loop_.context(), Local::endpoint(path_.string()));
  EXPECT_FALSE(attempt());
}

TEST_F(UnixConnector, NobodyThere) { EXPECT_EQ(attempt(), boost::system::errc::no_such_file_or_directory); }

// A broker that stands still does not make its clients stand still.
TEST_F(UnixConnector, DoesNotWaitForAListenerThatDoesNotAccept) {
  Local::acceptor listener(loop_.context(), Local::endpoint(path_.string()));
  listener.listen(0);
  const Local::endpoint endpoint(path_.string());
  std::vector<Local::socket> before;
  int connected = 0;
  while (connected == 0 && before.size() < 64) {
    before.emplace_back(loop_.context(), Local());
    before.back().native_non_blocking(true);
    connected = ::connect(before.back().native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  }
  ASSERT_NE(connected, 0) << "the backlog was never full";
  EXPECT_EQ(attempt(), boost::system::errc::resource_unavailable_try_again);
}

}  // namespace
}  // namespace bascule::amqp
