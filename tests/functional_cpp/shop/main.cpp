#include <gtest/gtest.h>

#include "functional_cpp/pg/cluster.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  bascule::test::cluster();  // made before the shop, so that it outlives it
  return RUN_ALL_TESTS();
}
