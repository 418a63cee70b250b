// Runs one target over the files of a corpus folder: the corpus and every past finding, in each test run.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/transcode/target.hpp"

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string input{std::istreambuf_iterator<char>(file), {}};
      std::printf("%s\n", entry.path().filename().c_str());
      std::fflush(stdout);                                          // the last name printed is the one that crashed
      const std::unique_ptr<char[]> exact(new char[input.size()]);  // so that a sanitizer sees a read past the end
      input.copy(exact.get(), input.size());
      bascule::transcode::fuzz::one_input({exact.get(), input.size()});
      ++files;
    }
  }
  std::printf("%zu inputs\n", files);
  return files == 0;  // an empty corpus tests nothing
}
