#include "bascule/config/suggest.hpp"

#include <algorithm>
#include <vector>

namespace bascule::config {
namespace {

// Levenshtein distance: keys are short, so the plain quadratic table is enough.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string suggestion(std::string_view word, const std::set<std::string, std::less<>>& known) {
  if (known.empty()) return {};
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  std::string all;
  for (const std::string& candidate : known) {
    all += (all.empty() ? "" : ", ") + candidate;
    const std::size_t d = distance(word.substr(0, 64), candidate);
    if (d < best_distance) best = &candidate, best_distance = d;
  }
  return best != nullptr ? " (did you mean '" + *best + "'?)" : " (known: " + all + ")";
}

}  // namespace bascule::config
