#include <gtest/gtest.h>

#include "functional_cpp/pg/cluster.hpp"

namespace {

/// Removes the cluster before statics are destroyed, also after a failed case.
class Teardown final : public testing::Environment {
 public:
  void SetUp() override { bascule::test::cluster(); }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(new Teardown);
  return RUN_ALL_TESTS();
}
