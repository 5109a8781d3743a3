// SPDX-License-Identifier: Apache-2.0
#include "tests/architecture/includes.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <utility>

#include "tests/architecture/rules.hpp"

namespace spikeloop::architecture {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLicenceLine = "// SPDX-License-Identifier: Apache-2.0";

bool is_source(const fs::path& path) {
  static const std::set<std::string> kExtensions = {".cpp", ".hpp", ".cc", ".h", ".c", ".inc"};
  return kExtensions.contains(path.extension().string());
}

bool is_skipped(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(".") || name == "build" || name == "runs";
}

SourceFile read_source(const fs::path& root, const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return {fs::relative(path, root).generic_string(), includes_of(text), text.starts_with(kLicenceLine)};
}

std::string place(const SourceFile& file, const Include& include) {
  return file.path + ":" + std::to_string(include.line) + " includes " + include.path;
}

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().generic_string(); }

/// Calls visit(file, include) for every include.
template <typename Visit>
void for_each_include(const std::vector<SourceFile>& files, Visit visit) {
  for (const SourceFile& file : files)
    for (const Include& include : file.includes) visit(file, include);
}

/// Blanks out the comments, so that line numbers stay. Knows strings, so that "//" inside one is no comment.
std::string without_comments(std::string_view text) {
  enum class In { kCode, kString, kLineComment, kBlockComment } in = In::kCode;
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\n') {
      if (in != In::kBlockComment) in = In::kCode;  // a string does not go past its line
    } else if (in == In::kCode && c == '"') {
      in = In::kString;
    } else if (in == In::kString) {
      if (c == '\\') ++i;
      if (c == '"') in = In::kCode;
    } else if (in == In::kCode && c == '/' && (next == '/' || next == '*')) {
      in = next == '/' ? In::kLineComment : In::kBlockComment;
      out[i] = ' ';
      out[++i] = ' ';
    } else if (in == In::kBlockComment && c == '*' && next == '/') {
      in = In::kCode;
      out[i] = ' ';
      out[++i] = ' ';
    } else if (in != In::kCode) {
      out[i] = ' ';
    }
  }
  return out;
}

/// Depth-first search; `path` holds the nodes on the way to the present one.
void search_cycles(const Graph& graph, const std::string& node, std::vector<std::string>& path, std::set<std::string>& done,
                   std::vector<std::string>& found) {
  if (done.contains(node)) return;
  if (const auto begin = std::find(path.begin(), path.end(), node); begin != path.end()) {
    std::string text;
    for (auto it = begin; it != path.end(); ++it) text += *it + " -> ";
    found.push_back(text + node);
    return;
  }
  path.push_back(node);
  if (const auto edges = graph.find(node); edges != graph.end())
    for (const std::string& next : edges->second) search_cycles(graph, next, path, done, found);
  path.pop_back();
  done.insert(node);
}

}  // namespace

std::vector<SourceFile> read_tree(const fs::path& root) {
  std::vector<SourceFile> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    if (it->is_directory() && is_skipped(it->path())) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file() && is_source(it->path())) {
      files.push_back(read_source(root, it->path()));
    }
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<Include> includes_of(std::string_view text) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  std::vector<Include> includes;
  const std::string code = without_comments(text);
  int line = 1;
  for (std::size_t begin = 0; begin < code.size(); ++line) {
    const std::size_t end = std::min(code.find('\n', begin), code.size());
    // The comments are gone from the code, but the path between quotes is read from the text itself.
    const std::string code_line = code.substr(begin, end - begin);
    if (code_line.find('#') != std::string::npos) {
      const std::string text_line(text.substr(begin, end - begin));
      std::smatch match;
      if (std::regex_search(text_line, match, kInclude)) includes.push_back({match[1].str(), line});
    }
    begin = end + 1;
  }
  return includes;
}

std::string module_of(std::string_view path) {
  if (path.starts_with("spikeloop/v1/")) return "proto";  // how generated code includes generated code
  std::string best;
  for (const auto& [name, rule] : modules())
    if (path.starts_with(name + "/") && name.size() > best.size()) best = name;
  return best;
}

std::string library_of(std::string_view path) {
  for (const auto& [prefix, library] : libraries())
    if (path.starts_with(prefix)) return std::string(library);
  const bool bare = path.find('/') == std::string_view::npos && path.find('.') == std::string_view::npos;
  return bare ? "std" : std::string(path);
}

std::vector<std::string> wrong_arrows(const std::vector<SourceFile>& files) {
  std::vector<std::string> found;
  for (const SourceFile& file : files)
    if (module_of(file.path).empty()) found.push_back(file.path + " lies in a folder that the architecture does not know");
  for_each_include(files, [&](const SourceFile& file, const Include& include) {
    const std::string from = module_of(file.path);
    const std::string to = module_of(include.path);
    if (from.empty() || to.empty() || from == to || modules().at(from).may_use.contains(to)) return;
    found.push_back(place(file, include) + ": no arrow from " + from + " to " + to);
  });
  return found;
}

std::vector<std::string> wrong_libraries(const std::vector<SourceFile>& files) {
  std::vector<std::string> found;
  for_each_include(files, [&](const SourceFile& file, const Include& include) {
    const std::string from = module_of(file.path);
    if (from.empty() || !module_of(include.path).empty() || include.path == kGeneratedHeader) return;
    const std::string library = library_of(include.path);
    const ModuleRule& rule = modules().at(from);
    if (library == "std" || rule.libraries.contains(library) || (rule.libraries.contains("*") && !kept_libraries().contains(library)))
      return;
    found.push_back(place(file, include) + ": " + from + " may not use " + library);
  });
  return found;
}

std::vector<std::string> includes_not_from_the_root(const std::vector<SourceFile>& files) {
  std::set<std::string> paths;
  for (const SourceFile& file : files) paths.insert(file.path);
  std::vector<std::string> found;
  for_each_include(files, [&](const SourceFile& file, const Include& include) {
    const std::string beside = (fs::path(folder_of(file.path)) / include.path).lexically_normal().generic_string();
    if (!paths.contains(include.path) && paths.contains(beside)) found.push_back(place(file, include) + ": write \"" + beside + "\"");
  });
  return found;
}

std::vector<std::string> missing_licence_lines(const std::vector<SourceFile>& files) {
  std::vector<std::string> found;
  for (const SourceFile& file : files)
    if (!file.has_licence_line) found.push_back(file.path + ":1 is not \"" + std::string(kLicenceLine) + "\"");
  return found;
}

std::vector<std::string> file_cycles(const std::vector<SourceFile>& files) {
  Graph graph;
  for_each_include(files, [&](const SourceFile& file, const Include& include) { graph[file.path].insert(include.path); });
  return cycles(graph);
}

std::vector<std::string> folder_cycles(const std::vector<SourceFile>& files) {
  Graph graph;
  for_each_include(files, [&](const SourceFile& file, const Include& include) {
    const std::string from = folder_of(file.path);
    const std::string to = folder_of(include.path);
    if (from != to && !module_of(include.path).empty()) graph[from].insert(to);
  });
  return cycles(graph);
}

std::vector<std::string> cycles(const Graph& graph) {
  std::vector<std::string> path;
  std::set<std::string> done;
  std::vector<std::string> found;
  for (const auto& [node, edges] : graph) search_cycles(graph, node, path, done, found);
  return found;
}

}  // namespace spikeloop::architecture
