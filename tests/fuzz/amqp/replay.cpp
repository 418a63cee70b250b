// Runs one target over the files of a corpus folder, each as it is, cut at every length, and with bytes changed by a seeded
// generator: the corpus and every past finding, in each test run.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>

#include "fuzz/amqp/target.hpp"

namespace {

void run(const std::string& input) {
  const std::unique_ptr<char[]> exact(new char[input.size()]);  // so that a sanitizer sees a read past the end
  input.copy(exact.get(), input.size());
  bascule::amqp::fuzz::one_input({exact.get(), input.size()});
}

std::string mutated(std::string input, std::mt19937& random) {
  for (auto changes = 1 + random() % 3; changes > 0 && !input.empty(); --changes) {
    const auto at = random() % input.size();
    switch (random() % 4) {
      case 0: input[at] = static_cast<char>(random()); break;
      case 1: input[at] = static_cast<char>(input[at] ^ 1 << random() % 8); break;
      case 2: input.erase(at, 1 + random() % 4); break;
      default: input.insert(at, input.substr(random() % input.size(), 1 + random() % 16)); break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t inputs = 0;
  std::mt19937 random(1);
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string input{std::istreambuf_iterator<char>(file), {}};
      std::printf("%s\n", entry.path().filename().c_str());
      std::fflush(stdout);  // the last name printed is the one that crashed
      run(input);
      for (std::size_t size = 0; size < input.size(); size += 1 + input.size() / 100) run(input.substr(0, size));
      for (int n = 0; n < 200; ++n) run(mutated(input, random));
      ++inputs;
    }
  }
  std::printf("%zu inputs\n", inputs);
  return inputs == 0;  // an empty corpus tests nothing
}
